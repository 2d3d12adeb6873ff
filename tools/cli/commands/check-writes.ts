/** `tributary check-writes [TYPE]`: a linter for applications: which fields do they write over without having read them? */
import { type Command, Option } from 'commander'
import { isWriteBack } from '../../../shared/replicate/audit-entry.ts'
import { keyText } from '../../../shared/replicate/record-ref.ts'
import { type BlindWrite, type Finding, findBlindWrites } from '../../check-writes/blind-writes.ts'
import { type Clouds, requireSite, requireType } from '../clouds.ts'
import { addCloudsOptions, type CloudsOptions, withClouds } from '../clouds-options.ts'
import { durationMs } from '../duration-option.ts'
import { printJson } from '../output.ts'
import { readAudit } from '../read-audit.ts'

interface CheckOptions extends CloudsOptions {
  readonly site?: string
  readonly since: number
  readonly likely: boolean
  readonly json: boolean
}

const explanation = `
An application that reads a document, waits, and writes the whole of it back undoes what other sites wrote meanwhile: its
stale fields look like fresh edits. For ten minutes after a merge every site remembers what the merge displaced, and a
write that sets just that back is noted in the audit. Such a write may be meant, so a finding is

  likely    if the same write changed other fields, too, or if it happened twice
  possible  otherwise; for counters always, unless a plain field was set back beside them

A write that is noted counts like every other. See docs/check-writes.md.
The exit code is 1 if there are findings.

Examples:
  npx tributary check-writes
  npx tributary check-writes carts --site azure-eastus --since 10m
  npx tributary check-writes --likely --json`

export function addCheckWritesCommand(program: Command): void {
  const command = program
    .command('check-writes')
    .description('the fields that applications write over blindly, and how to write them instead')
    .argument('[type]', 'of this data type only')
  addCloudsOptions(command)
    .option('--site <site>', 'of applications at this site only')
    .addOption(
      new Option('--since <time>', 'how far back: 30s, 10m, 24h, 7d')
        .argParser(durationMs)
        .default(durationMs('24h'), '24h'),
    )
    .option('--likely', 'only what is likely', false)
    .option('--json', 'print the findings as JSON', false)
    .addHelpText('after', explanation)
    .action(async (type: string | undefined, options: CheckOptions) => {
      const { site, since, likely, json } = options
      const sinceMs = Date.now() - since
      const findings = await withClouds(options, clouds => checkWrites(clouds, { type, site, sinceMs }))
      const shown = likely ? findings.filter(({ verdict }) => verdict === 'likely') : findings
      if (json) printJson(shown)
      else console.log(shown.length === 0 ? 'no write set back what a merge had brought' : report(shown))
      if (shown.length > 0) process.exitCode = 1
    })
}

export interface CheckedWrites {
  readonly type?: string | undefined
  readonly site?: string | undefined
  readonly sinceMs: number
}

/** Throws `CommandFailed` for a type that the plan does not have. */
export async function checkWrites(clouds: Clouds, { type, site, sinceMs }: CheckedWrites) {
  const { plan } = clouds
  if (type !== undefined) requireType(clouds, type)
  if (site !== undefined) requireSite(clouds, site)
  const entries = await readAudit(clouds, {
    ...{ rule: 'stale-write-back', fromMs: sinceMs },
    ...(type !== undefined && { type }),
    ...(site !== undefined && { sites: [site] }),
  })
  return findBlindWrites(plan, entries.filter(isWriteBack))
}

function report(findings: readonly Finding[]): string {
  const groups = Map.groupBy(findings, ({ site, type }) => `${site}: ${type}`)
  return [...groups].map(([head, rows]) => [head, ...rows.map(describe)].join('\n')).join('\n\n')
}

function describe({ field, verdict, writes, records, examples, remedy }: Finding): string {
  const counts = `${plural(writes, 'write')} of ${plural(records, 'record')}`
  return [
    `  ${field || '(the document)'}  ${verdict}: ${counts}`,
    ...examples.map(example => `    ${describeExample(example)}`),
    `    ${remedy.kind}: ${remedy.advice}`,
    remedy.code.replaceAll(/^/gm, '      '),
  ].join('\n')
}

function describeExample({ key, at, undone, written, by, alsoChanged }: BlindWrite): string {
  const beside = alsoChanged > 0 ? `, beside ${plural(alsoChanged, 'other change')}` : ''
  return `${at} ${keyText(key)}: ${undone ?? 'absent'} of ${by} became ${written ?? 'absent'}${beside}`
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
