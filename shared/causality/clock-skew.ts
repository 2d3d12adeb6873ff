/**
 * How far may clocks be apart? Every store and every machine has one, kept in step by its cloud, and none of them says
 * how well. So it is declared: up to 500 ms is normal, beyond that somebody is warned, and beyond 10 s nothing that the
 * clock has stamped is believed.
 *
 * Two writes by clocks that may be 500 ms apart can have happened in either order when their stamps are that close. (A
 * stamp is the time of the capture, not of the write: where captures are late, the doubt is greater and unknown.)
 */
import { type Hlc, hlcToMs } from './hybrid-logical-clock.ts'

/** Beyond this the operator is warned. */
export const skewWarnMs = 500

/** Beyond this what comes waits until the clocks agree. */
export const skewMaxMs = 10_000

/** Either may have been the earlier one. */
export function isWithinSkew(a: Hlc, b: Hlc): boolean {
  return Math.abs(hlcToMs(a) - hlcToMs(b)) <= skewWarnMs
}
