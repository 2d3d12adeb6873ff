/** Reads one shard, gathers batches and delivers them one after the other: what keeps a shard in order. */
import { Doorbell } from '../runtime/doorbell.ts'
import { Delivery } from './delivery.ts'
import type { MappingSettings } from './mapping-options.ts'
import { PAYLOAD_BYTES_MAX } from './payload-limit.ts'
import type { ShardReader, StreamRecord } from './stream-source.ts'

/** How much longer each pause is than the one before, while nothing comes. */
const PAUSE_GROWTH = 2
/** `{"Records":[]}` and a comma per record have to fit too. */
const BATCH_BYTES_MAX = PAYLOAD_BYTES_MAX - 16 * 1024

interface Buffered {
  readonly record: StreamRecord
  readonly bytes: number
}

export class ShardPoller {
  readonly #settings: MappingSettings
  readonly #reader: ShardReader
  readonly #signal: AbortSignal
  readonly #delivery: Delivery
  readonly #doorbell: Doorbell
  #buffer: Buffered[] = []
  #bufferedSinceMs = 0
  /** By `performance.now()`; in the past unless reads have an interval. */
  #nextReadMs: number
  /** Rings of the doorbell before the last read. */
  #ringsHeard = 0
  #nextPauseMs: number
  #readFailuresInARow = 0
  #readError: string | undefined
  #ended = false

  constructor(settings: MappingSettings, shardId: string, reader: ShardReader, signal: AbortSignal) {
    this.#settings = settings
    this.#doorbell = (settings.readEveryMs === undefined ? settings.doorbell : undefined) ?? new Doorbell()
    this.#nextPauseMs = settings.pollIntervalMs
    // Pollers that began in step would stay so, and each would wait for nearly all of its interval behind the one before.
    this.#nextReadMs = performance.now() + Math.random() * (settings.readEveryMs ?? 0)
    this.#reader = reader
    this.#signal = signal
    this.#delivery = new Delivery(settings, shardId, signal)
  }

  /** Resolves with true at the end of a closed shard, with false after the signal. */
  async run(): Promise<boolean> {
    while (!this.#signal.aborted) {
      if (this.#wantsMore()) await this.#read()
      if (this.#isBatchReady()) await this.#delivery.deliver(this.#takeBatch())
      else if (this.#ended) return true
      else await this.#pause()
    }
    return false
  }

  get failures(): number {
    return this.#delivery.failures
  }

  /** Why the stream cannot be read at present, or how the last failed invocation failed. */
  get lastError(): string | undefined {
    return this.#readError ?? this.#delivery.lastError
  }

  get checkpoint(): string | undefined {
    return this.#delivery.checkpoint
  }

  /** Age of the oldest record that was read and is neither done nor given up, in ms; 0 when there is none. */
  get lagMs(): number {
    const oldest = this.#delivery.oldest ?? this.#buffer[0]?.record
    return oldest ? Math.max(0, Date.now() - oldest.arrivedAtMs) : 0
  }

  #wantsMore(): boolean {
    return !this.#ended && this.#buffer.length < this.#settings.batchSize && performance.now() >= this.#nextReadMs
  }

  async #read(): Promise<void> {
    const { doorbell, pollIntervalMs, idlePollIntervalMs, readEveryMs = 0 } = this.#settings
    if (this.#doorbell.rings > this.#ringsHeard) this.#nextPauseMs = pollIntervalMs
    this.#ringsHeard = this.#doorbell.rings
    this.#nextReadMs = performance.now() + readEveryMs
    try {
      const limit = this.#settings.batchSize - this.#buffer.length
      const { records, ended } = await this.#reader.read(limit)
      this.#readFailuresInARow = 0
      this.#readError = undefined
      this.#ended = ended
      if (records.length === 0) return
      // Lambda's own reads are larger than a batch: what was left behind it would have already.
      if (records.length >= limit) this.#nextReadMs = 0
      // What comes next will ring; without a doorbell more is likely to come soon.
      this.#nextPauseMs = doorbell ? idlePollIntervalMs : pollIntervalMs
      if (this.#buffer.length === 0) this.#bufferedSinceMs = Date.now()
      for (const record of records) this.#buffer.push({ record, bytes: jsonBytes(record.event) })
    } catch (error) {
      this.#readFailuresInARow += 1
      this.#readError = String(error)
    }
  }

  #isBatchReady(): boolean {
    if (this.#buffer.length === 0) return false
    const { batchSize, batchWindowMs } = this.#settings
    return (
      this.#ended ||
      this.#buffer.length >= batchSize ||
      this.#countThatFits() < this.#buffer.length ||
      Date.now() - this.#bufferedSinceMs >= batchWindowMs
    )
  }

  #takeBatch(): StreamRecord[] {
    const batch = this.#buffer.slice(0, this.#countThatFits())
    this.#buffer = this.#buffer.slice(batch.length)
    this.#bufferedSinceMs = Date.now()
    return batch.map(({ record }) => record)
  }

  /** How many of the buffered records one event takes: at least one, for else a huge record would stop the shard. */
  #countThatFits(): number {
    let bytes = 0
    const firstThatDoesNot = this.#buffer.findIndex(buffered => {
      bytes += buffered.bytes + 1
      return bytes > BATCH_BYTES_MAX
    })
    return firstThatDoesNot === -1 ? this.#buffer.length : Math.max(1, firstThatDoesNot)
  }

  async #pause(): Promise<void> {
    // Rings do not shorten the pause after a failure.
    const rings = this.#readFailuresInARow > 0 ? Number.POSITIVE_INFINITY : this.#ringsHeard
    await this.#doorbell.waitBeyond(rings, this.#pauseMs(), this.#signal)
  }

  #pauseMs(): number {
    const { pollIntervalMs, idlePollIntervalMs, readEveryMs, retryBackoffBaseMs, retryBackoffMaxMs } = this.#settings
    if (this.#readFailuresInARow > 0) {
      return Math.min(retryBackoffMaxMs, retryBackoffBaseMs * 2 ** (this.#readFailuresInARow - 1))
    }
    // Records wait for the rest of their batch window.
    if (this.#buffer.length > 0) return pollIntervalMs
    if (readEveryMs !== undefined) return Math.max(1, this.#nextReadMs - performance.now())
    const pauseMs = Math.min(this.#nextPauseMs, Math.max(pollIntervalMs, idlePollIntervalMs))
    this.#nextPauseMs = pauseMs * PAUSE_GROWTH
    return pauseMs
  }
}

function jsonBytes(event: unknown): number {
  return Buffer.byteLength(JSON.stringify(event))
}
