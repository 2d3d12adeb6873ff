/**
 * Reads a shard by iterators, for both services. Three things are less simple than "ask with the iterator of the last
 * answer":
 *
 * - Iterators expire (5 and 15 minutes). Then a new one is taken behind the last record read. A reader that started
 *   at LATEST and has read nothing begins at the horizon: repeating old records is allowed, missing one is not.
 * - Records are trimmed after the retention. Then reading goes on at the oldest that there is.
 * - An answer without records may carry an iterator that a record still being written falls behind: kinesalite puts
 *   the time of asking into it, and it is not the time of the write that decides but when it becomes visible. So at
 *   the tip of a shard an iterator is used again until the next one is older than any write can take.
 */
import type { ShardPosition, ShardReader, StreamRecord } from './stream-source.ts'

/** Longer than any write takes, shorter than an iterator lives; needed to see the end of a closed shard. */
const SETTLE_MS = 1_000

export interface ShardPage {
  readonly records: readonly StreamRecord[]
  /** Undefined at the end of a closed shard. */
  readonly nextIterator: string | undefined
  /** The service said that there is nothing behind these records at present. */
  readonly atTip: boolean
}

export interface IteratorCalls {
  takeIterator(position: ShardPosition): Promise<string | undefined>
  readPage(iterator: string, limit: number): Promise<ShardPage>
}

export function createShardReader(calls: IteratorCalls, position: ShardPosition): ShardReader {
  return new IteratorReader(calls, position)
}

class IteratorReader implements ShardReader {
  readonly #calls: IteratorCalls
  /** Where a new iterator is taken. */
  #position: ShardPosition
  #iterator: string | undefined
  #next: { readonly iterator: string; readonly sinceMs: number } | undefined
  #ended = false

  constructor(calls: IteratorCalls, position: ShardPosition) {
    this.#calls = calls
    this.#position = position
  }

  async open(): Promise<void> {
    this.#next = undefined
    this.#iterator = await this.#calls.takeIterator(this.#position)
    if (this.#position === 'LATEST') this.#position = 'TRIM_HORIZON'
    this.#ended = this.#iterator === undefined
  }

  async read(limit: number): Promise<{ records: readonly StreamRecord[]; ended: boolean }> {
    if (this.#iterator === undefined && !this.#ended) await this.open()
    if (this.#iterator === undefined) return { records: [], ended: true }
    try {
      const page = await this.#calls.readPage(this.#iterator, limit)
      this.#advance(page)
      return { records: page.records, ended: this.#ended }
    } catch (error) {
      if (!this.#recovers(error)) throw error
      return { records: [], ended: false }
    }
  }

  #advance({ records, nextIterator, atTip }: ShardPage): void {
    const last = records.at(-1)
    if (last) this.#position = { after: last.sequenceNumber }
    if (nextIterator === undefined) {
      this.#iterator = undefined
      this.#ended = true
    } else if (last || !atTip) {
      this.#iterator = nextIterator
      this.#next = undefined
    } else if (!this.#next) {
      this.#next = { iterator: nextIterator, sinceMs: Date.now() }
    } else if (Date.now() - this.#next.sinceMs > SETTLE_MS) {
      this.#iterator = this.#next.iterator
      this.#next = undefined
    }
  }

  #recovers(error: unknown): boolean {
    const name = error instanceof Error ? error.name : ''
    if (name === 'TrimmedDataAccessException') this.#position = 'TRIM_HORIZON'
    else if (name !== 'ExpiredIteratorException') return false
    this.#iterator = undefined
    return true
  }
}
