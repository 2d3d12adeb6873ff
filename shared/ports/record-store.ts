/** One site's database, as the flows need it: the application's documents and the sync records beside them. */
import type { Document } from '../document/json.ts'
import type { RecordRef } from '../replicate/record-ref.ts'
import type { SyncRecord } from '../replicate/sync-record.ts'

/** A store's own token for "as it was read"; only its adapter looks inside. */
export type Revision = string

export interface StoredRecord {
  readonly record: SyncRecord
  readonly revision: Revision
}

export interface StoredDocument {
  /** Undefined: there is none. Without its key fields and without those that its type omits. */
  readonly document: Document | undefined
  /** The omitted fields, where a store writes documents whole and has to carry them along; only it looks inside. */
  readonly aside?: Document
  readonly revision: Revision
}

export interface DocumentWrite {
  /** As it was read: the write happens only if it still is. */
  readonly read: StoredDocument
  /** Undefined: delete it. Holds no field that its type omits. */
  readonly after: Document | undefined
  /** The document is one value: anything that changed in it since the read, touched here or not, is a race. */
  readonly indivisible: boolean
  /** Top-level fields that the declaration names: those absent in `read` must still be absent. */
  readonly declared: readonly string[]
}

export interface Commit {
  readonly ref: RecordRef
  readonly record: SyncRecord
  /** The revision that was read; undefined: there was no sync record. */
  readonly expected: Revision | undefined
  /** Written in the same atomic step; absent: only the sync record is written. */
  readonly document?: DocumentWrite
}

/** `raced`: something was not as it was read, and nothing was written. */
export type CommitResult = 'committed' | 'raced'

/**
 * Reads are strongly consistent. Every method rejects with `StoreUnavailable` when the store throttles or cannot be
 * reached; `readDocument` and `readBoth` with `ValueRefused` for a document that cannot be carried.
 */
export interface RecordStore {
  readRecord(ref: RecordRef): Promise<StoredRecord | undefined>
  readDocument(ref: RecordRef): Promise<StoredDocument>
  /**
   * Both as of one moment. Only where a commit of both can be seen half done by two reads one after the other
   * (DynamoDB's transactions); absent elsewhere. `raced`: a commit was under way.
   */
  readBoth?(ref: RecordRef): Promise<{ stored: StoredRecord | undefined; document: StoredDocument } | 'raced'>
  commit(commit: Commit): Promise<CommitResult>
}
