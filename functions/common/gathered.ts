/**
 * How does a trigger that hands over one message at a time fill batches? It hands over many side by side: those that
 * come while a call is under way wait for it, and are then made as one call (group commit).
 *
 * A message that finds nothing under way goes at once, together with those of the same moment, so that a quiet site
 * pays no delay; under load the batches grow by themselves, up to what the trigger lets one instance work on at a time. Each message keeps its own result, and
 * with it its own acknowledgement and retry. Pulling more messages out of the queue instead would need a second
 * subscription and a second delivery of each message (Pub/Sub), or settling by hand what the host settles (queues).
 */

/** What has arrived in the same moment is still being read: it comes along. */
const pause = () => new Promise(setImmediate)

/** `work` answers in the order of its items; if it rejects, so does every call that it was made for. */
export function gathered<Item, Result>(
  work: (items: readonly Item[]) => Promise<readonly Result[]>,
  itemsMax: number,
): (item: Item) => Promise<Result> {
  const waiting: { readonly item: Item; readonly settle: PromiseWithResolvers<Result> }[] = []
  let busy = false

  async function workOff(): Promise<void> {
    busy = true
    await pause()
    while (waiting.length > 0) {
      const batch = waiting.splice(0, itemsMax)
      try {
        const results = await work(batch.map(({ item }) => item))
        batch.forEach(({ settle }, index) => {
          const result = results[index]
          if (result === undefined) settle.reject(new Error(`${results.length} results for ${batch.length} items`))
          else settle.resolve(result)
        })
      } catch (error) {
        for (const { settle } of batch) settle.reject(error)
      }
    }
    busy = false
  }

  return item => {
    const settle = Promise.withResolvers<Result>()
    waiting.push({ item, settle })
    if (!busy) void workOff()
    return settle.promise
  }
}
