/**
 * What did a write do to a document, if all there is to ask is Firestore's Listen? It tells of every document as it is
 * now, never of what it was: so the last version seen is kept, and is the image before. Versions that follow closely may
 * be told as one. The application's writes are then one event, from the last version that was told to the present one.
 *
 * Whenever a stream begins the server lists all documents, and only differences to what was seen are writes: what
 * happened while there was no stream is not missed. The first list counts as just written.
 *
 * Source: https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1#listenresponse
 */
import type { DocumentWrite } from '../servers/firestore/server.ts'
import { microsToTimestamp } from '../servers/firestore/timestamps.ts'
import type { FirestoreDocument, Timestamp } from '../servers/firestore/values.ts'

/** One answer of a Listen stream with a single target, as proto-loader decodes it. */
export type ListenResponse =
  | { readonly responseType: 'targetChange'; readonly targetChange: TargetChange }
  | { readonly responseType: 'documentChange'; readonly documentChange: { readonly document: FirestoreDocument } }
  | { readonly responseType: 'documentDelete'; readonly documentDelete: DocumentGone }
  | { readonly responseType: 'documentRemove'; readonly documentRemove: DocumentGone }
  | { readonly responseType: 'filter'; readonly filter: { readonly count: number } }

interface TargetChange {
  readonly targetChangeType: 'NO_CHANGE' | 'ADD' | 'REMOVE' | 'CURRENT' | 'RESET'
  /** Why the target was removed. */
  readonly cause: { readonly message: string } | null
  readonly readTime: Timestamp | null
}

interface DocumentGone {
  readonly document: string
  readonly readTime: Timestamp | null
}

/** The stream cannot go on: open another one, from the beginning. */
export class ListenBroken extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'ListenBroken'
  }
}

export class ListenedDocuments {
  readonly #seen = new Map<string, FirestoreDocument>()
  /** The documents that were listed so far; undefined once all of them were. */
  #listed: Set<string> | undefined

  /** A stream begins. */
  restart(): void {
    this.#listed = new Set()
  }

  /** The writes that an answer tells of. Throws `ListenBroken`. */
  take(response: ListenResponse): readonly DocumentWrite[] {
    switch (response.responseType) {
      case 'documentChange':
        return this.#changed(response.documentChange.document)
      case 'documentDelete':
        return this.#gone(response.documentDelete.document, response.documentDelete.readTime)
      // A collection as a whole holds whatever exists: what is no longer in it was deleted.
      case 'documentRemove':
        return this.#gone(response.documentRemove.document, response.documentRemove.readTime)
      case 'targetChange':
        return this.#targetChanged(response.targetChange)
      case 'filter':
        if (response.filter.count === this.#seen.size) return []
        throw new ListenBroken(`${this.#seen.size} documents are known where there are ${response.filter.count}`)
    }
  }

  #changed(after: FirestoreDocument): readonly DocumentWrite[] {
    const { name, updateTime } = after
    this.#listed?.add(name)
    const before = this.#seen.get(name)
    if (before && isSameTime(before.updateTime, updateTime)) return []
    this.#seen.set(name, after)
    return [{ name, before, after, commitTime: updateTime }]
  }

  #gone(name: string, readTime: Timestamp | null): readonly DocumentWrite[] {
    const before = this.#seen.get(name)
    if (!before) return []
    this.#seen.delete(name)
    return [{ name, before, after: undefined, commitTime: readTime ?? now() }]
  }

  #targetChanged({ targetChangeType, cause, readTime }: TargetChange): readonly DocumentWrite[] {
    if (targetChangeType === 'REMOVE') throw new ListenBroken(cause?.message ?? 'the server ended it')
    if (targetChangeType === 'RESET') this.restart()
    return targetChangeType === 'CURRENT' ? this.#allListed(readTime) : []
  }

  #allListed(readTime: Timestamp | null): readonly DocumentWrite[] {
    const listed = this.#listed
    if (!listed) return []
    this.#listed = undefined
    const missing = [...this.#seen.keys()].filter(name => !listed.has(name))
    return missing.flatMap(name => this.#gone(name, readTime))
  }
}

function isSameTime(a: Timestamp, b: Timestamp): boolean {
  return a.seconds === b.seconds && a.nanos === b.nanos
}

function now(): Timestamp {
  return microsToTimestamp(BigInt(Date.now()) * 1000n)
}
