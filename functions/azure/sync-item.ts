/**
 * A sync record as an item of Cosmos, beside the document it belongs to. Queries of an application over a whole
 * container leave these out with `WHERE NOT IS_DEFINED(c._tributary)`.
 */
import { cosmosSyncMark } from '../../shared/declare/resource-names.ts'
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import type { Document } from '../../shared/document/json.ts'
import { ValueRefused } from '../../shared/ports/index.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { encodeRecord, type SyncRecord } from '../../shared/replicate/sync-record.ts'
import { syncIdReason } from './item-place.ts'

/** Says which kind of item it is; its value is the version of this layout. */
const layoutVersion = 1

const recordProperty = `${cosmosSyncMark}Record`

/** Never, also where the container lets its items expire. */
const neverExpires = -1

export function syncItemFrom(ref: RecordRef, type: TypePlan, id: string, record: SyncRecord): Document {
  return {
    id,
    [type.key[0]]: ref.key[0] ?? '',
    [cosmosSyncMark]: layoutVersion,
    [recordProperty]: encodeRecord(record),
    ttl: neverExpires,
  }
}

/** The encoded record; undefined for an item that an application put under an id of ours. */
export function recordTextIn(item: Readonly<Record<string, unknown>>): string | undefined {
  const text = item[recordProperty]
  return item[cosmosSyncMark] === layoutVersion && typeof text === 'string' ? text : undefined
}

/** Throws `ValueRefused` for an item that an application put under an id of ours. */
export function recordTextOf(ref: RecordRef, item: Document): string {
  const text = recordTextIn(item)
  if (text === undefined) throw new ValueRefused(ref, ['id'], syncIdReason)
  return text
}
