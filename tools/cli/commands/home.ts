/** `tributary home TYPE --to SITE`: who decides, for types that need decisions (reservations, payments, orders). */
import type { Command } from 'commander'
import { z } from 'zod'
import { type Clouds, CommandFailed, requireSite, requireType } from '../clouds.ts'
import { addCloudsOptions, type CloudsOptions, withClouds } from '../clouds-options.ts'
import { columns, printJson } from '../output.ts'
import { requireClock } from '../require-clock.ts'

const homesByType = z.record(z.string(), z.object({ homes: z.array(z.string()), turn: z.int() }))
const taken = z.object({ seen: z.int(), claimed: z.int() })

interface HomeOptions extends CloudsOptions {
  readonly to: string
  readonly from?: string
  readonly json: boolean
}

export function addHomeCommand(program: Command): void {
  const command = program
    .command('home')
    .description('move the decisions of a data type to another site, such as when the one that decides is cut off')
    .argument('<type>', 'a data type that needs decisions, declared with fixed: majority')
  addCloudsOptions(command)
    .requiredOption('--to <site>', 'the site that is to decide from now on')
    .option('--from <site>', 'take over from this site only (default: from every other one)')
    .option('--json', 'print what was done as JSON', false)
    .addHelpText(
      'after',
      '\nA record moves once a majority of the sites has promised to follow; nothing that was shown before changes. What the old\nhome has not decided is decided by the new one, also if the old one is away.\n\nExamples:\n  npx tributary home reservations --to gcp-us-central1\n  npx tributary home reservations --to gcp-us-central1 --from aws-us-east-1 --json',
    )
    .action(async (type: string, options: HomeOptions) => {
      const { to, from, json } = options
      const { homes, result } = await withClouds(options, async clouds => {
        const others = homesToTake(clouds, type, to, from)
        await requireClock(clouds, to)
        const turn = await nextTurn(clouds, type)
        const answer = await clouds.ask(to, { ask: 'take-homes', type, homes: [...others], turn })
        return { homes: others, result: taken.parse(answer) }
      })
      if (json) return printJson({ type, to, homes, ...result })
      console.log(
        columns(
          ['type', 'to', 'from', 'records', 'claimed'],
          [[type, to, homes.join(', '), String(result.seen), String(result.claimed)]],
        ),
      )
    })
}

function homesToTake(clouds: Clouds, type: string, to: string, from: string | undefined) {
  const known = requireType(clouds, type)
  if (!('decide' in known.merge)) throw new CommandFailed(`'${type}' merges by joins alone: it has no home`)
  if (known.merge.decide.by === 'escrow') {
    throw new CommandFailed(`'${type}' is decided by every site within its share (escrow): it has no home`)
  }
  if (known.merge.decide.fixed === 'home') {
    throw new CommandFailed(`'${type}' is declared with fixed: 'home', so that its home cannot move`)
  }
  for (const site of [to, from]) {
    if (site !== undefined) requireSite(clouds, site)
    if (site !== undefined && !known.sites.includes(site)) throw new CommandFailed(`'${type}' may not be at ${site}`)
  }
  return known.sites.filter(site => site !== to && site === (from ?? site))
}

/** Later than every word that was given before. A site that cannot be asked now may know a later one; then say it again. */
export async function nextTurn(clouds: Clouds, type: string): Promise<number> {
  const { sites } = requireType(clouds, type)
  const asked = await Promise.allSettled(
    sites.map(async id => homesByType.parse(await clouds.ask(id, { ask: 'homes' }))[type]?.turn ?? 0),
  )
  const silent = sites.filter((_, index) => asked[index]?.status === 'rejected')
  if (silent.length > 0) {
    console.error(`${silent.join(', ')} could not be asked: if nothing moves, run it again when they can`)
  }
  return Math.max(0, ...asked.flatMap(turn => (turn.status === 'fulfilled' ? [turn.value] : []))) + 1
}
