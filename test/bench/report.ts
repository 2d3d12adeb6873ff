/** What a run of the benchmark found, as text: figures, and beside them how they were obtained. */
import { columns } from '../../tools/cli/output.ts'
import type { FigureTable } from './bench-row.ts'
import type { Measurement } from './compare.ts'
import type { LagSummary, Percentiles } from './lag-summary.ts'
import { type FlowsMeasurement, median } from './measure-flows.ts'

export interface BenchReport {
  readonly startedAt: string
  readonly machine: {
    readonly cpu: string
    readonly cores: number
    readonly memoryGb: number
    readonly node: string
    /** Of the minute before the run: well below the number of cores, or the figures are those of a busy machine. */
    readonly loadBefore: number
  }
  readonly method: Readonly<Record<string, string | number>>
  readonly flows: FlowsMeasurement | undefined
  readonly tables: readonly FigureTable[]
  readonly measurements: readonly Measurement[]
}

export function reportText({ startedAt, machine, method, flows, tables, measurements }: BenchReport): string {
  const { cpu, cores, memoryGb, node, loadBefore } = machine
  const parts = [
    `${startedAt}, ${cores} x ${cpu}, ${memoryGb} GB, Node ${node}, load before ${loadBefore.toFixed(2)}`,
    Object.entries(method)
      .map(([name, value]) => `${name}: ${value}`)
      .join('; '),
  ]
  if (flows) parts.push(flowsText(flows))
  parts.push(...tables.map(tableText))
  if (measurements.some(({ lag }) => lag)) parts.push(lagText(measurements))
  if (measurements.some(({ rate }) => rate)) parts.push(rateText(measurements))
  for (const { round, name, failedWrites, firstFailure } of measurements) {
    if (failedWrites === 0) continue
    parts.push(
      `Round ${round}, ${name}: ${failedWrites} writes failed and are in no figure; the first: ${firstFailure}`,
    )
  }
  return parts.join('\n\n')
}

function flowsText({
  changesPerSecond,
  changesPerCpuSecond,
  runs,
  bytesPerChange,
  linesPerCart,
}: FlowsMeasurement): string {
  const spread = `${Math.min(...runs).toFixed(0)} to ${Math.max(...runs).toFixed(0)}`
  return [
    `Flows over memory adapters: ${changesPerSecond.toFixed(0)} changes/s (${spread} in ${runs.length} runs), ${changesPerCpuSecond.toFixed(0)} per second of CPU time,`,
    `  each captured, published, forwarded to two peers and ingested by both;`,
    `  ${bytesPerChange.toFixed(0)} bytes per change and peer (carts of ${linesPerCart} lines)`,
  ].join('\n')
}

function tableText({ title, rows, notes }: FigureTable): string {
  const heads = Object.keys(rows[0] ?? {})
  const cells = rows.map(row => heads.map(head => figure(row[head] ?? '')))
  return [title, columns(heads, cells), ...notes].join('\n')
}

/** Three digits that count. */
function figure(value: string | number): string {
  if (typeof value === 'string' || Number.isInteger(value)) return String(value)
  return Number.isNaN(value) ? '-' : value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2)
}

const ms = (value: number) => (Number.isNaN(value) ? '-' : value.toFixed(value < 10 ? 1 : 0))
const quoted = ({ p50, p95, p99, max }: Percentiles) => [p50, p95, p99, max].map(ms)

function lagText(measurements: readonly Measurement[]): string {
  const heads = ['round', 'system', 'route', 'p50', 'p95', 'p99', 'max', 'p50 from start', 'of', 'missing', 'load']
  const row = (round: string, name: string, route: string, lag: Omit<LagSummary, 'routes'>, load = '') => [
    round,
    name,
    route,
    ...quoted(lag.afterAcknowledged),
    ms(lag.afterStart.p50),
    String(lag.count),
    String(lag.missing),
    load,
  ]
  const rows = measurements.flatMap(({ round, name, lag, load }) =>
    lag
      ? [
          row(String(round), name, 'all', lag, load.toFixed(1)),
          ...lag.routes.map(route => row('', '', `${route.from} to ${route.to}`, route)),
        ]
      : [],
  )
  const ratios = (['p50', 'p95', 'p99'] as const).map(name =>
    ratioText(`lag, ${name}`, measurements, ({ lag }) => lag?.afterAcknowledged[name]),
  )
  return [
    'Lag from the acknowledged write to visible at another site, ms',
    columns(heads, rows),
    ...ratios.filter(text => text !== ''),
  ].join('\n')
}

function rateText(measurements: readonly Measurement[]): string {
  const heads = ['round', 'system', 'writes/s', 'begun/s', 'p50', 'p95', 'outstanding', 'missing', '']
  const rows = measurements.flatMap(({ round, name, rate }) =>
    (rate?.steps ?? []).map((step, index) => [
      index === 0 ? String(round) : '',
      index === 0 ? name : '',
      String(step.offeredPerSecond),
      step.writtenPerSecond.toFixed(0),
      ms(step.p50Ms),
      ms(step.p95Ms),
      `${step.outstandingBefore.toFixed(0)} to ${step.outstandingAfter.toFixed(0)}`,
      String(step.missing),
      step.holds ? 'holds' : 'does not hold',
    ]),
  )
  return [
    'Highest rate that does not grow a backlog (writes/s over all sites; lag in ms)',
    columns(heads, rows),
    ...[ratioText('rate', measurements, ({ rate }) => rate?.highestPerSecond)].filter(text => text !== ''),
  ].join('\n')
}

/** Of the first system to each other one, round by round; the median is the figure to quote. */
function ratioText(
  what: string,
  measurements: readonly Measurement[],
  figureOf: (measurement: Measurement) => number | undefined,
): string {
  const [first, ...others] = [...new Set(measurements.map(({ name }) => name))]
  const figure = (round: number, name: string | undefined) => {
    const found = measurements.find(measurement => measurement.round === round && measurement.name === name)
    return (found && figureOf(found)) ?? Number.NaN
  }
  const rounds = [...new Set(measurements.map(({ round }) => round))]
  return others
    .map(other => {
      const ratios = rounds.map(round => figure(round, first) / figure(round, other))
      return `${what}: ${first} is ${median(ratios).toFixed(2)} of ${other} (${ratios.map(ratio => ratio.toFixed(2)).join(', ')})`
    })
    .join('\n')
}
