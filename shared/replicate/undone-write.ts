/**
 * An application wrote what is not its to write: a verdict, an amount that is computed. The document is put right in the
 * commit that captures the write; the audit keeps what was written.
 */
import { joinedParts } from '../declare/merge-descriptor.ts'
import type { Document, Json } from '../document/json.ts'
import { isJsonObject, jsonEquals } from '../document/json.ts'
import { changedLeaves } from '../resolve/changed-leaves.ts'
import type { Path } from '../resolve/merge-type.ts'
import type { DataType } from './here.ts'
import type { RecordRef } from './record-ref.ts'
import { type Resolution, resolutionId } from './resolution.ts'
import type { SyncRecord } from './sync-record.ts'

export interface UndoneWrite {
  readonly ref: RecordRef
  readonly type: DataType
  readonly site: string
  readonly from: number
  readonly to: number
  readonly nowMs: number
  readonly before: Document | undefined
  readonly written: Document | undefined
  /** What its capture made of it. */
  readonly outcome: Document | undefined
  readonly record: SyncRecord
  readonly vector: Resolution['vectors']['merged']
}

/** Undefined: nothing was undone. */
export function undoneWrite(write: UndoneWrite): Resolution | undefined {
  const { ref, type, site, from, to, nowMs, before, written, outcome, record, vector } = write
  const undone = changedLeaves(joinedParts(type.plan.merge), before, written).filter(
    ({ path, after }) => !jsonEquals(valueAt(outcome, path), after),
  )
  if (undone.length === 0) return undefined
  const interval = { site, type: ref.type, key: ref.key, origin: site, from, to }
  const version = { site, counter: to, hlc: record.hlc }
  return {
    id: resolutionId(interval),
    ...interval,
    atMs: nowMs,
    vectors: { local: record.vector, remote: vector, merged: vector },
    ...(written && { remote: written }),
    ...(outcome && { outcome }),
    arbitrations: undone.map(({ path, after }) => ({
      path,
      rule: 'owned-by-tributary',
      lost: [{ ...version, value: after ?? null }],
    })),
  }
}

function valueAt(value: Json | undefined, [name, ...below]: Path): Json | undefined {
  if (name === undefined) return value
  return isJsonObject(value) && Object.hasOwn(value, name) ? valueAt(value[name], below) : undefined
}
