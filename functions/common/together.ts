/**
 * How do reads that flows make one by one become one request? Records are worked on side by side, so that several ask in the
 * same moment: these go together. Nobody waits for a request that is under way (gathered.ts has it so, for messages).
 */

/**
 * `work` answers in the order of its items, with results or with promises of them; if it rejects, so does every call that it
 * was made for.
 */
export function together<Item, Result>(
  work: (items: readonly Item[]) => Promise<readonly (Result | Promise<Result>)[]>,
  itemsMax: number,
): (item: Item) => Promise<Result> {
  let asked: { readonly item: Item; readonly settle: PromiseWithResolvers<Result> }[] = []

  async function workOff(batch: typeof asked): Promise<void> {
    try {
      const results = await work(batch.map(({ item }) => item))
      if (results.length !== batch.length) throw new Error(`${results.length} results for ${batch.length} items`)
      for (const [index, result] of results.entries()) batch[index]?.settle.resolve(result)
    } catch (error) {
      for (const { settle } of batch) settle.reject(error)
    }
  }

  function askAll(): void {
    const all = asked
    asked = []
    for (let from = 0; from < all.length; from += itemsMax) void workOff(all.slice(from, from + itemsMax))
  }

  return item => {
    const settle = Promise.withResolvers<Result>()
    asked.push({ item, settle })
    // What has been answered in the same moment is still being worked on: it comes along.
    if (asked.length === 1) setImmediate(askAll)
    return settle.promise
  }
}
