/** `npm run bench`: figures beside those of a peer. Not a test: a slow machine is no error. */
import { writeFile } from 'node:fs/promises'
import { cpus, loadavg, totalmem } from 'node:os'
import { Command, InvalidArgumentError, Option } from 'commander'
import { timingOption } from '../../tools/cli/timing-option.ts'
import type { Timing } from '../../tools/local/timing.ts'
import type { FigureTable } from './bench-row.ts'
import { benchRows } from './bench-rows.ts'
import { type Contender, compare } from './compare.ts'
import { measureFlows } from './measure-flows.ts'
import { openPouchDBMesh, openPouchDBServerMesh } from './pouchdb-target.ts'
import { type BenchReport, reportText } from './report.ts'
import { openTributary, type WrittenTier } from './tributary-target.ts'

const contenders: readonly (Contender & { readonly id: string })[] = [
  { id: 'tributary', name: 'Tributary', open: opened => openTributary({ ...opened, ...writtenWith(options) }) },
  { id: 'pouchdb-server', name: 'pouchdb-server mesh', open: openPouchDBServerMesh },
  { id: 'pouchdb', name: 'PouchDB 9 mesh', open: openPouchDBMesh },
]

const parts = ['flows', 'lag', 'rate', ...benchRows.map(({ name }) => name)]

interface BenchOptions {
  /** One of `parts`. */
  readonly only?: string
  readonly system?: string
  readonly seconds?: number
  readonly rounds: number
  readonly warmUp: number
  readonly writes: number
  readonly tier: '1' | '2'
  readonly timing: Timing
  readonly json: boolean
  readonly out?: string
}

const options = new Command('bench')
  .description(
    'How fast Tributary is on this machine, beside meshes of three PouchDB nodes over HTTP:\n' +
      'changes/s through the flows alone, lag between sites, the highest rate that does not grow a backlog. And:\n' +
      `${benchRows.map(({ name, about }) => `  ${name}: ${about}\n`).join('')}` +
      'Takes about half an hour. Uses the whole machine; what else runs on it is in the figures.',
  )
  .addOption(new Option('--only <part>', 'measure this part only').choices(parts))
  .addOption(new Option('--system <id>', 'measure this system only').choices(contenders.map(({ id }) => id)))
  .option('--seconds <n>', 'per measurement (20; 8 per step of the rate)', positive)
  .option('--rounds <n>', 'how often each system is measured, in turn', positive, 3)
  .option('--warm-up <seconds>', 'writes before each measurement that do not count', positive, 20)
  .option('--writes <per second>', 'of the lag measurement, over all sites', positive, 50)
  .addOption(new Option('--tier <n>', 'of the type that is written in Tributary').choices(['1', '2']).default('1'))
  .addOption(timingOption())
  .option('--json', 'print the result as JSON', false)
  .option('--out <file>', 'write what is printed into this file, too')
  .addHelpText(
    'after',
    '\nExamples:\n  npm run bench\n  npm run bench -- --only lag --seconds 60\n' +
      '  npm run bench -- --only lag --system tributary --rounds 1 --tier 2 --timing cloud\n  npm run bench -- --json --out bench.json',
  )
  .parse()
  .opts<BenchOptions>()

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new InvalidArgumentError('a number above 0 is needed')
  return value
}

function writtenWith({ tier, timing }: BenchOptions): { readonly tier: WrittenTier; readonly timing: Timing } {
  return { tier: tier === '1' ? 1 : 2, timing }
}

const interrupted = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => interrupted.abort())

try {
  const report = await bench(options, interrupted.signal)
  const text = options.json ? JSON.stringify(report, null, 2) : reportText(report)
  console.log(text)
  if (options.out !== undefined) await writeFile(options.out, `${text}\n`)
} catch (error) {
  if (!interrupted.signal.aborted) throw error
  console.error('interrupted; nothing is left running')
  process.exitCode = 130
}

async function bench(
  { only, system, seconds, rounds, warmUp, writes, tier, timing }: BenchOptions,
  signal: AbortSignal,
): Promise<BenchReport> {
  const onProgress = (text: string) => process.stderr.write(`${text}\n`)
  const startedAt = new Date().toISOString()
  const [cpu] = cpus()
  const machine = {
    cpu: cpu?.model.trim() ?? 'unknown CPU',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    loadBefore: loadavg()[0] ?? Number.NaN,
  }
  if (machine.loadBefore > machine.cores / 2) {
    onProgress(`this machine is busy (load ${machine.loadBefore.toFixed(1)}): so will be the figures`)
  }
  const wants = (part: string) => only === undefined || only === part
  const lagSeconds = seconds ?? 20
  const secondsPerStep = seconds ?? 8

  if (wants('flows')) onProgress('flows over memory adapters')
  const flows = wants('flows') ? await measureFlows(seconds ?? 5, signal) : undefined
  const tables: FigureTable[] = []
  for (const row of benchRows) if (wants(row.name)) tables.push(...(await row.measure({ onProgress, signal })))
  const compares = wants('lag') || wants('rate')
  const measurements = compares
    ? await compare({
        contenders: contenders.filter(({ id }) => system === undefined || id === system),
        rounds,
        warmUpSeconds: warmUp,
        lag: wants('lag') ? { writesPerSecond: writes, seconds: lagSeconds } : undefined,
        rate: wants('rate') ? { secondsPerStep } : undefined,
        onProgress,
        signal,
      })
    : []
  const method = {
    ...(wants('lag') ? { 'writes/s over all sites': writes, 'seconds per measurement': lagSeconds } : {}),
    ...(wants('rate') ? { 'seconds per step of the rate': secondsPerStep } : {}),
    ...(compares ? { rounds, 'seconds of warm-up': warmUp, tier, timing } : {}),
    clients: 'writers and watchers share the machine',
  }
  return { startedAt, machine, method, flows, tables, measurements }
}
