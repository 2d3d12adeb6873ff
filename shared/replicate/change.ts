/** What travels between sites: the writes of one origin to one record, as a delta or as the whole state. */
import type { SiteId } from '../causality/dot.ts'
import type { Hlc } from '../causality/hybrid-logical-clock.ts'
import { counterOf, type VersionVector } from '../causality/version-vector.ts'
import type { CellsState } from '../resolve/merge-type.ts'
import { keyText, type RecordKey } from './record-ref.ts'

export type Operation = 'create' | 'update' | 'delete'

/** Dots `(from, to]` of the origin, and what the origin had seen before it captured them. */
export interface Interval {
  readonly from: number
  readonly to: number
  readonly seen: VersionVector
  /** See `HeldCapture`. */
  readonly decided?: true
}

export interface Change {
  readonly type: string
  readonly key: RecordKey
  readonly origin: SiteId
  /** Hash of the plan that the origin reads the state with. */
  readonly plan: string
  readonly operation: Operation
  /** All that the state takes into account; a receiver of a delta must have seen this, the origin's own part excepted. */
  readonly vector: VersionVector
  /** Of a whole state: see `SyncRecord`. */
  readonly written?: VersionVector
  readonly hlc: Hlc
  /**
   * When this was the origin's present, ms: of a delta its latest stamp, of a whole state the moment at which it was
   * read to be sent. A receiver judges by it whether the change is too old to be news.
   */
  readonly asOfMs: number
  /** The captures inside a delta, oldest first, without a hole; none: `state` is the whole state. */
  readonly intervals: readonly Interval[]
  readonly state: CellsState | undefined
}

export function isWhole(change: Change): boolean {
  return change.intervals.length === 0
}

/** The last dot of the origin that the change covers. */
export function lastCounter(change: Change): number {
  return counterOf(change.vector, change.origin)
}

/** Names a change: the same for every delivery of it. */
export function changeId(change: Change): string {
  const form = isWhole(change) ? 'whole' : 'delta'
  return `${change.origin}/${change.type}/${keyText(change.key)}/${lastCounter(change)}/${form}`
}
