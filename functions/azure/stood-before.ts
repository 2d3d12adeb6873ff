/**
 * What stood in an item before the writes that a change feed tells of, in its order, which is that of the writes.
 *
 * Where an account's feed does not carry the version before, what a replacement left is the oldest that is known of the
 * item: that first write then counts as part of what was there before.
 */

import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import type { Document, Json } from '../../shared/document/json.ts'
import * as z from '../../shared/document/schema.ts'
import type { Before } from '../../shared/replicate/note.ts'
import { type RecordRef, recordName } from '../../shared/replicate/record-ref.ts'
import { isSyncId, readKey } from './item-place.ts'
import { documentFromItem } from './values.ts'

const itemSchema = z.record(
  z.string(),
  z.custom<Json>(value => value !== undefined),
)
const changeSchema = z.object({
  current: z.nullish(itemSchema),
  previous: z.nullish(itemSchema),
  metadata: z.object({
    id: z.optional(z.string()),
    partitionKey: z.nullish(itemSchema),
    operationType: z.string(),
  }),
})

/** Throws `ValueRefused`. */
export function* stoodBefore(feed: readonly unknown[], ref: RecordRef, type: TypePlan): Iterable<Before> {
  for (const { current, previous, operationType } of changesOf(feed, ref, type)) {
    const item = previous ?? current
    if (operationType === 'create') yield { document: undefined }
    else if (item) yield { document: documentFromItem(ref, type, item).document }
  }
}

interface ItemVersions {
  readonly current: Document | undefined
  /** Undefined as well where the account's feed does not carry it. */
  readonly previous: Document | undefined
  readonly operationType: string
}

/** What the feed tells of one record. */
export function* changesOf(feed: readonly unknown[], ref: RecordRef, type: TypePlan): Iterable<ItemVersions> {
  for (const entry of feed) {
    const { metadata, ...versions } = changeSchema.parse(entry)
    const [current, previous] = [withId(versions.current), withId(versions.previous)]
    const item = previous ?? current
    const id = String(item?.id ?? metadata.id)
    if (isSyncId(id) || !isOf(ref, type, id, item ?? metadata.partitionKey ?? {})) continue
    yield { current, previous, operationType: metadata.operationType }
  }
}

/** A deletion comes with an empty item. */
function withId(item: Document | null | undefined): Document | undefined {
  return item && Object.hasOwn(item, 'id') ? item : undefined
}

function isOf(ref: RecordRef, type: TypePlan, id: string, fields: Document): boolean {
  const reading = readKey(type, id, fields)
  return (
    reading !== undefined && 'key' in reading && recordName({ type: type.name, key: reading.key }) === recordName(ref)
  )
}
