/**
 * What stood in an item before the writes that a change feed tells of, in its order, which is that of the writes.
 *
 * Where an account's feed does not carry the version before, what a replacement left is the oldest that is known of the
 * item: that first write then counts as part of what was there before.
 */

import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import type { Document, Json } from '../../shared/document/json.ts'
import { namedValues } from '../../shared/document/named-values.ts'
import * as z from '../../shared/document/schema.ts'
import type { Before } from '../../shared/replicate/before.ts'
import { type RecordRef, recordName } from '../../shared/replicate/record-ref.ts'
import { oncePer } from '../common/once-per.ts'
import { isSyncId, readKey } from './item-place.ts'
import { documentFromItem } from './values.ts'

const itemSchema = namedValues(z.custom<Json>(value => value !== undefined))
const changeSchema = z.object({
  current: z.nullish(itemSchema),
  previous: z.nullish(itemSchema),
  metadata: z.object({
    id: z.optional(z.string()),
    partitionKey: z.nullish(itemSchema),
    operationType: z._default(z.string(), ''),
    crts: z.optional(z.number()),
    lsn: z.optional(z.number()),
  }),
})

/** Throws `ValueRefused`. */
export function* stoodBefore(feed: readonly unknown[], ref: RecordRef, type: TypePlan): Iterable<Before> {
  for (const { current, previous, operationType, atS } of changesOf(feed, ref, type)) {
    const until = atS === undefined ? {} : { untilMs: atS * 1000 }
    if (operationType === 'create') yield { document: undefined, ...until }
    else if (previous) yield { document: documentFromItem(ref, type, previous).document, ...until }
    // The oldest that is known, though not what stood before.
    else if (current) yield { document: documentFromItem(ref, type, current).document }
  }
}

interface ItemVersions {
  readonly current: Document | undefined
  /** Undefined as well where the account's feed does not carry it. */
  readonly previous: Document | undefined
  readonly operationType: string
  /** When it was written, in whole seconds, rounded down. */
  readonly atS: number | undefined
  /** The same for all items that one batch wrote. */
  readonly lsn: number | undefined
}

export interface ItemChange extends ItemVersions {
  readonly id: string
  /** All that is known of its fields. */
  readonly fields: Document
}

/** What the feed tells of one record, in its order. */
export function changesOf(feed: readonly unknown[], ref: RecordRef, type: TypePlan): readonly ItemVersions[] {
  return changesByName(feed)(type).get(recordName(ref)) ?? []
}

/** Nothing in the feed's batch is of a form that nobody knew: what it tells of its records is all there is. */
export function isReadWhole(feed: readonly unknown[]): boolean {
  return changesIn(feed).length === feed.length
}

/** All that was written in one batch, and in those of other partitions that have the same number. */
export function changesAt(feed: readonly unknown[], lsn: number | undefined): readonly ItemChange[] {
  return lsn === undefined ? [] : (changesByLsn(feed).get(lsn) ?? [])
}

// Every record of a feed's batch asks: it is read once.
const changesIn = oncePer((feed: readonly unknown[]) => feed.flatMap(entry => readChange(entry) ?? []))

const changesByLsn = oncePer((feed: readonly unknown[]) => Map.groupBy(changesIn(feed), ({ lsn }) => lsn))

const changesByName = oncePer((feed: readonly unknown[]) =>
  oncePer((type: TypePlan) => Map.groupBy(changesIn(feed), change => nameOf(type, change))),
)

/** Undefined: of another form. It is captured like any other, and just tells nothing of what stood before. */
function readChange(entry: unknown): ItemChange | undefined {
  const read = changeSchema.safeParse(entry).data
  if (!read) return undefined
  const { metadata, ...versions } = read
  const [current, previous] = [withId(versions.current), withId(versions.previous)]
  const item = previous ?? current
  return {
    id: String(item?.id ?? metadata.id),
    fields: item ?? metadata.partitionKey ?? {},
    current,
    previous,
    operationType: metadata.operationType,
    atS: metadata.crts,
    lsn: metadata.lsn,
  }
}

/** A deletion comes with an empty item. */
function withId(item: Document | null | undefined): Document | undefined {
  return item && Object.hasOwn(item, 'id') ? item : undefined
}

/** Undefined: of no record of this type. */
function nameOf(type: TypePlan, { id, fields }: ItemChange): string | undefined {
  const reading = isSyncId(id) ? undefined : readKey(type, id, fields)
  return reading && 'key' in reading ? recordName({ type: type.name, key: reading.key }) : undefined
}
