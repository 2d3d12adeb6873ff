/**
 * A sync record as an item of Cosmos, beside the document it belongs to. Queries of an application over a whole
 * container leave these out with `WHERE NOT IS_DEFINED(c._tributary)`.
 */
import { cosmosRecordProperty, cosmosSyncMark } from '../../shared/declare/resource-names.ts'
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import type { Document } from '../../shared/document/json.ts'
import { ValueRefused } from '../../shared/ports/index.ts'
import { type RecordRef, refFromName } from '../../shared/replicate/record-ref.ts'
import { encodeRecord, type SyncRecord } from '../../shared/replicate/sync-record.ts'
import { type ItemPlace, refOfSyncId, syncIdReason } from './item-place.ts'

/** Says which kind of item it is; its value is the version of this layout. */
export const layoutVersion = 1

/** When the document went, or will, ms; absent where it stays. */
export const goneProperty = `${cosmosSyncMark}GoneAtMs`
/** The record's name, where it is too long for the id. */
const wholeProperty = `${cosmosSyncMark}Name`

/** Never, also where the container lets its items expire. */
const neverExpires = -1

export function syncItemFrom({ partitionKey, syncId, whole }: ItemPlace, type: TypePlan, record: SyncRecord): Document {
  return {
    id: syncId,
    [type.at.azure.partition.attribute]: partitionKey,
    [cosmosSyncMark]: layoutVersion,
    [cosmosRecordProperty]: encodeRecord(record),
    ...(whole === undefined ? {} : { [wholeProperty]: whole }),
    ...(record.goneAtMs === undefined ? {} : { [goneProperty]: record.goneAtMs }),
    ttl: neverExpires,
  }
}

/** The encoded record; undefined for an item that an application put under an id of ours. */
export function recordTextIn(item: Readonly<Record<string, unknown>>): string | undefined {
  const text = item[cosmosRecordProperty]
  return item[cosmosSyncMark] === layoutVersion && typeof text === 'string' ? text : undefined
}

/** Throws `ValueRefused` for an item that an application put under an id of ours. */
export function recordTextOf(ref: RecordRef, item: Document): string {
  const text = recordTextIn(item)
  if (text === undefined) throw new ValueRefused(ref, ['id'], syncIdReason)
  return text
}

/** The record that a sync item belongs to. Throws for one that this code did not make. */
export function refOfSyncItem(id: string, item: Readonly<Record<string, unknown>>): RecordRef {
  const whole = item[wholeProperty]
  return typeof whole === 'string' ? refFromName(whole) : refOfSyncId(id)
}
