/**
 * Which transactions are open, when do they read, and what have they read?
 *
 * Optimistic: nothing is locked. A transaction reads one moment of the past; its commit is refused with ABORTED if
 * anything that it read has changed since, and the client runs it again. The cloud's default is to lock instead; both
 * serialize, so applications see the same results, but here a busy document costs more retries.
 */
import { status } from '@grpc/grpc-js'
import type { DocumentStore } from './document-store.ts'
import type { CompiledQuery } from './queries.ts'
import { invalidArgument, Refusal } from './refusal.ts'

/** Firestore ends a transaction after 270 s, or after 60 s without a call. */
const lifetimeMicros = 270_000_000n
const idleMicros = 60_000_000n

export interface OpenTransaction {
  readonly id: Buffer
  readonly readOnly: boolean
  /** The moment that all its reads see, in microseconds. */
  readonly readTime: bigint
  readonly documents: Set<string>
  readonly queries: CompiledQuery[]
}

interface Entry {
  readonly transaction: OpenTransaction
  readonly begun: bigint
  lastUsed: bigint
}

export class Transactions {
  readonly #open = new Map<string, Entry>()
  #count = 0

  /** `now` and `readTime` in microseconds; both are usually the same. */
  begin(now: bigint, readTime: bigint, readOnly: boolean): OpenTransaction {
    this.#expire(now)
    this.#count += 1
    const id = Buffer.from(`transaction-${this.#count}`)
    const transaction = { id, readOnly, readTime, documents: new Set<string>(), queries: [] }
    this.#open.set(id.toString(), { transaction, begun: now, lastUsed: now })
    return transaction
  }

  /** Throws INVALID_ARGUMENT, with the words by which clients know that they should start over, if it is not open. */
  use(id: Buffer, now: bigint): OpenTransaction {
    this.#expire(now)
    const entry = this.#open.get(id.toString())
    if (!entry) throw invalidArgument('The referenced transaction has expired or is no longer valid.')
    entry.lastUsed = now
    return entry.transaction
  }

  end(id: Buffer): void {
    this.#open.delete(id.toString())
  }

  /** The earliest moment that an open transaction reads; `otherwise` if none is earlier. */
  earliestReadTime(otherwise: bigint): bigint {
    let earliest = otherwise
    for (const { transaction } of this.#open.values())
      if (transaction.readTime < earliest) earliest = transaction.readTime
    return earliest
  }

  #expire(now: bigint): void {
    for (const [id, { begun, lastUsed }] of this.#open)
      if (now - begun > lifetimeMicros || now - lastUsed > idleMicros) this.#open.delete(id)
  }
}

/** Throws ABORTED if a document that the transaction read, or the result of a query, is no longer what it was. */
export function assertReadsStillHold(transaction: OpenTransaction, store: DocumentStore): void {
  const { documents, queries, readTime } = transaction
  for (const name of documents) if (store.changedAfter(name, readTime)) throw contention()
  for (const query of queries) {
    const then = query.run(store, readTime)
    const now = query.run(store)
    // A document that did not change is one and the same object.
    if (then.length !== now.length || then.some((document, index) => document !== now[index])) throw contention()
  }
}

function contention(): Refusal {
  return new Refusal(
    status.ABORTED,
    'Aborted due to cross-transaction contention. This occurs when multiple transactions attempt to access the same data, requiring Firestore to abort at least one in order to enforce serializability.',
  )
}
