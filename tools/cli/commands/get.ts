/** `tributary get TYPE KEY`: one record at every site, side by side. */
import type { Command } from 'commander'
import { z } from 'zod'
import { typeOf } from '../../../shared/declare/sync-plan.ts'
import { canonicalText } from '../../../shared/document/canonical.ts'
import type { Json } from '../../../shared/document/json.ts'
import { keyFromText } from '../../../shared/replicate/record-ref.ts'
import { printJson } from '../output.ts'
import { CommandFailed, type RunningClouds, runningClouds } from '../running-clouds.ts'

const recordAnswer = z.object({
  document: z.json().nullable(),
  vector: z.record(z.string(), z.number()),
  /** Cells with values that wait for somebody to choose. */
  open: z.array(z.object({ path: z.array(z.string()) })).default([]),
})

export type RecordAtSite = z.output<typeof recordAnswer>

export async function recordAtSites(
  clouds: RunningClouds,
  type: string,
  key: readonly string[],
): Promise<Readonly<Record<string, RecordAtSite>>> {
  const plan = typeOf(clouds.plan, type)
  if (!plan)
    throw new CommandFailed(`no data type '${type}'; the plan has ${clouds.plan.types.map(t => t.name).join(', ')}`)
  if (key.length !== plan.key.length) {
    throw new CommandFailed(`a key of '${type}' is ${plan.key.join('|')}: found ${key.length} part(s)`)
  }
  const answers = plan.sites.map(
    async site => [site, recordAnswer.parse(await clouds.ask(site, { ask: 'record', type, key: [...key] }))] as const,
  )
  return Object.fromEntries(await Promise.all(answers))
}

export function sitesAgree(records: Readonly<Record<string, RecordAtSite>>): boolean {
  return new Set(Object.values(records).map(({ document }) => canonicalText(document as Json))).size <= 1
}

export function addGetCommand(program: Command): void {
  program
    .command('get')
    .description('one record at every site, side by side, with its version vector')
    .argument('<type>', 'the data type')
    .argument('<key>', 'the key; the parts of a composite key are separated by |')
    .option('--json', 'print the record as JSON', false)
    .addHelpText(
      'after',
      "\nExamples:\n  npx tributary get carts alice\n  npx tributary get stock 'sku-1|berlin' --json",
    )
    .action(async (type: string, key: string, { json }: { json: boolean }) => {
      const records = await recordAtSites(await runningClouds(), type, keyFromText(key))
      if (json) return printJson({ type, key, equal: sitesAgree(records), sites: records })
      for (const [site, { document, vector }] of Object.entries(records)) {
        console.log(`${site}  ${JSON.stringify(vector)}`)
        console.log(document === null ? '  (none)' : indent(JSON.stringify(document, null, 2)))
      }
      console.log(sitesAgree(records) ? 'equal at all sites' : 'the sites differ')
    })
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ')
}
