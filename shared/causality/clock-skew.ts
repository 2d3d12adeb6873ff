/**
 * How far may clocks be apart? Every store and every machine has one, kept in step by its cloud, and none of them says
 * how well. So it is declared: up to 500 ms is normal, beyond that somebody is warned, and beyond 10 s nothing that the
 * clock has stamped is believed.
 */
import { type Hlc, hlcToMs } from './hybrid-logical-clock.ts'
import { type Lateness, latenessMs, noLateness } from './lateness.ts'

/** Beyond this the operator is warned. */
export const skewWarnMs = 500

/** Beyond this what comes waits until the clocks agree. */
export const skewMaxMs = 10_000

/** When a write happened, as far as it is known. */
export interface StampedTime {
  readonly hlc: Hlc
  /** Absent: as old as its stamp. */
  readonly late?: Lateness | undefined
}

/** The times at which they may have happened overlap, by clocks that may be apart: either may have been the earlier one. */
export function mayOverlap(a: StampedTime, b: StampedTime): boolean {
  const [first, last] = a.hlc <= b.hlc ? [a, b] : [b, a]
  const lastAtLeastMs = hlcToMs(last.hlc) - latenessMs(last.late ?? noLateness)
  return lastAtLeastMs - hlcToMs(first.hlc) <= skewWarnMs
}
