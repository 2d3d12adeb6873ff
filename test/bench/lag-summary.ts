/** Samples of lag as the figures that are quoted: percentiles per route and over all routes. */
import type { LagSample } from './lag-ledger.ts'

/** In ms. NaN where there was no sample. */
export interface Percentiles {
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

export interface RouteLag {
  readonly from: string
  readonly to: string
  readonly count: number
  /** Never became visible while it was waited for. Not in the percentiles: say both. */
  readonly missing: number
  /**
   * From the moment the writing application had its store's answer. What was visible elsewhere even before that
   * counts as 0. This is the figure that is quoted.
   */
  readonly afterAcknowledged: Percentiles
  /** From the moment the writing application called its store. */
  readonly afterStart: Percentiles
}

export interface LagSummary extends Omit<RouteLag, 'from' | 'to'> {
  readonly routes: readonly RouteLag[]
}

/** The smallest value that at least the fraction `quantile` of all values do not exceed (nearest rank). */
export function percentile(sorted: readonly number[], quantile: number): number {
  return sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)] ?? Number.NaN
}

export function summarizeLag(samples: readonly LagSample[]): LagSummary {
  const byRoute = Map.groupBy(samples, ({ from, to }) => `${from} ${to}`)
  const routes = [...byRoute.values()].flatMap(ofRoute => {
    const [first] = ofRoute
    return first ? [{ from: first.from, to: first.to, ...lagOf(ofRoute) }] : []
  })
  return { ...lagOf(samples), routes: routes.toSorted((a, b) => route(a).localeCompare(route(b))) }
}

const route = ({ from, to }: RouteLag) => `${from} ${to}`

function lagOf(samples: readonly LagSample[]): Omit<RouteLag, 'from' | 'to'> {
  const seen = samples.flatMap(({ seenMs, startedMs, acknowledgedMs }) =>
    seenMs === undefined
      ? []
      : [{ afterStartMs: seenMs - startedMs, afterAcknowledgedMs: Math.max(0, seenMs - (acknowledgedMs ?? seenMs)) }],
  )
  return {
    count: samples.length,
    missing: samples.length - seen.length,
    afterAcknowledged: percentilesOf(seen.map(({ afterAcknowledgedMs }) => afterAcknowledgedMs)),
    afterStart: percentilesOf(seen.map(({ afterStartMs }) => afterStartMs)),
  }
}

function percentilesOf(values: readonly number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b)
  return {
    p50: percentile(sorted, 0.5),
    p95: percentile(sorted, 0.95),
    p99: percentile(sorted, 0.99),
    max: sorted.at(-1) ?? Number.NaN,
  }
}
