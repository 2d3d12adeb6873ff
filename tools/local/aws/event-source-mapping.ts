/**
 * Lambda's event source mapping for DynamoDB streams and Kinesis: reads every shard of a stream, in order, and calls
 * a function with batches of its records, at least once each.
 *
 * Written here because nothing that can be installed does it with order per shard, replies about single records,
 * bisecting, limits and an on-failure destination, and a function that only ever met a simpler poller would be tested
 * against promises that the cloud does not make. Its own faults (a batch delivered twice, delays, a pause) come on
 * request.
 *
 * This file follows the shards: a shard is read once all of its parents are finished; a shard that appears later is
 * read from its beginning whatever the starting position. Checkpoints live in memory: a mapping that is started again
 * begins at its starting position.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { noFaults } from '../runtime/delivery-faults.ts'
import type { EventSourceMappingOptions, MappingSettings } from './mapping-options.ts'
import { ShardPoller } from './shard-poller.ts'
import type { Shard, StartingPosition } from './stream-source.ts'

export interface EventSourceMappingStatus {
  /** Age of the oldest record that was read and is neither done nor given up, in ms. */
  readonly lagMs: number
  /** Of the stream or of the function; of the function it stays after a success. */
  readonly lastError: string | undefined
  /** Invocations that failed since the start. */
  readonly failures: number
  /** By shard: the last sequence number that is done or given up. */
  readonly checkpoints: Readonly<Record<string, string>>
}

export interface EventSourceMapping {
  status(): EventSourceMappingStatus
  /** Waits for the batch in flight; nothing is delivered afterwards. */
  stop(): Promise<void>
}

/** Resolves when every present shard is open: what is written from then on is delivered, also from LATEST. */
export async function startEventSourceMapping(options: EventSourceMappingOptions): Promise<EventSourceMapping> {
  const mapping = new ShardFollower(withDefaults(options))
  await mapping.start(options.startingPosition)
  return mapping
}

function withDefaults({ startingPosition: _, ...options }: EventSourceMappingOptions): MappingSettings {
  return {
    batchSize: 100,
    batchWindowMs: 0,
    reportBatchItemFailures: false,
    bisectBatchOnFunctionError: false,
    maximumRetryAttempts: -1,
    maximumRecordAgeMs: 24 * 60 * 60 * 1_000,
    onFailure: () => undefined,
    retryBackoffBaseMs: 50,
    retryBackoffMaxMs: 5_000,
    pollIntervalMs: 5,
    idlePollIntervalMs: options.doorbell ? 1_000 : 50,
    shardListIntervalMs: 5_000,
    faults: noFaults(),
    onLog: () => undefined,
    ...options,
  }
}

class ShardFollower implements EventSourceMapping {
  readonly #settings: MappingSettings
  readonly #stopping = new AbortController()
  readonly #pollers = new Map<string, ShardPoller>()
  readonly #running = new Set<Promise<void>>()
  readonly #finished = new Set<string>()
  #listError: string | undefined

  constructor(settings: MappingSettings) {
    this.#settings = settings
  }

  async start(startingPosition: StartingPosition): Promise<void> {
    try {
      await this.#followShards(startingPosition)
    } catch (error) {
      await this.stop()
      throw error
    }
    this.#run(this.#keepFollowing())
  }

  status(): EventSourceMappingStatus {
    const pollers = [...this.#pollers.values()]
    const checkpoints = [...this.#pollers].flatMap(([id, { checkpoint }]) => (checkpoint ? [[id, checkpoint]] : []))
    return {
      lagMs: Math.max(0, ...pollers.map(poller => poller.lagMs)),
      lastError: this.#listError ?? pollers.findLast(poller => poller.lastError !== undefined)?.lastError,
      failures: pollers.reduce((sum, poller) => sum + poller.failures, 0),
      checkpoints: Object.fromEntries(checkpoints),
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    // The end of a shard may still have started the reading of another.
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  async #keepFollowing(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      await sleep(this.#settings.shardListIntervalMs, undefined, { signal }).catch(() => undefined)
      if (!signal.aborted) await this.#followNewShards()
    }
  }

  async #followNewShards(): Promise<void> {
    try {
      await this.#followShards('TRIM_HORIZON')
      this.#listError = undefined
    } catch (error) {
      this.#listError = String(error)
    }
  }

  async #followShards(position: StartingPosition): Promise<void> {
    const shards = await this.#settings.source.shards()
    const listed = new Set(shards.map(shard => shard.id))
    // A parent that is no longer listed has expired with all of its records.
    const isReadable = ({ id, parentIds }: Shard) =>
      !this.#pollers.has(id) && parentIds.every(parent => this.#finished.has(parent) || !listed.has(parent))
    await Promise.all(shards.filter(isReadable).map(shard => this.#follow(shard, position)))
  }

  async #follow({ id }: Shard, position: StartingPosition): Promise<void> {
    const { signal } = this.#stopping
    const reader = this.#settings.source.reader(id, position)
    const poller = new ShardPoller(this.#settings, id, reader, signal)
    // Before the first wait: two looks at the shards may overlap.
    this.#pollers.set(id, poller)
    try {
      await reader.open()
    } catch (error) {
      this.#pollers.delete(id)
      throw error
    }
    this.#run(this.#readToItsEnd(id, poller))
  }

  async #readToItsEnd(id: string, poller: ShardPoller): Promise<void> {
    if (!(await poller.run())) return
    this.#finished.add(id)
    await this.#followNewShards()
  }

  #run(work: Promise<void>): void {
    this.#running.add(work)
    void work.finally(() => this.#running.delete(work))
  }
}
