/**
 * A database in memory, with the peculiarity of each of the three stores that the protocol has to live with:
 * `transactional` (DynamoDB: documents without versions, a commit of two items that two reads can see half done),
 * `versioned` (Firestore: every document has an update time), `batched` (Cosmos: etags, both items in one partition,
 * and reads that lag unless the account's consistency forbids it).
 */
import { type Document, type Json, jsonEquals, setField } from '../../document/json.ts'
import { withoutFields } from '../../document/portable.ts'
import type { Change } from '../../replicate/change.ts'
import { type RecordRef, recordName, refFromName } from '../../replicate/record-ref.ts'
import { decodeRecord, encodeRecord } from '../../replicate/sync-record.ts'
import { changedFields, documentConditions, meets } from '../document-conditions.ts'
import { StoreUnavailable } from '../errors.ts'
import type { Commit, CommitResult, DocumentWrite, RecordStore, StoredDocument, StoredRecord } from '../record-store.ts'
import type { Tombstones } from '../tombstones.ts'
import { atOnce, type MemoryTiming } from './memory-timing.ts'

const tombstonePageSize = 2

export type StoreKind = 'transactional' | 'versioned' | 'batched'

export interface DocumentWritten {
  readonly ref: RecordRef
  readonly before: Document | undefined
  readonly after: Document | undefined
  /** Written by a merge, not by an application. */
  readonly merged: boolean
  /** The sync record of the same commit, as stored, where both become visible at once. */
  readonly record?: string
}

export interface RecordWritten {
  readonly ref: RecordRef
  /** As stored; undefined: there was none. */
  readonly before: string | undefined
  readonly after: string
  /** The change that the writer said it was applying. */
  readonly cause: Change | undefined
}

/** A sync record was pruned. */
export interface RecordRemoved {
  readonly ref: RecordRef
  /** As it was stored. */
  readonly before: string
}

interface DocumentRow {
  readonly document: Document
  readonly version: number
}

interface RecordRow {
  readonly text: string
  readonly version: number
}

export interface DatabaseListeners {
  readonly documentWritten: (write: DocumentWritten) => void
  readonly recordWritten: (write: RecordWritten) => void
  readonly recordRemoved?: (removal: RecordRemoved) => void
}

export interface MemoryOptions {
  readonly staleReads?: boolean
  /** Fields that every type here omits. */
  readonly omit?: readonly string[]
}

/** What an atomic write of the application makes of the present document; undefined: no document. */
export type Edit = (present: Document | undefined) => Document | undefined

export class MemoryDatabase {
  readonly kind: StoreKind
  /** Cosmos' session level: a reader without the writer's session token may see the state before the last write. */
  readonly staleReads: boolean
  readonly #omit: readonly string[]
  readonly #listeners: DatabaseListeners
  readonly #documents = new Map<string, DocumentRow>()
  readonly #records = new Map<string, RecordRow>()
  /** The state before the last write, for stale reads. */
  readonly #olderDocuments = new Map<string, DocumentRow | undefined>()
  /** Records in the middle of a transaction. */
  readonly #locked = new Set<string>()
  #versions = 0

  constructor(kind: StoreKind, listeners: DatabaseListeners, options: MemoryOptions = {}) {
    this.kind = kind
    this.#listeners = listeners
    this.staleReads = options.staleReads ?? false
    this.#omit = options.omit ?? []
  }

  /** An application's own atomic write. Rejects while a transaction holds the item, as DynamoDB does. */
  write(ref: RecordRef, edit: Edit): void {
    const name = recordName(ref)
    if (this.#locked.has(name)) throw new StoreUnavailable('TransactionConflict')
    this.#setDocument(ref, edit(this.#documents.get(name)?.document), false)
  }

  document(ref: RecordRef): Document | undefined {
    return this.#documents.get(recordName(ref))?.document
  }

  record(ref: RecordRef): string | undefined {
    return this.#records.get(recordName(ref))?.text
  }

  documentNames(): Iterable<string> {
    return this.#documents.keys()
  }

  recordNames(): Iterable<string> {
    return this.#records.keys()
  }

  /** Takes a sync record away, as pruning does. */
  forget(ref: RecordRef): void {
    this.#records.delete(recordName(ref))
  }

  /** The store as a flow sees it. `cause` is shown to the listeners with whatever is written through this view. */
  connect(timing: MemoryTiming = atOnce, cause?: Change): RecordStore {
    const readRecord = (ref: RecordRef): StoredRecord | undefined => {
      const row = this.#records.get(recordName(ref))
      return row && { record: decodeRecord(row.text), revision: String(row.version) }
    }
    const readDocument = (ref: RecordRef): StoredDocument => {
      const row = this.#readRow(recordName(ref))
      return { document: row && withoutFields(row.document, this.#omit), revision: String(row?.version ?? 0) }
    }
    const timed = async <Result>(effect: () => Result): Promise<Result> => {
      await timing.step()
      const result = effect()
      await timing.step()
      return result
    }
    const store: RecordStore = {
      readRecord: ref => timed(() => readRecord(ref)),
      readDocument: ref => timed(() => readDocument(ref)),
      commit: async commit => {
        await timing.step()
        const result = await this.#commit(commit, timing, cause)
        await timing.step()
        return result
      },
    }
    if (this.kind !== 'transactional') return store
    return {
      ...store,
      readBoth: ref =>
        timed(() =>
          this.#locked.has(recordName(ref)) ? 'raced' : { stored: readRecord(ref), document: readDocument(ref) },
        ),
    }
  }

  /** What pruning asks for. An index over what is gone, with pages so small that a run needs several. */
  tombstones(timing: MemoryTiming = atOnce): Tombstones {
    return {
      list: async (beforeMs, cursor = '') => {
        await timing.step()
        const names = [...this.#records]
          .filter(([name, { text }]) => name > cursor && (decodeRecord(text).goneAtMs ?? beforeMs + 1) <= beforeMs)
          .map(([name]) => name)
          .sort()
        const page = names.slice(0, tombstonePageSize)
        await timing.step()
        return { refs: page.map(refFromName), cursor: names.length > page.length ? page.at(-1) : undefined }
      },
      remove: async (ref, expected) => {
        await timing.step()
        const result = this.#remove(ref, expected)
        await timing.step()
        return result
      },
    }
  }

  #remove(ref: RecordRef, expected: string): CommitResult {
    const name = recordName(ref)
    const row = this.#records.get(name)
    if (this.#locked.has(name) || !row || String(row.version) !== expected) return 'raced'
    this.#records.delete(name)
    this.#listeners.recordRemoved?.({ ref, before: row.text })
    return 'committed'
  }

  #readRow(name: string): DocumentRow | undefined {
    const stale = this.staleReads && this.#olderDocuments.has(name)
    const row = stale ? this.#olderDocuments.get(name) : this.#documents.get(name)
    this.#olderDocuments.delete(name)
    return row
  }

  #commit(commit: Commit, timing: MemoryTiming, cause: Change | undefined): Promise<CommitResult> {
    const name = recordName(commit.ref)
    if (this.#locked.has(name) || !this.#isAsRead(commit)) return Promise.resolve('raced')
    const { document } = commit
    if (!document || this.kind !== 'transactional') {
      this.#setRecord(commit, cause)
      if (document) this.#setDocument(commit.ref, document.after, true, this.record(commit.ref))
      return Promise.resolve('committed')
    }
    // The transaction is decided; its two items change one after the other, whatever becomes of the caller.
    this.#locked.add(name)
    this.#setRecord(commit, cause)
    const { promise, resolve } = Promise.withResolvers<CommitResult>()
    timing.background(() => {
      this.#setDocument(commit.ref, patched(this.document(commit.ref), document), true)
      this.#locked.delete(name)
      resolve('committed')
    })
    return promise
  }

  #isAsRead({ ref, expected, document }: Commit): boolean {
    const name = recordName(ref)
    const record = this.#records.get(name)
    if ((record && String(record.version)) !== expected) return false
    if (!document) return true
    const row = this.#documents.get(name)
    if (this.kind === 'transactional') return meets(row?.document, documentConditions(document))
    return String(row?.version ?? 0) === document.read.revision
  }

  /** A store that writes documents whole carries along what is there and does not travel. */
  #withOmitted(present: Document | undefined, after: Document | undefined): Document | undefined {
    const omitted = this.#omit.filter(name => present !== undefined && Object.hasOwn(present, name))
    if (present === undefined || after === undefined || omitted.length === 0) return after
    const document: Record<string, Json> = { ...after }
    for (const name of omitted) setField(document, name, present[name] ?? null)
    return document
  }

  #setRecord({ ref, record }: Commit, cause: Change | undefined): void {
    const name = recordName(ref)
    const before = this.#records.get(name)?.text
    const after = encodeRecord(record)
    this.#records.set(name, { text: after, version: ++this.#versions })
    this.#listeners.recordWritten({ ref, before, after, cause })
  }

  #setDocument(ref: RecordRef, written: Document | undefined, merged: boolean, record?: string): void {
    const name = recordName(ref)
    const row = this.#documents.get(name)
    const after = merged ? this.#withOmitted(row?.document, written) : written
    // A write that changes nothing is none: DynamoDB and Firestore emit no event for it.
    if (jsonEquals(row?.document, after)) return
    this.#olderDocuments.set(name, row)
    if (after === undefined) this.#documents.delete(name)
    else this.#documents.set(name, { document: after, version: ++this.#versions })
    const beside = record === undefined ? {} : { record }
    this.#listeners.documentWritten({ ref, before: row?.document, after, merged, ...beside })
  }
}

/** SET and REMOVE of the fields that the merge changes: what the application wrote beside them stays. */
function patched(present: Document | undefined, { read, after }: DocumentWrite): Document | undefined {
  if (present === undefined || read.document === undefined || after === undefined) return after
  const document: Record<string, Json> = { ...present }
  for (const name of changedFields(read.document, after)) {
    if (Object.hasOwn(after, name)) setField(document, name, after[name] ?? null)
    else delete document[name]
  }
  return document
}
