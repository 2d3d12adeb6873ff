/**
 * Which rate of writes can be kept up? The offered rate goes up in steps. A step holds if what is outstanding stays
 * where it is while the step lasts, and 95 % of the writes are visible within two seconds; the last step that held is
 * the answer. An unlimited queue always "takes" more than it can deliver: only the backlog tells. A step that does not
 * hold gets a second chance, because the machine may just have done something else.
 */
import { type LagSession, now } from './lag.ts'
import { summarizeLag } from './lag-summary.ts'

const rateSteps: readonly number[] = [25, 50, 75, 100, 150, 200, 300, 400, 600, 800, 1200]

export interface RateStep {
  readonly offeredPerSecond: number
  /** Begun. Clearly less than offered: the harness itself did not keep up. */
  readonly writtenPerSecond: number
  readonly holds: boolean
  /** Mean number of (write, other site) pairs that were not visible, in the second and in the last quarter. */
  readonly outstandingBefore: number
  readonly outstandingAfter: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly missing: number
}

export interface RateResult {
  /** 0: not even the first step held. */
  readonly highestPerSecond: number
  readonly steps: readonly RateStep[]
}

export interface RateOptions {
  readonly secondsPerStep: number
  readonly seed: number
  readonly steps?: readonly number[]
  readonly onStep: (step: RateStep) => void
}

const lagMaxMs = 2000
const settleMs = 20_000

export async function measureRate(session: LagSession, options: RateOptions): Promise<RateResult> {
  const steps: RateStep[] = []
  for (const offeredPerSecond of options.steps ?? rateSteps) {
    const step = await measureStep(session, offeredPerSecond, options)
    steps.push(step)
    options.onStep(step)
    if (step.holds) continue
    const again = await measureStep(session, offeredPerSecond, options)
    steps.push(again)
    options.onStep(again)
    if (!again.holds) break
  }
  return { highestPerSecond: steps.findLast(({ holds }) => holds)?.offeredPerSecond ?? 0, steps }
}

async function measureStep(
  session: LagSession,
  offeredPerSecond: number,
  { secondsPerStep, seed }: RateOptions,
): Promise<RateStep> {
  const { ledger } = session
  const sinceMs = now()
  const writtenBefore = ledger.writes - ledger.failed
  const load = { writesPerSecond: offeredPerSecond, seconds: secondsPerStep, seed: seed + offeredPerSecond }
  const outstanding = await sampledWhile(session.offer(load), () => ledger.outstanding)
  const tookSeconds = (now() - sinceMs) / 1000
  await session.settle(settleMs)

  const quarter = Math.floor(outstanding.length / 4)
  const outstandingBefore = mean(outstanding.slice(quarter, 2 * quarter))
  const outstandingAfter = mean(outstanding.slice(-quarter))
  const { afterAcknowledged, missing } = summarizeLag(ledger.samples(sinceMs))
  const routesPerWrite = session.target.sites.length - 1
  const grows = isBacklogGrowing({
    outstandingBefore,
    outstandingAfter,
    owedPerSecond: offeredPerSecond * routesPerWrite,
  })
  const writtenPerSecond = (ledger.writes - ledger.failed - writtenBefore) / tookSeconds
  return {
    offeredPerSecond,
    writtenPerSecond,
    holds: !grows && missing === 0 && afterAcknowledged.p95 <= lagMaxMs,
    outstandingBefore,
    outstandingAfter,
    p50Ms: afterAcknowledged.p50,
    p95Ms: afterAcknowledged.p95,
    missing,
  }
}

export interface Backlog {
  readonly outstandingBefore: number
  readonly outstandingAfter: number
  /** Deliveries that become due per second. */
  readonly owedPerSecond: number
}

/**
 * By a quarter and by more than a tenth of a second's deliveries: below that it is the ups and downs of random
 * arrivals.
 */
export function isBacklogGrowing({ outstandingBefore, outstandingAfter, owedPerSecond }: Backlog): boolean {
  const growth = outstandingAfter - outstandingBefore
  return growth > outstandingBefore * 0.25 && growth > owedPerSecond * 0.1
}

/** Every 50 ms for as long as the work takes. Rejects as the work does, and samples no longer then either. */
async function sampledWhile(work: Promise<void>, read: () => number): Promise<readonly number[]> {
  const values: number[] = []
  const sampling = setInterval(() => values.push(read()), 50)
  try {
    await work
    return values
  } finally {
    clearInterval(sampling)
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
}
