/** Reads one shard, gathers batches and delivers them one after the other: what keeps a shard in order. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Delivery } from './delivery.ts'
import type { MappingSettings } from './mapping-options.ts'
import { PAYLOAD_BYTES_MAX } from './payload-limit.ts'
import type { ShardReader, StreamRecord } from './stream-source.ts'

/** After this long without a record a shard counts as silent and is read less often. */
const SILENT_AFTER_MS = 2_000
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
  #buffer: Buffered[] = []
  #bufferedSinceMs = 0
  #lastRecordAtMs = Date.now()
  #readFailuresInARow = 0
  #readError: string | undefined
  #ended = false

  constructor(settings: MappingSettings, shardId: string, reader: ShardReader, signal: AbortSignal) {
    this.#settings = settings
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
    return !this.#ended && this.#buffer.length < this.#settings.batchSize
  }

  async #read(): Promise<void> {
    try {
      const { records, ended } = await this.#reader.read(this.#settings.batchSize - this.#buffer.length)
      this.#readFailuresInARow = 0
      this.#readError = undefined
      this.#ended = ended
      if (records.length === 0) return
      this.#lastRecordAtMs = Date.now()
      if (this.#buffer.length === 0) this.#bufferedSinceMs = this.#lastRecordAtMs
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
    await sleep(this.#pauseMs(), undefined, { signal: this.#signal }).catch(() => undefined)
  }

  #pauseMs(): number {
    const { pollIntervalMs, idlePollIntervalMs, retryBackoffBaseMs, retryBackoffMaxMs } = this.#settings
    if (this.#readFailuresInARow > 0) {
      return Math.min(retryBackoffMaxMs, retryBackoffBaseMs * 2 ** (this.#readFailuresInARow - 1))
    }
    const silentMs = Date.now() - this.#lastRecordAtMs
    return silentMs > SILENT_AFTER_MS ? Math.max(pollIntervalMs, idlePollIntervalMs) : pollIntervalMs
  }
}

function jsonBytes(event: unknown): number {
  return Buffer.byteLength(JSON.stringify(event))
}
