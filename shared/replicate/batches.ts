/** Cuts a row of events into batches that stay below a size; a larger event travels alone. */
import type { ChangeEvent } from './change-event.ts'

/** Up to 100 KB a `sync.batch`, before compression. */
export const batchBytesMax = 100_000

export const batchChangesMax = 100

export function batchesOf<Item>(
  items: readonly Item[],
  eventOf: (item: Item) => ChangeEvent,
): readonly (readonly Item[])[] {
  const batches: Item[][] = []
  let room = 0
  for (const item of items) {
    const size = Buffer.byteLength(eventOf(item).text) + 1
    const batch = batches.at(-1)
    if (batch && size <= room && batch.length < batchChangesMax) {
      batch.push(item)
      room -= size
    } else {
      batches.push([item])
      // Every event brings a comma or bracket along, and one bracket is left over.
      room = batchBytesMax - 1 - size
    }
  }
  return batches
}
