/** Cuts from a sync record what travels: a delta of some of its captures, or its whole state. */
import { hlcToMs } from '../causality/hybrid-logical-clock.ts'
import type { Touched } from '../resolve/merge-type.ts'
import { joinTouched } from '../resolve/touched.ts'
import type { Change, Operation } from './change.ts'
import { dataTypeOf, type Here } from './here.ts'
import type { RecordRef } from './record-ref.ts'
import { type HeldCapture, noRecord, type SyncRecord } from './sync-record.ts'

/** The cells that these captures touched, as they are in `record`, which may already hold later writes of others. */
export function deltaOf(ref: RecordRef, record: SyncRecord, captures: readonly HeldCapture[], here: Here): Change {
  const type = dataTypeOf(here, ref.type)
  const touched = captures
    .map(capture => capture.touched)
    .reduce<Touched | undefined>((all, next) => (all === undefined ? next : joinTouched(all, next)), undefined)
  return {
    ...envelope(ref, record, here),
    operation: operationOf(record, captures[0]?.from === 0),
    intervals: captures.map(({ from, to, seen, decided }) => ({ from, to, seen, ...(decided && { decided }) })),
    asOfMs: hlcToMs(record.hlc),
    state: record.state && type.record.cut(record.state, touched ?? true),
  }
}

/**
 * The record's whole state, for a peer that misses what a delta builds on. `asOfMs`: a moment before the record was read,
 * so that a sender that is held up does not pass an old state off as the present one.
 */
export function wholeChange(ref: RecordRef, record: SyncRecord, here: Here, asOfMs: number): Change {
  return {
    ...envelope(ref, record, here),
    ...(record.written && { written: record.written }),
    operation: operationOf(record, false),
    intervals: [],
    asOfMs,
    state: record.state,
  }
}

function envelope(ref: RecordRef, record: SyncRecord, here: Here) {
  return {
    type: ref.type,
    key: ref.key,
    origin: here.site,
    plan: here.plan.hash,
    vector: record.vector,
    hlc: record.hlc,
  }
}

/** The shadow tells whether there is a document without asking the state for it. */
function operationOf({ shadow }: SyncRecord, first: boolean): Operation {
  if (shadow === noRecord.shadow) return 'delete'
  return first ? 'create' : 'update'
}
