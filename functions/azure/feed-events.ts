/**
 * What a change feed of all versions and deletes says, as the flows want it. The feed of a container carries the
 * application's documents and our sync records; capture looks at the former, publish at the latter.
 *
 * A deletion names its item in its metadata only. The version before a replacement is sent to some accounts and not to
 * others: it is used where it is there. Source: https://learn.microsoft.com/azure/cosmos-db/change-feed-modes
 */

import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import * as z from '../../shared/document/schema.ts'
import type { RecordVersion } from '../../shared/replicate/publish.ts'
import { type RecordRef, recordName } from '../../shared/replicate/record-ref.ts'
import { isSyncId, type KeyReading, readItemKey, readKey, syncIdReason } from './item-place.ts'
import { recordTextIn, refOfSyncItem } from './sync-item.ts'

/** A document may have changed; or something stands where no document of this type can be. */
export interface Hint {
  readonly ref: RecordRef
  readonly misfit?: { readonly field: string; readonly reason: string }
}

const itemSchema = z.custom<Readonly<Record<string, unknown>>>(value => typeof value === 'object' && value !== null)
const changeSchema = z.object({
  current: z.nullish(itemSchema),
  previous: z.nullish(itemSchema),
  metadata: z.optional(z.object({ id: z.optional(z.string()), partitionKey: z.optional(itemSchema) })),
})

interface ItemChange {
  readonly id: string
  /** Undefined: deleted. */
  readonly current: Readonly<Record<string, unknown>> | undefined
  readonly previous: Readonly<Record<string, unknown>> | undefined
  /** All that is known of the item's fields; of a deleted one its partition key. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** Each record once, and each misfit. Throws `ZodError` for what is no change feed of all versions and deletes. */
export function hintsIn(feed: readonly unknown[], type: TypePlan): readonly Hint[] {
  const hints = feed.flatMap(entry => hintFrom(readChange(entry), type) ?? [])
  const nameOf = ({ ref, misfit }: Hint) => JSON.stringify([recordName(ref), misfit?.reason])
  return [...new Map(hints.map(hint => [nameOf(hint), hint])).values()]
}

function hintFrom({ id, current, fields }: ItemChange, type: TypePlan): Hint | undefined {
  const reading = readingOf(id, current, fields, type)
  if (reading === undefined) return undefined
  if ('key' in reading) return { ref: { type: type.name, key: reading.key } }
  return { ref: { type: type.name, key: [id] }, misfit: reading }
}

/** Undefined: no concern of capture's, or of another type's. */
function readingOf(
  id: string,
  current: ItemChange['current'],
  fields: ItemChange['fields'],
  type: TypePlan,
): KeyReading | undefined {
  if (isSyncId(id)) {
    const isOurs = current === undefined || recordTextIn(current) !== undefined
    return isOurs ? undefined : { field: 'id', reason: syncIdReason }
  }
  const reading = current ? readItemKey(type, id, current) : readKey(type, id, fields)
  // What was refused while it was there is not missed when it is gone.
  return current === undefined && reading && 'reason' in reading ? undefined : reading
}

/** In the order of the feed. Throws `ZodError` for what is no change feed of all versions and deletes. */
export function versionsIn(feed: readonly unknown[], type: TypePlan): readonly RecordVersion[] {
  return feed.map(readChange).flatMap(({ id, current, previous }) => {
    const text = isSyncId(id) && current ? recordTextIn(current) : undefined
    if (text === undefined || !current) return []
    const ref = refOfSyncItem(id, current)
    // A container may hold several types, and each has a function of its own.
    return ref.type === type.name ? [{ ref, text, previous: previous && recordTextIn(previous) }] : []
  })
}

function readChange(entry: unknown): ItemChange {
  const { current, previous, metadata } = changeSchema.parse(entry)
  const id = z.string().parse(current?.id ?? metadata?.id ?? previous?.id)
  const present = current && 'id' in current ? current : undefined
  return {
    id,
    current: present,
    previous: previous ?? undefined,
    fields: present ?? metadata?.partitionKey ?? previous ?? {},
  }
}
