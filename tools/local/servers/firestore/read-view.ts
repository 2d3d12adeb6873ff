/** The documents as one call sees them: at one moment, and noted in the transaction that the call belongs to. */
import type { DocumentStore } from './document-store.ts'
import type { CompiledQuery } from './queries.ts'
import { microsToTimestamp } from './timestamps.ts'
import type { OpenTransaction } from './transactions.ts'
import type { FirestoreDocument, Timestamp } from './values.ts'

export class ReadView {
  readonly #store: DocumentStore
  readonly #at: bigint
  readonly #transaction: OpenTransaction | undefined

  /** `at` in microseconds of the database's clock. */
  constructor(store: DocumentStore, at: bigint, transaction?: OpenTransaction) {
    this.#store = store
    this.#at = at
    this.#transaction = transaction
  }

  get readTime(): Timestamp {
    return microsToTimestamp(this.#at)
  }

  document(name: string): FirestoreDocument | undefined {
    this.#transaction?.documents.add(name)
    return this.#store.read(name, this.#at)
  }

  /** The documents that match, in the order of the query. */
  matching(query: CompiledQuery): FirestoreDocument[] {
    this.#transaction?.queries.push(query)
    return query.run(this.#store, this.#at)
  }

  /** Collections that hold a document. */
  collections(): string[] {
    return this.#store.collections(this.#at)
  }

  documentsIn(collection: string): FirestoreDocument[] {
    return [...this.#store.documentsIn(collection, this.#at)]
  }
}
