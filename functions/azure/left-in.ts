/**
 * What did the writes that a change feed tells of leave in an item? What the last of them says, as it has them in their order.
 * Document and sync record of one merge are one batch: they come in one page, with one number.
 * (https://learn.microsoft.com/azure/cosmos-db/nosql/transactional-batch)
 */
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import type { Left } from '../../shared/replicate/echo.ts'
import { type RecordRef, recordName } from '../../shared/replicate/record-ref.ts'
import { decodeRecord, type SyncRecord } from '../../shared/replicate/sync-record.ts'
import { isSyncId } from './item-place.ts'
import { changesAt, changesOf, type ItemChange, isReadWhole } from './stood-before.ts'
import { recordTextIn, refOfSyncItem } from './sync-item.ts'
import { documentFromItem } from './values.ts'

/** None: the feed does not tell. Throws for what cannot be read. */
export function leftIn(feed: readonly unknown[], ref: RecordRef, type: TypePlan): readonly Left[] {
  const last = isReadWhole(feed) ? changesOf(feed, ref, type).at(-1) : undefined
  if (!last || (last.operationType === 'delete') !== (last.current === undefined)) return []
  const document = last.current && documentFromItem(ref, type, last.current).document
  const [record] = changesAt(feed, last.lsn).flatMap(change => recordIn(change, ref) ?? [])
  return [{ document, ...(record && { record }) }]
}

function recordIn({ id, current }: ItemChange, ref: RecordRef): SyncRecord | undefined {
  const text = isSyncId(id) && current ? recordTextIn(current) : undefined
  if (text === undefined || !current || recordName(refOfSyncItem(id, current)) !== recordName(ref)) return undefined
  return decodeRecord(text)
}
