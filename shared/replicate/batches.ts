/** Cuts a row of changes into batches that stay below a size; a larger change travels alone. */
import type { Change } from './change.ts'

/** SPEC: up to 100 KB a `sync.batch`, before compression. */
export const batchBytesMax = 100_000

export const batchChangesMax = 100

/** Without serialising: a guess that is close for text, and only decides where to cut. */
function sizeOf(change: Change): number {
  return JSON.stringify(change).length
}

export function batchesOf<Item>(
  items: readonly Item[],
  changeOf: (item: Item) => Change,
): readonly (readonly Item[])[] {
  const batches: Item[][] = []
  let room = 0
  for (const item of items) {
    const size = sizeOf(changeOf(item))
    const batch = batches.at(-1)
    if (batch && size <= room && batch.length < batchChangesMax) {
      batch.push(item)
      room -= size
    } else {
      batches.push([item])
      room = batchBytesMax - size
    }
  }
  return batches
}
