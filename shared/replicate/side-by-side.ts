import { createLimit } from './limit.ts'

/**
 * Records of one event or request that are worked on side by side. A store that is slow, for a moment or because it is
 * small, then answers them later; all at once, each would wait beyond the clients' time-outs, and the same would come again.
 */
export const recordsAtOnce = 16

/** Each item gets its turn, whatever becomes of the others. The results are in the order of the items; never rejects. */
export function sideBySide<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly PromiseSettledResult<Result>[]> {
  const limit = createLimit(recordsAtOnce)
  return Promise.allSettled(items.map(item => limit(() => work(item))))
}
