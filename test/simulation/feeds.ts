/**
 * How each cloud hands what was written to its functions. All three deliver at least once; beyond that they differ,
 * and the protocol has to live with each.
 */
import type { Outcome, World } from './world.ts'

export type Consume<Item> = (items: readonly Item[]) => Promise<Outcome<readonly boolean[] | undefined>>

const retryMs = [60, 200, 600, 2000] as const

function backoff(failures: number): number {
  return retryMs[Math.min(failures, retryMs.length) - 1] ?? 2000
}

export interface Feed<Item> {
  write(item: Item): void
}

/** A stream with one shard (DynamoDB Streams, Kinesis): in order, batches, retried from the first that failed. */
export function orderedFeed<Item>(world: World, consume: Consume<Item>): Feed<Item> {
  const waiting: Item[] = []
  let running = false
  let failures = 0

  async function deliver(): Promise<void> {
    const batch = waiting.slice(0, world.random.between(1, 6))
    const outcome = await consume(batch)
    const accepted = outcome.outcome === 'returned' ? acceptedPrefix(outcome.result, batch.length) : 0
    failures = accepted === batch.length ? 0 : failures + 1
    const repeat = accepted === batch.length && world.random.chance(world.faults.duplicate)
    if (!repeat) waiting.splice(0, accepted)
    if (waiting.length === 0) running = false
    else world.after(failures > 0 ? backoff(failures) : world.random.between(1, 20), () => void deliver())
  }

  return {
    write(item) {
      waiting.push(item)
      if (running) return
      running = true
      world.after(world.random.between(1, 40), () => void deliver())
    },
  }
}

/** One event at a time, in any order, now and then twice (Firestore triggers, Pub/Sub, Storage queues). */
export function unorderedFeed<Item>(world: World, consume: Consume<Item>): Feed<Item> {
  async function deliver(item: Item, failures: number): Promise<void> {
    const outcome = await consume([item])
    const accepted = outcome.outcome === 'returned' && acceptedPrefix(outcome.result, 1) === 1
    if (!accepted) world.after(backoff(failures + 1), () => void deliver(item, failures + 1))
  }
  return {
    write(item) {
      const copies = world.random.chance(world.faults.duplicate) ? 2 : 1
      for (let copy = 0; copy < copies; copy++) {
        const slow = world.random.chance(0.1) ? world.random.between(100, 3000) : 0
        world.after(world.random.between(1, 60) + slow, () => void deliver(item, 0))
      }
    },
  }
}

/** A change feed that shows the latest version of what changed since the checkpoint (Cosmos): versions in between are skipped. */
export function coalescingFeed<Item>(
  world: World,
  nameOf: (item: Item) => string,
  consume: Consume<Item>,
  /** What is left of two versions of one item. */
  combine: (earlier: Item, later: Item) => Item = (_, later) => later,
): Feed<Item> {
  const waiting = new Map<string, Item>()
  let running = false
  let failures = 0

  async function deliver(): Promise<void> {
    const batch = [...waiting].slice(0, world.random.between(1, 6))
    const outcome = await consume(batch.map(([, item]) => item))
    const accepted = outcome.outcome === 'returned' && outcome.result === undefined
    failures = accepted ? 0 : failures + 1
    const repeat = accepted && world.random.chance(world.faults.duplicate)
    // What was written again meanwhile stays: its newer version has not been delivered.
    if (accepted && !repeat) for (const [name, item] of batch) if (waiting.get(name) === item) waiting.delete(name)
    if (waiting.size === 0) running = false
    else world.after(failures > 0 ? backoff(failures) : world.random.between(1, 20), () => void deliver())
  }

  return {
    write(item) {
      const name = nameOf(item)
      const earlier = waiting.get(name)
      waiting.delete(name)
      waiting.set(name, earlier === undefined ? item : combine(earlier, item))
      if (running) return
      running = true
      world.after(world.random.between(1, 80), () => void deliver())
    },
  }
}

/** Undefined: all of the batch; else one answer per item. */
function acceptedPrefix(result: readonly boolean[] | undefined, length: number): number {
  if (result === undefined) return length
  const failed = result.indexOf(false)
  return failed < 0 ? length : failed
}
