/** `benchFlows`, repeated: the first runs of the code are slow and not counted, of the others the median is quoted. */
import { benchFlows } from './flows.ts'

export interface FlowsMeasurement {
  /** Median of the runs. A change here is captured, published, forwarded to two peers and ingested by both. */
  readonly changesPerSecond: number
  readonly runs: readonly number[]
  readonly bytesPerChange: number
  readonly linesPerCart: number
  /** The same by CPU time: what one core does that has nothing else to do. */
  readonly changesPerCpuSecond: number
}

const linesPerCart = 5
/** Of 100 changes. */
const roundsPerRun = 10
const runsMin = 5

export async function measureFlows(seconds: number, signal: AbortSignal): Promise<FlowsMeasurement> {
  await benchFlows(roundsPerRun, linesPerCart)
  await benchFlows(roundsPerRun, linesPerCart)
  const runs: number[] = []
  let changesPerRun = 0
  let bytesPerChange = 0
  const startedMs = performance.now()
  const usedBefore = process.cpuUsage()
  while (runs.length < runsMin || performance.now() - startedMs < seconds * 1000) {
    signal.throwIfAborted()
    const run = await benchFlows(roundsPerRun, linesPerCart)
    runs.push(run.changesPerSecond)
    changesPerRun = run.changes
    bytesPerChange = run.bytesPerChange
  }
  const used = process.cpuUsage(usedBefore)
  return {
    changesPerSecond: median(runs),
    runs,
    bytesPerChange,
    linesPerCart,
    changesPerCpuSecond: (runs.length * changesPerRun * 1e6) / (used.user + used.system),
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const low = sorted[Math.ceil(middle) - 1] ?? Number.NaN
  const high = sorted[Math.floor(middle)] ?? Number.NaN
  return (low + high) / 2
}
