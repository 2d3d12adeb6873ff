/**
 * What is told of every batch that passes between two sites, in one line of a log: the record of what was synchronised,
 * kept for 30 days by each cloud's own log service. A write for every change would cost more than the change.
 */
import type { SiteId } from '../causality/dot.ts'
import { hlcToMs } from '../causality/hybrid-logical-clock.ts'
import type { Tier } from '../declare/sync-plan.ts'
import type { Answer } from './answer.ts'
import type { Change } from './change.ts'

export interface BatchReport {
  readonly batch: 'sent' | 'received'
  readonly peer: SiteId
  readonly changes: number
  /** How many of each data type, and how many got each answer. */
  readonly types: Readonly<Record<string, number>>
  readonly answers: Readonly<Record<string, number>>
  /** Sent: before compression. Received: as it came. */
  readonly bytes: number
  /** How old the oldest content in it was. */
  readonly lagMs: number
  /** Of what was sent: from the request to its answer, in ms. */
  readonly tookMs?: number
  /** Of what was received: the replication lag, that is how old the oldest content was that had not come before. */
  readonly lagMsByTier?: Readonly<Partial<Record<`tier${Tier}`, number>>>
  /** Of what was received: by how much the sender's clock is ahead of this site's, at least. */
  readonly aheadMs?: number
}

export type ReportBatch = (report: BatchReport) => void

export function batchReport(
  changes: readonly Change[],
  answers: readonly Answer[],
  about: Pick<BatchReport, 'batch' | 'peer' | 'bytes'>,
  nowMs: number,
): BatchReport {
  return {
    ...about,
    changes: changes.length,
    types: counted(changes.map(({ type }) => type)),
    answers: counted(answers.map(({ answer }) => answer)),
    lagMs: Math.max(0, nowMs - Math.min(nowMs, ...changes.map(({ asOfMs }) => asOfMs))),
  }
}

/** A duplicate is no lag: by the express lane its content was here long before. */
export function lagMsByTier(
  changes: readonly Change[],
  answers: readonly (Answer | undefined)[],
  tierOf: (type: string) => Tier | undefined,
  nowMs: number,
): NonNullable<BatchReport['lagMsByTier']> {
  const lags: Partial<Record<`tier${Tier}`, number>> = {}
  for (const [index, { type, asOfMs }] of changes.entries()) {
    const tier = tierOf(type)
    if (tier === undefined || answers[index]?.answer !== 'applied') continue
    lags[`tier${tier}`] = Math.max(lags[`tier${tier}`] ?? 0, nowMs - asOfMs)
  }
  return lags
}

/** The later of the two: when the change was sent, and its latest stamp. */
export function aheadMsOf({ hlc }: Pick<Change, 'hlc'>, sentAtMs: number, nowMs: number): number {
  return Math.max(hlcToMs(hlc), sentAtMs) - nowMs
}

function counted(names: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
