/** `tributary dead-letters`: what could not be processed, why and where. */
import type { Command } from 'commander'
import { z } from 'zod'
import type { DeadLetter } from '../../../shared/replicate/dead-letter.ts'
import { recordName } from '../../../shared/replicate/record-ref.ts'
import { type Clouds, CommandFailed } from '../clouds.ts'
import { addCloudsOptions, type CloudsOptions, withClouds } from '../clouds-options.ts'
import { columns, printJson } from '../output.ts'
import { requireClock } from '../require-clock.ts'

const replayed = z.object({ result: z.string() })

const letters = z.array(z.custom<DeadLetter>(value => typeof value === 'object' && value !== null && 'kind' in value))

async function readLetters(clouds: Clouds): Promise<readonly DeadLetter[]> {
  const bySite = await Promise.all(
    clouds.plan.sites.map(async ({ id }) => letters.parse(await clouds.ask(id, { ask: 'dead-letters' }))),
  )
  return bySite.flat().sort((a, b) => a.atMs - b.atMs)
}

async function replay(clouds: Clouds, id: string) {
  const letter = (await readLetters(clouds)).find(candidate => candidate.id === id)
  if (!letter) throw new CommandFailed(`no dead letter '${id}'; npx tributary dead-letters lists them`)
  await requireClock(clouds, letter.site)
  return { letter, ...replayed.parse(await clouds.ask(letter.site, { ask: 'replay', id })) }
}

interface LettersOptions extends CloudsOptions {
  readonly json: boolean
}

export function addDeadLettersCommand(program: Command): void {
  const command = program.command('dead-letters').description('changes and documents that could not be processed')
  addCloudsOptions(command)
    .option('--json', 'print whole letters as JSON', false)
    .addHelpText(
      'after',
      '\nExamples:\n  npx tributary dead-letters --json\n  npx tributary dead-letters replay 3q2-7wAAAAAAAAAAAAAAAAAAAAA',
    )
    .action(async (options: LettersOptions) => {
      const all = await withClouds(options, readLetters)
      if (options.json) return printJson(all)
      if (all.length === 0) return console.log('no dead letters')
      console.log(
        columns(
          ['time', 'site', 'id', 'what', 'reason'],
          all.map(letter => [
            new Date(letter.atMs).toISOString(),
            letter.site,
            letter.id,
            subjectOf(letter),
            letter.reason,
          ]),
        ),
      )
    })

  const replaying = command
    .command('replay')
    .description('capture a document again, or send a change again, and take its letter out of the queue')
    .argument('<id>', 'the letter')
  addCloudsOptions(replaying)
    .option('--json', 'print the result as JSON', false)
    .addHelpText('after', '\nExample:\n  npx tributary dead-letters replay 3q2-7wAAAAAAAAAAAAAAAAAAAAA')
    .action(async (id: string, _options: unknown, self: Command) => {
      // Options that both know are the parent's, wherever they stand.
      const options: LettersOptions = self.optsWithGlobals()
      const { letter, result } = await withClouds(options, clouds => replay(clouds, id))
      if (options.json) printJson({ id, site: letter.site, result })
      else console.log(`${letter.site}: ${subjectOf(letter)}: ${result}`)
    })
}

function subjectOf(letter: DeadLetter): string {
  if (letter.kind === 'document') return `document ${recordName(letter.ref)} ${letter.field}`.trimEnd()
  return letter.kind === 'change' ? `change to ${letter.peer}` : 'unreadable message'
}
