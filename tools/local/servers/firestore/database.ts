/**
 * The database behind the service: reads at one moment, commits that happen whole or not at all.
 *
 * Every method runs without a pause, and JavaScript runs one at a time: that alone makes commits serial. What is
 * left to do is to check all of a commit before any of it is applied.
 */
import { status } from '@grpc/grpc-js'
import { DocumentStore, type DocumentWrite } from './document-store.ts'
import type { Consistency, TransactionOptions, Write } from './messages.ts'
import { ReadView } from './read-view.ts'
import { invalidArgument, Refusal } from './refusal.ts'
import { StoreClock } from './store-clock.ts'
import { microsToTimestamp, timestampToMicros } from './timestamps.ts'
import { assertReadsStillHold, type OpenTransaction, Transactions } from './transactions.ts'
import type { Timestamp } from './values.ts'
import { stageWrites, targetOf, type WriteResult } from './writes.ts'

/** How far back a read at a given time may look. The cloud keeps an hour; memory is dearer here. */
const historyMicros = 10_000_000n

export interface CommitResult {
  readonly results: readonly WriteResult[]
  readonly commitTime: Timestamp
}

/** The outcome of one write of a batch whose writes stand alone. */
export type IndependentWriteResult = { readonly result: WriteResult } | { readonly refusal: Refusal }

/** Called after each commit that changed something, before its answer is sent, in the order of the commits. */
export type CommitListener = (changes: readonly DocumentWrite[], commitTime: Timestamp) => void

/** What a read sees, and the id of the transaction that it began, if it was asked to begin one. */
export interface Snapshot {
  readonly view: ReadView
  readonly begun: Buffer | undefined
}

export class Database {
  readonly #store = new DocumentStore()
  readonly #clock = new StoreClock()
  readonly #transactions = new Transactions()
  readonly #listeners = new Set<CommitListener>()

  /** Returns the way to stop listening. */
  onCommit(listener: CommitListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  present(): ReadView {
    return new ReadView(this.#store, this.#clock.tick())
  }

  /** Throws INVALID_ARGUMENT for a transaction that is not open, FAILED_PRECONDITION for a time too long ago. */
  snapshot(consistency: Consistency): Snapshot {
    const now = this.#clock.tick()
    switch (consistency.consistencySelector) {
      case 'transaction':
        return { view: this.#viewOf(this.#transactions.use(consistency.transaction, now)), begun: undefined }
      case 'newTransaction': {
        const transaction = this.#begin(consistency.newTransaction, now)
        return { view: this.#viewOf(transaction), begun: transaction.id }
      }
      case 'readTime':
        return { view: new ReadView(this.#store, pastTime(consistency.readTime, now)), begun: undefined }
      default:
        return { view: new ReadView(this.#store, now), begun: undefined }
    }
  }

  begin(options: TransactionOptions | null): Buffer {
    return this.#begin(options, this.#clock.tick()).id
  }

  rollback(transaction: Buffer): void {
    this.#transactions.end(transaction)
  }

  /**
   * Makes all the writes or none. An empty `transaction` means that the commit belongs to none.
   * Throws ABORTED if what the transaction read has changed, and whatever `stageWrites` throws.
   */
  commit(writes: readonly Write[], transaction: Buffer): CommitResult {
    const commitTime = this.#clock.tick()
    if (transaction.length > 0) this.#close(transaction, writes, commitTime)
    return this.#write(writes, commitTime)
  }

  /** Makes each write that can be made. Throws INVALID_ARGUMENT if two of them concern the same document. */
  writeEach(writes: readonly Write[]): IndependentWriteResult[] {
    if (new Set(writes.map(targetOf)).size < writes.length)
      throw invalidArgument('Cannot write to the same document more than once in one BatchWrite.')
    return writes.map(write => {
      try {
        const [result] = this.#write([write], this.#clock.tick()).results
        if (!result) throw new Error('a write gave no result')
        return { result }
      } catch (error) {
        if (error instanceof Refusal) return { refusal: error }
        throw error
      }
    })
  }

  #write(writes: readonly Write[], commitMicros: bigint): CommitResult {
    const { results, changes } = stageWrites(name => this.#store.read(name), writes, commitMicros)
    const commitTime = microsToTimestamp(commitMicros)
    if (changes.length > 0) {
      this.#store.apply(changes, commitMicros, this.#transactions.earliestReadTime(commitMicros - historyMicros))
      for (const listener of this.#listeners) listener(changes, commitTime)
    }
    return { results, commitTime }
  }

  /** A transaction is over with its commit, whatever comes of it. */
  #close(id: Buffer, writes: readonly Write[], now: bigint): void {
    const transaction = this.#transactions.use(id, now)
    this.#transactions.end(id)
    if (!transaction.readOnly) assertReadsStillHold(transaction, this.#store)
    else if (writes.length > 0) throw invalidArgument('Cannot modify entities in a read-only transaction.')
  }

  #begin(options: TransactionOptions | null, now: bigint): OpenTransaction {
    if (options?.mode !== 'readOnly') return this.#transactions.begin(now, now, false)
    const { readTime } = options.readOnly
    return this.#transactions.begin(now, readTime ? pastTime(readTime, now) : now, true)
  }

  #viewOf(transaction: OpenTransaction): ReadView {
    return new ReadView(this.#store, transaction.readTime, transaction)
  }
}

function pastTime(time: Timestamp, now: bigint): bigint {
  const at = timestampToMicros(time)
  if (at > now) throw invalidArgument('read_time cannot be in the future.')
  if (at < now - historyMicros)
    throw new Refusal(status.FAILED_PRECONDITION, 'The requested snapshot version is too old.')
  return at
}
