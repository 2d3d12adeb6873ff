/**
 * Which of the writes that are taken into account did applications make? The others are decisions of Tributary, verdicts
 * and the words of sites that they have stored some: what meets one of those is no conflict of two writes.
 */
import type { Dot } from '../causality/dot.ts'
import { advance, includes, joinVectors, type VersionVector } from '../causality/version-vector.ts'
import type { Change } from './change.ts'
import type { SyncRecord } from './sync-record.ts'

/** Of each site the last one. */
export function writtenIn({ vector, written }: Pick<SyncRecord, 'vector' | 'written'>): VersionVector {
  return written ?? vector
}

/** The same of a change; of a delta only what it brings. */
export function writtenBy({ origin, vector, written, intervals }: Change): VersionVector {
  if (intervals.length === 0) return written ?? vector
  const last = intervals.findLast(({ decided }) => !decided)
  return last ? { [origin]: last.to } : {}
}

/** Beside the vector of a merge. */
export function writtenAfter(record: SyncRecord, change: Change, vector: VersionVector): Pick<SyncRecord, 'written'> {
  return beside(vector, joinVectors(writtenIn(record), writtenBy(change)))
}

/** Beside the vector of a capture, whose dot is `dot`. */
export function writtenWith(record: SyncRecord, dot: Dot): Pick<SyncRecord, 'written'> {
  return record.written ? beside(advance(record.vector, dot), advance(record.written, dot)) : {}
}

/** None where the vector says it: with its last decision behind it a record and what travels of it are shorter. */
function beside(vector: VersionVector, written: VersionVector): Pick<SyncRecord, 'written'> {
  return includes(written, vector) ? {} : { written }
}
