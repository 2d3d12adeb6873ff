/** A captured write, as it is told apart from outside: with the documents before and after it. */
import type { Dot } from '../../shared/causality/dot.ts'
import { covers, type VersionVector } from '../../shared/causality/version-vector.ts'
import type { Document } from '../../shared/document/json.ts'

export interface Captured {
  readonly dot: Dot
  readonly from: number
  readonly seen: VersionVector
  readonly hlc: number
  /** Undefined too if it had expired: what is written in its place is a new document. */
  readonly before: Document | undefined
  readonly after: Document | undefined
  /** `before` was expiring just then: it may have counted as gone. */
  readonly isDoubtful: boolean
}

/** `earlier` had been seen where `later` was captured. */
export function happenedBefore(earlier: Captured, later: Captured): boolean {
  return covers(later.seen, earlier.dot)
}
