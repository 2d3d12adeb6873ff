/**
 * One Listen stream: the targets that a client watches, and what it has been told about each.
 *
 * After every commit a target that the commit may concern is evaluated again and the difference is sent. A client
 * that comes back with a resume token is told to forget what it had (RESET) and gets everything anew: it reports to
 * its user only what differs.
 *
 * Source: https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1#targetchange
 */
import type { ServerDuplexStream } from '@grpc/grpc-js'
import type { Database } from './database.ts'
import { assertDocumentName } from './document-names.ts'
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
  /** What the client was last told. */
  shown: ReadonlyMap<string, FirestoreDocument>
}

export class ListenStream {
  readonly #database: Database
  readonly #call: ListenCall
  readonly #targets = new Map<number, Target>()
  readonly #stopListening: () => void

  constructor(database: Database, call: ListenCall) {
    this.#database = database
    this.#call = call
    this.#stopListening = database.onCommit((changes, commitTime) =>
      this.#showChanges(
        changes.map(({ name }) => name),
        commitTime,
      ),
    )
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

  #showChanges(names: readonly string[], commitTime: Timestamp): void {
    const concerned = [...this.#targets.values()].filter(target => names.some(name => target.covers(name)))
    if (concerned.length === 0) return
    const view = this.#database.present()
    for (const target of concerned) this.#showDifference(target, view)
    this.#sendTargetChange({ targetChangeType: 'NO_CHANGE', targetIds: [], ...progress(commitTime) })
  }

  #showDifference(target: Target, view: ReadView): void {
    const present = new Map(target.documents(view).map(document => [document.name, document]))
    for (const [name, document] of present)
      if (target.shown.get(name) !== document)
        this.#call.write({ documentChange: { document, targetIds: [target.id], removedTargetIds: [] } })
    for (const name of target.shown.keys()) if (!present.has(name)) this.#sendRemoval(name, target.id, view)
    target.shown = present
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
    shown: new Map(),
  }
}

/** Everything up to `readTime` has been sent; the token only has to be present. */
function progress(readTime: Timestamp): { readonly readTime: Timestamp; readonly resumeToken: Buffer } {
  return { readTime, resumeToken: Buffer.from(`${readTime.seconds}.${readTime.nanos}`) }
}
