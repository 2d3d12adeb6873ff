/** `tributary get TYPE KEY`: one record at every site, side by side. */
import type { Command } from 'commander'
import { z } from 'zod'
import { canonicalText } from '../../../shared/document/canonical.ts'
import type { Json } from '../../../shared/document/json.ts'
import { keyFromText } from '../../../shared/replicate/record-ref.ts'
import { type Clouds, CommandFailed, requireType } from '../clouds.ts'
import { addCloudsOptions, type CloudsOptions, withClouds } from '../clouds-options.ts'
import { printJson } from '../output.ts'
import { feedTable, provenanceOf, valueTable } from '../provenance.ts'

export const recordAnswer = z.object({
  document: z.json().nullable(),
  vector: z.record(z.string(), z.number()),
  /** Cells with values that wait for somebody to choose. */
  open: z.array(z.object({ path: z.array(z.string()) })).default([]),
  /** Whose writes the values are. */
  origins: z
    .array(z.object({ path: z.array(z.string()), site: z.string(), counter: z.number(), hlc: z.number() }))
    .default([]),
})

interface GetOptions extends CloudsOptions {
  readonly provenance: boolean
  readonly json: boolean
}

export type RecordAtSite = z.output<typeof recordAnswer>

export async function recordAtSites(
  clouds: Clouds,
  type: string,
  key: readonly string[],
): Promise<Readonly<Record<string, RecordAtSite>>> {
  const plan = requireType(clouds, type)
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
  const command = program
    .command('get')
    .description('one record at every site, side by side, with its version vector')
    .argument('<type>', 'the data type')
    .argument('<key>', 'the key; the parts of a composite key are separated by |')
  addCloudsOptions(command)
    .option('--provenance', 'where each value comes from: site, time, age', false)
    .option('--json', 'print the record as JSON', false)
    .addHelpText(
      'after',
      "\nOf a type with feeds it says for each of them where it comes from and how old it is.\n\nExamples:\n  npx tributary get carts alice\n  npx tributary get carts alice --provenance\n  npx tributary get inventory 'sku-1|berlin' --json",
    )
    .action(async (type: string, key: string, options: GetOptions) => {
      const { json, provenance } = options
      const { records, merge } = await withClouds(options, async clouds => ({
        records: await recordAtSites(clouds, type, keyFromText(key)),
        merge: requireType(clouds, type).merge,
      }))
      const nowMs = Date.now()
      const told = Object.fromEntries(
        Object.entries(records).map(([site, record]) => [site, { ...record, ...provenanceOf(merge, record, nowMs) }]),
      )
      if (json) return printJson({ type, key, equal: sitesAgree(records), sites: told })
      for (const [site, { document, vector, values, feeds }] of Object.entries(told)) {
        console.log(`${site}  ${JSON.stringify(vector)}`)
        console.log(document === null ? '  (none)' : indent(JSON.stringify(document, null, 2)))
        if (feeds) console.log(indent(feedTable(feeds)))
        if (provenance) console.log(indent(valueTable(values)))
      }
      console.log(sitesAgree(records) ? 'equal at all sites' : 'the sites differ')
    })
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ')
}
