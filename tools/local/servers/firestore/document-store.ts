/**
 * All documents, now and a little into the past.
 *
 * Why versions: every read of a transaction has to see the same moment, however many commits happen between the
 * first read and the last. So each document keeps the versions that an open transaction may still ask for, and for a
 * short while those that a read at a given time may ask for.
 *
 * Times are microseconds of the database's clock. Reads see the present unless a time is given.
 */
import { collectionOf } from './document-names.ts'
import type { FirestoreDocument, Timestamp } from './values.ts'

/** What one commit did to one document: `before` undefined is a creation, `after` undefined a deletion. */
export interface DocumentWrite {
  readonly name: string
  readonly before: FirestoreDocument | undefined
  readonly after: FirestoreDocument | undefined
  readonly commitTime: Timestamp
}

interface Version {
  readonly since: bigint
  /** Undefined while the document does not exist. */
  readonly document: FirestoreDocument | undefined
}

export class DocumentStore {
  /** Versions, oldest first, by collection and by document name. */
  readonly #collections = new Map<string, Map<string, Version[]>>()
  /** One entry for every version that a later one replaced, in the order of the replacements. */
  readonly #replaced: { readonly name: string; readonly at: bigint }[] = []

  read(name: string, at?: bigint): FirestoreDocument | undefined {
    return versionAt(this.#versions(name), at)?.document
  }

  /** True if the document was created, changed or deleted after `time`. */
  changedAfter(name: string, time: bigint): boolean {
    const latest = this.#versions(name).at(-1)
    return latest !== undefined && latest.since > time
  }

  /** The documents directly in a collection (`projects/.../documents/carts`), in no particular order. */
  *documentsIn(collection: string, at?: bigint): Generator<FirestoreDocument> {
    for (const versions of this.#collections.get(collection)?.values() ?? []) {
      const document = versionAt(versions, at)?.document
      if (document) yield document
    }
  }

  /** The collections that hold a document, in no particular order. */
  collections(at?: bigint): string[] {
    return [...this.#collections.keys()].filter(collection => !this.documentsIn(collection, at).next().done)
  }

  /** Makes the writes of one commit visible all at once. Reads before `keepFrom` are no longer answered. */
  apply(writes: readonly DocumentWrite[], time: bigint, keepFrom: bigint): void {
    for (const { name, after } of writes) {
      const versions = this.#versionsForWriting(name)
      if (versions.length > 0) this.#replaced.push({ name, at: time })
      versions.push({ since: time, document: after })
    }
    this.#forget(keepFrom)
  }

  #forget(keepFrom: bigint): void {
    const kept = this.#replaced.findIndex(({ at }) => at > keepFrom)
    for (const { name } of this.#replaced.splice(0, kept === -1 ? this.#replaced.length : kept)) {
      const versions = this.#versions(name)
      versions.shift()
      if (versions.length === 1 && versions[0]?.document === undefined) this.#remove(name)
    }
  }

  #versions(name: string): Version[] {
    return this.#collections.get(collectionOf(name))?.get(name) ?? []
  }

  #versionsForWriting(name: string): Version[] {
    const collection = this.#collections.get(collectionOf(name)) ?? new Map<string, Version[]>()
    const versions = collection.get(name) ?? []
    this.#collections.set(collectionOf(name), collection.set(name, versions))
    return versions
  }

  #remove(name: string): void {
    const collection = this.#collections.get(collectionOf(name))
    collection?.delete(name)
    if (collection?.size === 0) this.#collections.delete(collectionOf(name))
  }
}

function versionAt(versions: readonly Version[], at: bigint | undefined): Version | undefined {
  return at === undefined ? versions.at(-1) : versions.findLast(({ since }) => since <= at)
}
