/**
 * One Listen stream: the targets that a client watches, and what it has been told about each.
 *
 * After every commit each document that it changed is tested against the targets. Only a query with a limit is
 * evaluated again, as there one document may push out another. The order of documents is the client's own work. A client
 * that comes back with a resume token is told to forget what it had (RESET) and gets everything anew: it reports to
 * its user only what differs.
 *
 * Source: https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1#targetchange
 */
import type { ServerDuplexStream } from '@grpc/grpc-js'
import type { Database } from './database.ts'
import { assertDocumentName } from './document-names.ts'
import type { DocumentWrite } from './document-store.ts'
import type { AddTarget, ListenRequest } from './messages.ts'
import { compileQuery } from './queries.ts'
import type { ReadView } from './read-view.ts'
import { invalidArgument, Refusal } from './refusal.ts'
import type { FirestoreDocument, Timestamp } from './values.ts'

export type ListenCall = ServerDuplexStream<ListenRequest, object>

interface Target {
  readonly id: number
  /** True if a change of this document may change what the target shows. */
  covers(name: string): boolean
  documents(view: ReadView): readonly FirestoreDocument[]
  /** Whether a covered document shows, if that can be told from it alone. */
  readonly shows: ((document: FirestoreDocument) => boolean) | undefined
  /** What the client was last told. */
  shown: Map<string, FirestoreDocument>
}

export class ListenStream {
  readonly #database: Database
  readonly #call: ListenCall
  readonly #targets = new Map<number, Target>()
  readonly #stopListening: () => void

  constructor(database: Database, call: ListenCall) {
    this.#database = database
    this.#call = call
    this.#stopListening = database.onCommit((changes, commitTime) => this.#showChanges(changes, commitTime))
  }

  /** Adds or removes a target. A target that cannot be served is taken off again, with the reason. */
  handle(request: ListenRequest): void {
    if (request.targetChange === 'removeTarget') {
      this.#targets.delete(request.removeTarget)
      this.#sendTargetChange({ targetChangeType: 'REMOVE', targetIds: [request.removeTarget] })
      return
    }
    const { targetId, resumeToken } = request.addTarget
    this.#sendTargetChange({ targetChangeType: 'ADD', targetIds: [targetId] })
    try {
      this.#start(targetOf(request.addTarget), (resumeToken?.length ?? 0) > 0)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const cause = { code: error.code, message: error.message }
      this.#sendTargetChange({ targetChangeType: 'REMOVE', targetIds: [targetId], cause })
    }
  }

  close(): void {
    this.#stopListening()
    this.#targets.clear()
  }

  #start(target: Target, resumed: boolean): void {
    const targetIds = [target.id]
    const view = this.#database.present()
    if (resumed) this.#sendTargetChange({ targetChangeType: 'RESET', targetIds })
    this.#showDifference(target, view)
    this.#targets.set(target.id, target)
    this.#sendTargetChange({ targetChangeType: 'CURRENT', targetIds, ...progress(view.readTime) })
    this.#sendTargetChange({ targetChangeType: 'NO_CHANGE', targetIds: [], ...progress(view.readTime) })
  }

  #showChanges(changes: readonly DocumentWrite[], commitTime: Timestamp): void {
    let isConcerned = false
    for (const target of this.#targets.values()) {
      const covered = changes.filter(({ name }) => target.covers(name))
      if (covered.length === 0) continue
      isConcerned = true
      if (target.shows) for (const change of covered) this.#showChange(target, target.shows, change)
      else this.#showDifference(target, this.#database.present())
    }
    if (!isConcerned) return
    this.#sendTargetChange({ targetChangeType: 'NO_CHANGE', targetIds: [], ...progress(commitTime) })
  }

  #showChange(target: Target, shows: NonNullable<Target['shows']>, { name, after }: DocumentWrite): void {
    if (after && shows(after)) {
      target.shown.set(name, after)
      this.#sendDocument(after, target.id)
    } else if (target.shown.delete(name)) this.#sendRemoval(name, target.id, this.#database.present())
  }

  #showDifference(target: Target, view: ReadView): void {
    const present = new Map(target.documents(view).map(document => [document.name, document]))
    for (const [name, document] of present)
      if (target.shown.get(name) !== document) this.#sendDocument(document, target.id)
    for (const name of target.shown.keys()) if (!present.has(name)) this.#sendRemoval(name, target.id, view)
    target.shown = present
  }

  #sendDocument(document: FirestoreDocument, targetId: number): void {
    this.#call.write({ documentChange: { document, targetIds: [targetId], removedTargetIds: [] } })
  }

  /** Deleted and "no longer matches" are told apart. */
  #sendRemoval(document: string, targetId: number, view: ReadView): void {
    const removal = { document, removedTargetIds: [targetId], readTime: view.readTime }
    this.#call.write(view.document(document) ? { documentRemove: removal } : { documentDelete: removal })
  }

  #sendTargetChange(targetChange: object): void {
    this.#call.write({ targetChange })
  }
}

function targetOf({ targetId, query, documents }: AddTarget): Target {
  if (query) {
    const compiled = compileQuery(query.parent, query.structuredQuery)
    return {
      id: targetId,
      covers: compiled.covers,
      documents: view => view.matching(compiled),
      shows: compiled.showsAlone,
      shown: new Map(),
    }
  }
  if (!documents) throw invalidArgument('A target must name a query or documents.')
  const names = new Set(documents.documents)
  for (const name of names) assertDocumentName(name)
  return {
    id: targetId,
    covers: name => names.has(name),
    documents: view => [...names].flatMap(name => view.document(name) ?? []),
    shows: () => true,
    shown: new Map(),
  }
}

/** Everything up to `readTime` has been sent; the token only has to be present. */
function progress(readTime: Timestamp): { readonly readTime: Timestamp; readonly resumeToken: Buffer } {
  return { readTime, resumeToken: Buffer.from(`${readTime.seconds}.${readTime.nanos}`) }
}
