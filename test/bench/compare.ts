/**
 * Systems side by side: in every round each is brought up, measured and taken down again, the first one last in the
 * next round. Only one is up at a time, so that none pays for the other's idling, and what the machine does besides
 * meets all of them.
 */
import { loadavg } from 'node:os'
import { type LagSession, type LagTarget, measureLag, openLagSession } from './lag.ts'
import { type LagSummary, summarizeLag } from './lag-summary.ts'
import type { OpenOptions } from './open-options.ts'
import { measureRate, type RateResult } from './rate.ts'

export interface Contender {
  readonly name: string
  open(options: OpenOptions): Promise<LagTarget>
}

export interface CompareOptions extends OpenOptions {
  readonly contenders: readonly Contender[]
  readonly rounds: number
  /** Undefined: not measured. */
  readonly lag: { readonly writesPerSecond: number; readonly seconds: number } | undefined
  readonly rate: { readonly secondsPerStep: number } | undefined
  readonly warmUpSeconds: number
}

/** One system in one round. */
export interface Measurement {
  readonly round: number
  readonly name: string
  readonly lag: LagSummary | undefined
  readonly rate: RateResult | undefined
  /** Writes that the stores did not take. */
  readonly failedWrites: number
  readonly firstFailure: string | undefined
  /** Of the minute that ended with the measurement of the lag: what the system and everything else asked for. */
  readonly load: number
}

export async function compare(options: CompareOptions): Promise<readonly Measurement[]> {
  const measurements: Measurement[] = []
  for (let round = 1; round <= options.rounds; round++) {
    const order = round % 2 === 1 ? options.contenders : options.contenders.toReversed()
    for (const contender of order) {
      const say = (text: string) =>
        options.onProgress(`round ${round} of ${options.rounds}, ${contender.name}: ${text}`)
      say('starting')
      const target = await contender.open({ ...options, onProgress: say })
      try {
        const session = await openLagSession(target, options.signal)
        try {
          measurements.push({ round, name: contender.name, ...(await measure(session, round, options, say)) })
        } finally {
          await session.close()
        }
      } finally {
        say('ending')
        await target.close()
      }
    }
  }
  return measurements
}

async function measure(
  session: LagSession,
  round: number,
  { lag: lagOptions, rate: rateOptions, warmUpSeconds }: CompareOptions,
  say: (text: string) => void,
): Promise<Omit<Measurement, 'round' | 'name'>> {
  // Every system of a round is given the same arrivals.
  const seed = round * 1000
  say(`warming up for ${warmUpSeconds} s`)
  await session.offer({ writesPerSecond: lagOptions?.writesPerSecond ?? warmUpPerSecond, seconds: warmUpSeconds, seed })
  // What a cold system is behind with is not the lag of a warm one.
  await session.settle(warmUpSettleMs)
  let lag: LagSummary | undefined
  if (lagOptions) {
    say(`${lagOptions.writesPerSecond} writes/s for ${lagOptions.seconds} s`)
    lag = summarizeLag(await measureLag(session, { ...lagOptions, seed: seed + 1 }))
    say(`p50 ${lag.afterAcknowledged.p50.toFixed(1)} ms, ${lag.missing} missing`)
  }
  const [load = Number.NaN] = loadavg()
  const rate =
    rateOptions &&
    (await measureRate(session, {
      ...rateOptions,
      seed: seed + 2,
      onStep: ({ offeredPerSecond, holds, p95Ms }) =>
        say(`${offeredPerSecond} writes/s ${holds ? 'hold' : 'do not hold'}, p95 ${p95Ms.toFixed(0)} ms`),
    }))
  return { lag, rate, ...failuresOf(session), load }
}

function failuresOf({ ledger, firstFailure }: LagSession): Pick<Measurement, 'failedWrites' | 'firstFailure'> {
  return { failedWrites: ledger.failed, firstFailure: ledger.failed === 0 ? undefined : String(firstFailure()) }
}

const warmUpPerSecond = 25
const warmUpSettleMs = 30_000
