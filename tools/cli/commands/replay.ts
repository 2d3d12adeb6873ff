/** `tributary replay`: what would have become of the audited conflicts under another declaration. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Command, Option } from 'commander'
import type { SyncPlan } from '../../../shared/declare/sync-plan.ts'
import { rulesOf } from '../../../shared/replicate/audit-place.ts'
import { createHere } from '../../../shared/replicate/here.ts'
import { keyText } from '../../../shared/replicate/record-ref.ts'
import type { Resolution } from '../../../shared/replicate/resolution.ts'
import { type Replayed, replayResolution } from '../../replay/replay-resolution.ts'
import { type Clouds, CommandFailed } from '../clouds.ts'
import { addCloudsOptions, type CloudsOptions, withClouds } from '../clouds-options.ts'
import { columns, printJson, short } from '../output.ts'
import { readResolutions } from '../read-audit.ts'
import { momentMs } from '../time-option.ts'

interface ReplayOptions extends CloudsOptions {
  readonly policy: string
  readonly type?: string
  readonly since?: number
  readonly json: boolean
}

interface Replay {
  readonly resolution: Resolution
  readonly replayed: Replayed
}

/** Of what changed, printed one by one. */
const shownMax = 20

export function addReplayCommand(program: Command): void {
  const command = program
    .command('replay')
    .description('what would have become of the audited conflicts under another declaration; changes nothing')
  addCloudsOptions(command)
    .requiredOption('--policy <file>', 'the other declaration, as sync.config.ts')
    .option('--type <type>', 'of this data type only')
    .addOption(new Option('--since <time>', 'not before: 2h, 30d, 2026-03-14T15:00:00Z').argParser(momentMs))
    .option('--json', 'print every resolution with both outcomes as JSON', false)
    .addHelpText(
      'after',
      '\nEach resolution is replayed from the two sides that were audited. Where they do not tell enough, it says so.\n(A dead letter is replayed by: npx tributary dead-letters replay.)\n\nExamples:\n  npx tributary replay --policy other.config.ts\n  npx tributary replay --policy other.config.ts --type products --since 7d --json',
    )
    .action(async (options: ReplayOptions) => {
      const replays = await withClouds(options, clouds => replayAll(clouds, options))
      if (options.json) return printJson(replays.map(jsonOf))
      if (replays.length === 0) return console.log('no resolutions to replay')
      console.log(columns(['type', 'rule', 'resolutions', 'same', 'changed', 'cannot tell'], rowsOf(replays)))
      printChanged(replays)
      printReasons(replays)
    })
}

async function replayAll(clouds: Clouds, { policy, type, since }: ReplayOptions): Promise<readonly Replay[]> {
  const other = await readPolicy(policy, clouds)
  const question = { ...(type !== undefined && { type }), ...(since !== undefined && { fromMs: since }) }
  return (await readResolutions(clouds, question)).map(resolution => {
    const { site } = resolution
    const declarations = { present: createHere(clouds.plan, site), other: createHere(other, site) }
    return { resolution, replayed: replayResolution(resolution, declarations) }
  })
}

async function readPolicy(file: string, { plan }: Clouds): Promise<SyncPlan> {
  let module: { readonly default?: SyncPlan }
  try {
    module = await import(pathToFileURL(resolve(file)).href)
  } catch (error) {
    throw new CommandFailed(`--policy ${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
  const other = module.default
  if (!other?.sites || !other.types) {
    throw new CommandFailed(
      `--policy ${file} has no declaration as its default export: export default defineSync({...})`,
    )
  }
  const missing = plan.sites.filter(({ id }) => !other.sites.some(site => site.id === id)).map(({ id }) => id)
  if (missing.length > 0) {
    throw new CommandFailed(`--policy ${file} lacks ${missing.join(', ')}: a policy is for the same sites`)
  }
  return other
}

function rowsOf(replays: readonly Replay[]): readonly (readonly string[])[] {
  const groups = Map.groupBy(replays, ({ resolution }) => `${resolution.type} ${rulesOf(resolution).join(', ')}`)
  return [...groups.values()].flatMap(row => {
    const [first] = row
    if (!first) return []
    const count = (result: Replayed['result']) =>
      String(row.filter(({ replayed }) => replayed.result === result).length)
    return [
      [
        ...[first.resolution.type, rulesOf(first.resolution).join(', '), String(row.length)],
        ...[count('same'), count('changed'), count('cannot tell')],
      ],
    ]
  })
}

function printChanged(replays: readonly Replay[]): void {
  const changed = replays.flatMap(({ resolution, replayed }) =>
    replayed.result === 'changed' ? [{ resolution, outcome: replayed.outcome }] : [],
  )
  if (changed.length === 0) return
  const rows = changed.slice(0, shownMax).map(({ resolution, outcome }) => {
    const { atMs, site, type, key } = resolution
    const was = short(resolution.outcome) || 'no document'
    return [new Date(atMs).toISOString(), site, `${type}/${keyText(key)}`, was, short(outcome) || 'no document']
  })
  console.log(`\n${columns(['time', 'at', 'record', 'was', 'would be'], rows)}`)
  if (changed.length > shownMax) console.log(`and ${changed.length - shownMax} more: --json`)
}

function printReasons(replays: readonly Replay[]): void {
  const reasons = replays.flatMap(({ replayed }) => (replayed.result === 'cannot tell' ? [replayed.reason] : []))
  if (reasons.length === 0) return
  console.log('\ncannot tell, because')
  for (const [reason, row] of Map.groupBy(reasons, text => text)) console.log(`  ${row.length}: ${reason}`)
}

function jsonOf({ resolution, replayed }: Replay) {
  const { id, site, type, key, atMs, outcome } = resolution
  return { id, site, type, key, atMs, rules: rulesOf(resolution), was: outcome ?? null, ...replayed }
}
