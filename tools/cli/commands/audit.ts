/** `tributary audit`: what was resolved, where, by which rule, and what lost. */
import type { Command } from 'commander'
import { z } from 'zod'
import { keyText } from '../../../shared/replicate/record-ref.ts'
import type { Resolution } from '../../../shared/replicate/resolution.ts'
import { columns, printJson } from '../output.ts'
import { type RunningClouds, runningClouds } from '../running-clouds.ts'

const resolutions = z.array(z.custom<Resolution>(value => typeof value === 'object' && value !== null && 'id' in value))

export async function readAudit(clouds: RunningClouds): Promise<readonly Resolution[]> {
  const bySite = await Promise.all(
    clouds.plan.sites.map(async ({ id }) => resolutions.parse(await clouds.ask(id, { ask: 'audit' }))),
  )
  return bySite.flat().sort((a, b) => a.atMs - b.atMs)
}

interface AuditOptions {
  readonly type?: string
  readonly site?: string
  readonly key?: string
  readonly json: boolean
}

export function addAuditCommand(program: Command): void {
  program
    .command('audit')
    .description('every resolution of concurrent writes, oldest first')
    .option('--type <type>', 'of this data type only')
    .option('--site <site>', 'made at this site only')
    .option('--key <key>', 'of this record only')
    .option('--json', 'print whole entries, losing values included, as JSON', false)
    .addHelpText('after', '\nExamples:\n  npx tributary audit --type carts\n  npx tributary audit --key alice --json')
    .action(async ({ type, site, key, json }: AuditOptions) => {
      const entries = (await readAudit(await runningClouds())).filter(
        entry =>
          (type === undefined || entry.type === type) &&
          (site === undefined || entry.site === site) &&
          (key === undefined || keyText(entry.key) === key),
      )
      if (json) return printJson(entries)
      console.log(columns(['time', 'at', 'record', 'from', 'cell', 'rule', 'kept', 'lost'], entries.flatMap(rowsOf)))
    })
}

function rowsOf({ atMs, site, type, key, origin, arbitrations, outcome }: Resolution): readonly (readonly string[])[] {
  const head = [new Date(atMs).toISOString(), site, `${type}/${keyText(key)}`, origin]
  if (arbitrations.length === 0) return [[...head, '', 'merged', short(outcome), '']]
  return arbitrations.map(({ path, rule, kept, lost }) => [
    ...head,
    path.join('.'),
    rule,
    kept ? `${short(kept.value)} (${kept.site})` : '',
    (lost ?? []).map(({ value, site: from }) => `${short(value)} (${from})`).join(', '),
  ])
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? ''
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}
