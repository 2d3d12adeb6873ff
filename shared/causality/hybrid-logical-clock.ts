/**
 * Which of two concurrent writes was the later one? A hybrid logical clock (Kulkarni et al., 2014) stays close to
 * the wall clock and never runs against causality: a write that has seen another one is stamped later, whatever the
 * clocks of their sites say.
 *
 * One number: milliseconds times 1000. The low three digits count events inside a millisecond and may run over into
 * the next one, which keeps the order and costs nothing. Exact in a double until the year 2255.
 */
import type { Lateness } from './lateness.ts'

export type Hlc = number

const ticksPerMs = 1000

/** Of what was there before Tributary was, which is nobody's write: older than any real stamp. */
export const baselineHlc: Hlc = 1

/** The stamp of a write made now, at `nowMs`, by a site that has already seen `seen` (0: nothing). */
export function tick(nowMs: number, seen: Hlc): Hlc {
  return Math.max(Math.floor(nowMs) * ticksPerMs, seen + 1)
}

export function hlcToMs(hlc: Hlc): number {
  return Math.floor(hlc / ticksPerMs)
}

/** A write's place in the order that every site agrees on; site and counter break ties. */
export interface Stamp {
  readonly hlc: Hlc
  readonly site: string
  readonly counter: number
  /** How much earlier it may have happened; has no part in the order. Absent: as old as its stamp. */
  readonly late?: Lateness
}

export function compareStamps(a: Stamp, b: Stamp): number {
  if (a.hlc !== b.hlc) return a.hlc - b.hlc
  if (a.site !== b.site) return a.site < b.site ? -1 : 1
  return a.counter - b.counter
}
