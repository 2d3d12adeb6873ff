/** `tributary adopt TYPE`: what the tables held before becomes part of what is replicated, under the application's writes. */
import { type Command, InvalidArgumentError } from 'commander'
import { systemClock } from '../../../functions/common/system-clock.ts'
import type { TypePlan } from '../../../shared/declare/sync-plan.ts'
import { adopt } from '../../../shared/replicate/adopt.ts'
import type { AdoptCounts, AdoptOutcome, RefusedRecord } from '../../../shared/replicate/adopt-report.ts'
import { keyText } from '../../../shared/replicate/record-ref.ts'
import { adoptingSiteBehind } from '../../stores/adopting-protocol.ts'
import { AdoptProgressLine } from '../adopt-progress-line.ts'
import { type Clouds, CommandFailed, requireType } from '../clouds.ts'
import { addCloudsOptions, type CloudsOptions, withClouds } from '../clouds-options.ts'
import { listenForInterruption } from '../interruption.ts'
import { duration, printJson } from '../output.ts'
import { requireClock } from '../require-clock.ts'

interface AdoptCommandOptions extends CloudsOptions {
  readonly baseline?: string
  readonly settle?: number
  readonly json: boolean
}

export type AdoptResult = AdoptOutcome & AdoptCounts & { readonly seconds: number }

const explanation = `
For a type that is declared with adopt: true: its tables held documents before Tributary was there. Until they are
adopted nothing of the type is captured or travels; applications write as ever, and what they write is kept count of.

Documents that are equal at several sites become one. Where they differ, --baseline says whose counts; without it fields and
elements are united, of counters the greater counts, of plain values the one whose text is greater. Every site's document
goes whole into the audit. A document that some site has not got is created there. What applications write meanwhile is
counted once, on top.

--settle is how long an event of a table may take until a function has seen it: longer is safer and slower. 5 s on the local
clouds, 30 s in accounts and with --timing cloud, unless you say otherwise.

It may be interrupted at any moment, by force too: run it again, with the same --baseline, and it goes on. Exit codes: 0
adopted, 1 not (what stands in the way is printed), 130 interrupted by Ctrl-C, 143 by SIGTERM.

Examples:
  npx tributary adopt carts
  npx tributary adopt carts --baseline aws-us-east-1
  npx tributary adopt carts --accounts --settle 60 --json`

export function addAdoptCommand(program: Command): void {
  const command = program
    .command('adopt')
    .description('take over what the tables of a data type held before')
    .argument('<type>', 'a data type that is declared with adopt: true')
  addCloudsOptions(command)
    .option('--baseline <site>', 'whose document counts where they differ')
    .option('--settle <seconds>', 'how long an event of a table may be under way', parseSeconds)
    .option('--json', 'print the summary as JSON', false)
    .addHelpText('after', explanation)
    .action(async (type: string, options: AdoptCommandOptions) => {
      const interruption = listenForInterruption()
      const { outcome } = await withClouds(options, clouds => runAdoption(clouds, type, options, interruption.signal))
      process.exitCode = outcome === 'adopted' ? 0 : outcome === 'interrupted' ? interruption.exitCode : 1
    })
}

/** How long an event may be under way: of batch data on Azure 15 s, where triggers wait as the cloud's do. */
function settleSecondsAt({ place, state }: Clouds): number {
  return place === 'local' && state?.timing !== 'cloud' ? 5 : 30
}

/** Refused records that the JSON summary holds; the standard error has them all. */
const refusedMax = 1000

async function runAdoption(
  clouds: Clouds,
  name: string,
  { baseline, settle = settleSecondsAt(clouds), json }: AdoptCommandOptions,
  signal: AbortSignal,
): Promise<AdoptResult> {
  const type = requireExisting(clouds, name)
  if (baseline !== undefined && !type.sites.includes(baseline)) {
    throw new CommandFailed(`'${name}' is not kept at ${baseline}; its sites: ${type.sites.join(', ')}`)
  }
  for (const site of type.sites) await requireClock(clouds, site)
  const progress = new AdoptProgressLine(process.stderr)
  const refused: RefusedRecord[] = []
  const result = await adopt({
    type,
    sites: type.sites.map(site => adoptingSiteBehind(site, request => clouds.ask(site, { ask: 'adopting', request }))),
    clock: systemClock,
    settleMs: settle * 1000,
    ...(baseline === undefined ? {} : { baseline }),
    onProgress: counts => progress.show(counts),
    onRefused: record => {
      if (refused.length < refusedMax) refused.push(record)
      progress.clear()
      process.stderr.write(`${record.site}: ${record.reason}\n`)
    },
    signal,
  })
  progress.clear()
  const summary = { type: name, ...result, seconds: progress.seconds() }
  if (json) {
    printJson({ ...summary, refusedRecords: refused.map(({ ref, ...why }) => ({ key: keyText(ref.key), ...why })) })
  } else console.log(summaryText(name, summary))
  return summary
}

function requireExisting(clouds: Clouds, name: string): TypePlan {
  const type = requireType(clouds, name)
  if (!type.adopt) {
    throw new CommandFailed(
      `'${name}' is not declared with adopt: true, so its documents were captured when they were written; for tables that ` +
        `held documents before, declare data.${name}.adopt: true before its functions run for the first time`,
    )
  }
  return type
}

function summaryText(name: string, result: AdoptResult): string {
  const { seen, equal, different, missing, known, refused, captured, seconds } = result
  const parts = [
    `${equal} equal at all sites`,
    ...(different > 0 ? [`${different} differed and were settled (npx tributary audit --type ${name})`] : []),
    ...(missing > 0 ? [`${missing} were created where they were missing`] : []),
    ...(known > 0 ? [`${known} were replicated before`] : []),
    ...(refused > 0 ? [`${refused} refused`] : []),
  ]
  const took = `${duration(seconds * 1000)}, ${Math.round(seen / Math.max(seconds, 0.001))}/s`
  switch (result.outcome) {
    case 'adopted':
      if (result.already) return `${name} is adopted already`
      return `${name} is adopted: ${seen} records, ${parts.join(', ')}; ${captured} had been written meanwhile: ${took}`
    case 'interrupted':
      return `interrupted after ${seen} records, ${parts.join(', ')}: ${took}\nto go on, run the same again`
    case 'blocked':
      return `not adopted: of ${seen} records ${refused} cannot be at every site; mend or remove them and run the same again`
  }
}

function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (Number.isFinite(seconds) && seconds > 0 && seconds <= 3600) return seconds
  throw new InvalidArgumentError('seconds, more than 0 and at most 3600')
}
