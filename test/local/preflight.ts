/** For tests of preflight: command lines that answer from a table, and what was found by place and check. */
import { type CloudCommand, commandThat } from '../../tools/accounts/cloud-command.ts'
import { type Told, there } from '../../tools/accounts/told.ts'
import type { SiteFinding } from '../../tools/preflight/finding.ts'

/**
 * By the beginning of a command. What is asked beside them is not there. Answers are as the clouds' documentation prints
 * them: none of these command lines reaches an account here.
 */
export function commandWith(answers: Readonly<Record<string, unknown>>): CloudCommand {
  return commandThat(async (args): Promise<Told<unknown>> => {
    const text = args.join(' ')
    const known = Object.keys(answers).find(start => text === start || text.startsWith(`${start} `))
    if (known === undefined) return { is: 'missing' }
    return there(answers[known])
  })
}

export async function findingsOf(
  findings: AsyncIterable<SiteFinding>,
): Promise<(place: string, check: string) => SiteFinding | undefined> {
  const all = await Array.fromAsync(findings)
  return (place, check) => all.find(finding => finding.place === place && finding.check === check)
}
