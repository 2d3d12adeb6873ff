/** `tributary dead-letters`: what could not be processed, why and where. */
import type { Command } from 'commander'
import { z } from 'zod'
import type { DeadLetter } from '../../../shared/replicate/dead-letter.ts'
import { recordName } from '../../../shared/replicate/record-ref.ts'
import { columns, printJson } from '../output.ts'
import { runningClouds } from '../running-clouds.ts'

const letters = z.array(z.custom<DeadLetter>(value => typeof value === 'object' && value !== null && 'kind' in value))

export function addDeadLettersCommand(program: Command): void {
  program
    .command('dead-letters')
    .description('changes and documents that could not be processed')
    .option('--json', 'print whole letters as JSON', false)
    .addHelpText('after', '\nExample:\n  npx tributary dead-letters --json')
    .action(async ({ json }: { json: boolean }) => {
      const clouds = await runningClouds()
      const bySite = await Promise.all(
        clouds.plan.sites.map(async ({ id }) => letters.parse(await clouds.ask(id, { ask: 'dead-letters' }))),
      )
      const all = bySite.flat().sort((a, b) => a.atMs - b.atMs)
      if (json) return printJson(all)
      if (all.length === 0) return console.log('no dead letters')
      console.log(
        columns(
          ['time', 'site', 'what', 'reason'],
          all.map(letter => [new Date(letter.atMs).toISOString(), letter.site, subjectOf(letter), letter.reason]),
        ),
      )
    })
}

function subjectOf(letter: DeadLetter): string {
  if (letter.kind === 'document') return `document ${recordName(letter.ref)} ${letter.field}`.trimEnd()
  return letter.kind === 'change' ? `change to ${letter.peer}` : 'unreadable message'
}
