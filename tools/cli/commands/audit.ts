/** `tributary audit`: what was resolved, where, by which rule, and what lost; and which writes set a merge back. */
import type { Command } from 'commander'
import { z } from 'zod'
import { type AuditEntry, isResolution } from '../../../shared/replicate/audit-entry.ts'
import { keyText } from '../../../shared/replicate/record-ref.ts'
import type { Resolution } from '../../../shared/replicate/resolution.ts'
import type { StaleWriteBack } from '../../../shared/replicate/write-back.ts'
import { columns, printJson } from '../output.ts'
import { type RunningClouds, runningClouds } from '../running-clouds.ts'

const entriesOfSite = z.array(
  z.custom<AuditEntry>(value => typeof value === 'object' && value !== null && 'id' in value),
)

/** Of all sites, oldest first. */
export async function readAudit(clouds: RunningClouds): Promise<readonly AuditEntry[]> {
  const bySite = await Promise.all(
    clouds.plan.sites.map(async ({ id }) => entriesOfSite.parse(await clouds.ask(id, { ask: 'audit' }))),
  )
  return bySite.flat().sort((a, b) => a.atMs - b.atMs)
}

export async function readResolutions(clouds: RunningClouds): Promise<readonly Resolution[]> {
  return (await readAudit(clouds)).filter(isResolution)
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
    .description('every resolution of concurrent writes, and every write that set a merge back, oldest first')
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

function rowsOf(entry: AuditEntry): readonly (readonly string[])[] {
  const { atMs, site, type, key, origin } = entry
  const head = [new Date(atMs).toISOString(), site, `${type}/${keyText(key)}`, origin]
  return cellRows(entry).map(row => [...head, ...row])
}

function cellRows(entry: AuditEntry): readonly Row[] {
  if (isResolution(entry)) return arbitrationRows(entry)
  return entry.kind === 'incident' ? [[entry.subject, entry.name, short(entry.data), '']] : writeBackRows(entry)
}

type Row = readonly [cell: string, rule: string, kept: string, lost: string]

function arbitrationRows({ arbitrations, outcome }: Resolution): readonly Row[] {
  if (arbitrations.length === 0) return [['', 'merged', short(outcome), '']]
  return arbitrations.map(({ path, rule, kept, lost }) => [
    path.join('.'),
    rule,
    kept ? `${short(kept.value)} (${kept.site})` : '',
    (lost ?? []).map(({ value, site: from }) => `${short(value)} (${from})`).join(', '),
  ])
}

function writeBackRows({ kind, site, setBack }: StaleWriteBack): readonly Row[] {
  return setBack.map(({ path, undone, written, by }) => [
    path.join('.'),
    kind,
    `${written ?? 'absent'} (${site})`,
    `${undone ?? 'absent'} (${by[0]})`,
  ])
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? ''
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}
