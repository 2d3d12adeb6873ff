/**
 * Publish: a sync record was committed; its local writes go onto the bus and its resolutions into the audit store.
 *
 * Driven by the stream of sync records, so that no function ever has to write in two places. A feed may skip
 * versions: what travels is everything that the record still holds and the feed may not have carried yet.
 */
import { counterOf } from '../causality/version-vector.ts'
import type { AuditStore, Bus } from '../ports/index.ts'
import type { Touched } from '../resolve/merge-type.ts'
import { joinTouched } from '../resolve/touched.ts'
import type { Change, Operation } from './change.ts'
import { type DataType, dataTypeOf, type Here } from './here.ts'
import type { RecordRef } from './record-ref.ts'
import type { HeldCapture, SyncRecord } from './sync-record.ts'

export interface PublishPorts {
  readonly here: Here
  readonly bus: Bus
  readonly audit: AuditStore
}

/** One version of a sync record, as the feed carried it. */
export interface CommittedRecord {
  readonly ref: RecordRef
  readonly record: SyncRecord
  /** The version before, if the feed carries it too; undefined: it may have skipped any number of versions. */
  readonly previous: SyncRecord | undefined
}

export async function publish(
  committed: readonly CommittedRecord[],
  { here, bus, audit }: PublishPorts,
): Promise<void> {
  const changes = committed.flatMap(version => changeIn(version, here) ?? [])
  if (changes.length > 0) await bus.publish(changes)
  const resolutions = committed.flatMap(newResolutions)
  if (resolutions.length > 0) await audit.put(resolutions)
}

function newResolutions({ record, previous }: CommittedRecord) {
  const known = new Set(previous?.resolutions.map(({ id }) => id))
  return record.resolutions.filter(({ id }) => !known.has(id))
}

function changeIn({ ref, record, previous }: CommittedRecord, here: Here): Change | undefined {
  const carried = previous ? counterOf(previous.vector, here.site) : 0
  const pending = record.held.filter(({ to }) => to > carried)
  if (pending.length === 0) return undefined
  return deltaOf(ref, record, pending, here)
}

/** The cells that these captures touched, as they are in `record`, which may already hold later writes of others. */
function deltaOf(ref: RecordRef, record: SyncRecord, captures: readonly HeldCapture[], here: Here): Change {
  const type = dataTypeOf(here, ref.type)
  const touched = captures
    .map(capture => capture.touched)
    .reduce<Touched | undefined>((all, next) => (all === undefined ? next : joinTouched(all, next)), undefined)
  return {
    ...envelope(ref, record, here),
    operation: operationOf(record, captures[0]?.from === 0, type),
    intervals: captures.map(({ from, to, seen }) => ({ from, to, seen })),
    state: record.state && type.record.cut(record.state, touched ?? true),
  }
}

/** The record's whole state, for a peer that misses what a delta builds on. */
export function wholeChange(ref: RecordRef, record: SyncRecord, here: Here): Change {
  const type = dataTypeOf(here, ref.type)
  return {
    ...envelope(ref, record, here),
    operation: operationOf(record, false, type),
    intervals: [],
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

function operationOf(record: SyncRecord, first: boolean, type: DataType): Operation {
  if (type.record.view(record.state) === undefined) return 'delete'
  return first ? 'create' : 'update'
}
