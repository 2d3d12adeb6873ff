/** `tributary load TYPE FILE --site SITE`: the records of a file into one site's own table, as an application would. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { TypePlan } from '../../../shared/declare/sync-plan.ts'
import { parseCellTypes } from '../../load/cell-types.ts'
import { parseKeySources } from '../../load/key-sources.ts'
import {
  type ExistingDocuments,
  existingChoices,
  type LoadFailure,
  type LoadResult,
  loadRecords,
} from '../../load/load-records.ts'
import { type FileFormat, fileFormats, formatOf, openRecords } from '../../load/open-records.ts'
import { ProgressLine } from '../../load/progress-line.ts'
import { openText } from '../../load/read-text.ts'
import { type Clouds, CommandFailed, requireSite, requireType } from '../clouds.ts'
import { addCloudsOptions, type CloudsOptions, withClouds } from '../clouds-options.ts'
import { listenForInterruption } from '../interruption.ts'
import { duration, printJson } from '../output.ts'

interface LoadCommandOptions extends CloudsOptions {
  readonly site: string
  readonly format?: FileFormat
  readonly key: readonly string[]
  readonly types: readonly string[]
  readonly ifExists: ExistingDocuments
  readonly concurrency: number
  readonly json: boolean
}

const explanation = `
FILE is JSON (an array of objects, or one object of objects by key; at most 256 MB), NDJSON (one object a line, any
size), CSV (any size; the first line names the fields) or - for the standard input. The ending tells, or --format.

It writes with the cloud's own client, as an application would, into the local clouds, or into an account (--accounts): DynamoDB's PutItem and
BatchWriteItem, Firestore's BulkWriter, Cosmos DB's bulk operations. Capture then finds the documents like any others.

Values are never bent. The cells of CSV are strings as they stand (007 stays 007) unless --types says otherwise for
their column: number, boolean (true, false) or json; an empty cell of such a column leaves the field out. A number with
more digits than a double holds, a key that is missing, no string or there twice, a line that does not fit: each is
reported with its place (file:line, or file[index]) on the standard error, and the rest is loaded. Then the exit code is 1.

Documents that exist are left alone and reported, unless --if-exists says skip or overwrite. Ctrl-C and SIGTERM stop after what
was read and say how far that was; to go on, run the same again with --if-exists skip.

Examples:
  npx tributary load products products.ndjson --site aws-us-east-1
  npx tributary load products airports.csv --site gcp-us-central1 --key product_id=iata --types latitude=number,longitude=number
  npx tributary load products movies.json --site azure-eastus --key 'product_id=movie-{#}' --json
  jq -c '.features[]' earthquakes.json | npx tributary load products - --format ndjson --site aws-us-east-1 --key product_id=id`

export function addLoadCommand(program: Command): void {
  const command = program
    .command('load')
    .description("write the records of a file into one site's own table")
    .argument('<type>', 'the data type')
    .argument('<file>', 'JSON, NDJSON or CSV; - is the standard input')
  addCloudsOptions(command)
    .requiredOption('--site <site>', 'the site whose table is written')
    .addOption(new Option('--format <format>', 'what the file is, where its ending does not tell').choices(fileFormats))
    .option(
      '--key <field=column>',
      'where a key field comes from: a column, or a text with {column} and {#}',
      collect,
      [],
    )
    .option('--types <column=type,...>', 'CSV: what the cells of a column are', collect, [])
    .addOption(
      new Option('--if-exists <what>', 'what to do about documents that are there already')
        .choices(existingChoices)
        .default('fail'),
    )
    .option('--concurrency <n>', 'batches under way at a time', parseCount, 4)
    .option('--json', 'print the summary as JSON', false)
    .addHelpText('after', explanation)
    .action(async (type: string, file: string, options: LoadCommandOptions) => {
      const interruption = listenForInterruption()
      const { failed, interrupted, brokenOff } = await withClouds(options, clouds =>
        load(clouds, type, file, options, interruption.signal),
      )
      if (brokenOff !== undefined) throw new CommandFailed(brokenOff)
      process.exitCode = interrupted ? interruption.exitCode : failed > 0 ? 1 : 0
    })
}

/** Failures that the JSON summary holds; the standard error has them all. */
const failuresMax = 1000

async function load(
  clouds: Clouds,
  typeName: string,
  file: string,
  options: LoadCommandOptions,
  signal: AbortSignal,
): Promise<LoadResult> {
  const type = requireTypeAt(clouds, typeName, options.site)
  const format = options.format ?? formatOf(file)
  const keySources = parseKeySources(options.key, type.key)
  const cellTypes = parseCellTypes(options.types)

  const source = await openText(file, signal)
  const records = openRecords(source, format, cellTypes)
  const progress = new ProgressLine({ ...source, out: process.stderr })
  const failures: LoadFailure[] = []
  const writer = await clouds.openWriter(options.site, type)
  try {
    const result = await loadRecords({
      type,
      records,
      keySources,
      existing: options.ifExists,
      writer,
      concurrency: options.concurrency,
      onFailure: failure => {
        if (failures.length < failuresMax) failures.push(failure)
        progress.clear()
        process.stderr.write(`${failureLine(failure)}\n`)
      },
      onProgress: counts => progress.show(counts),
      signal,
    })
    progress.clear()
    const { seconds, perSecond } = progress.rate(result)
    const summary = { type: typeName, site: options.site, file, ...result, seconds, perSecond }
    if (options.json) printJson({ ...summary, failures })
    else if (result.read > 0 || result.brokenOff === undefined) console.log(summaryText(summary))
    return result
  } finally {
    await writer.close()
  }
}

function requireTypeAt(clouds: Clouds, name: string, site: string): TypePlan {
  requireSite(clouds, site)
  const type = requireType(clouds, name)
  if (!type.sites.includes(site))
    throw new CommandFailed(`'${name}' is not kept at ${site}; its sites: ${type.sites.join(', ')}`)
  return type
}

function failureLine({ place, key, reason }: LoadFailure): string {
  return key === undefined ? `${place}: ${reason}` : `${place}: ${key}: ${reason}`
}

interface Summary extends LoadResult {
  readonly type: string
  readonly site: string
  readonly seconds: number
  readonly perSecond: number
}

function summaryText({ type, site, seconds, perSecond, ...result }: Summary): string {
  const { read, written, skipped, failed, upTo, interrupted, brokenOff } = result
  const counts = [`${written} of ${read} written to ${type} at ${site}`]
  if (skipped > 0) counts.push(`${skipped} were there already`)
  if (failed > 0) counts.push(`${failed} failed`)
  const lines = [`${counts.join(', ')}: ${duration(seconds * 1000)}, ${Math.round(perSecond)}/s`]
  if (interrupted || brokenOff !== undefined) {
    lines.push(`stopped after ${upTo ?? 'nothing'}: everything up to there was written or is reported`)
    lines.push('to go on, run the same again with --if-exists skip')
  }
  return lines.join('\n')
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}

function parseCount(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count >= 1 && count <= 64) return count
  throw new InvalidArgumentError('a whole number from 1 to 64')
}
