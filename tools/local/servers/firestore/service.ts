/**
 * The gRPC service `google.firestore.v1.Firestore` over a database: decodes each call, hands it on, encodes the
 * answer. A method that is not here (Write, ExecutePipeline, the REST-only single-document writes) answers
 * UNIMPLEMENTED by itself.
 */
import {
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import { aggregate } from './aggregations.ts'
import { Database } from './database.ts'
import { assertDocumentName } from './document-names.ts'
import type { DocumentWrite } from './document-store.ts'
import { parseFieldPath, project } from './field-paths.ts'
import { type ListenCall, ListenStream } from './listen.ts'
import { listCollectionIds, listDocuments } from './listing.ts'
import type {
  BatchGetDocumentsRequest,
  BatchWriteRequest,
  BeginTransactionRequest,
  CommitRequest,
  GetDocumentRequest,
  ListCollectionIdsRequest,
  ListDocumentsRequest,
  ListenRequest,
  RollbackRequest,
  RunAggregationQueryRequest,
  RunQueryRequest,
} from './messages.ts'
import { compileQuery } from './queries.ts'
import { Refusal } from './refusal.ts'

/** The ways in which a store can be out of reach for a while. */
export type Outage = 'RESOURCE_EXHAUSTED' | 'UNAVAILABLE'

type Send = (message: object) => void

export class FirestoreService {
  readonly #database = new Database()
  readonly #listenCalls = new Set<ListenCall>()
  #outage: Refusal | undefined
  /** Calls that failed so, listeners not counted. */
  refused = 0

  /** Calls back for every document that a commit changed, in order; returns the way to stop. */
  onWrite(listener: (write: DocumentWrite) => void): () => void {
    return this.#database.onCommit(changes => {
      for (const write of changes) listener(write)
    })
  }

  /** From now on all calls fail, and open listeners are cut; `undefined` ends that. */
  refuse(outage: Outage | undefined): void {
    this.#outage = outage && new Refusal(status[outage], `The local Firestore was told to answer ${outage}.`)
    if (this.#outage) for (const call of this.#listenCalls) call.emit('error', statusOf(this.#outage))
  }

  /** The methods of the service, as grpc-js wants them. */
  handlers(): UntypedServiceImplementation {
    return {
      Commit: this.#unary((request: CommitRequest) => this.#commit(request)),
      BatchWrite: this.#unary((request: BatchWriteRequest) => this.#batchWrite(request)),
      BeginTransaction: this.#unary((request: BeginTransactionRequest) => ({
        transaction: this.#database.begin(request.options),
      })),
      Rollback: this.#unary((request: RollbackRequest) => {
        this.#database.rollback(request.transaction)
        return {}
      }),
      GetDocument: this.#unary((request: GetDocumentRequest) => this.#getDocument(request)),
      BatchGetDocuments: this.#stream((request: BatchGetDocumentsRequest, send) => this.#batchGet(request, send)),
      RunQuery: this.#stream((request: RunQueryRequest, send) => this.#runQuery(request, send)),
      RunAggregationQuery: this.#stream((request: RunAggregationQueryRequest, send) =>
        this.#runAggregation(request, send),
      ),
      ListDocuments: this.#unary((request: ListDocumentsRequest) =>
        listDocuments(this.#database.snapshot(request).view, request),
      ),
      ListCollectionIds: this.#unary((request: ListCollectionIdsRequest) =>
        listCollectionIds(this.#database.snapshot(request).view, request),
      ),
      // No cuts: the client then reads the whole query as one partition.
      PartitionQuery: this.#unary(() => ({ partitions: [] })),
      Listen: this.#listen(),
    }
  }

  #commit({ writes, transaction }: CommitRequest): object {
    const { results, commitTime } = this.#database.commit(writes, transaction)
    return { writeResults: results, commitTime }
  }

  #batchWrite({ writes }: BatchWriteRequest): object {
    const outcomes = this.#database.writeEach(writes)
    return {
      writeResults: outcomes.map(outcome => ('result' in outcome ? outcome.result : {})),
      status: outcomes.map(outcome =>
        'refusal' in outcome
          ? { code: outcome.refusal.code, message: outcome.refusal.message }
          : { code: status.OK, message: '' },
      ),
    }
  }

  #getDocument(request: GetDocumentRequest): object {
    assertDocumentName(request.name)
    const document = this.#database.snapshot(request).view.document(request.name)
    if (!document) throw new Refusal(status.NOT_FOUND, `Document "${request.name}" not found.`)
    return project(document, request.mask?.fieldPaths.map(parseFieldPath))
  }

  /** All documents at one moment, each once. */
  #batchGet(request: BatchGetDocumentsRequest, send: Send): void {
    for (const name of request.documents) assertDocumentName(name)
    const mask = request.mask?.fieldPaths.map(parseFieldPath)
    const { view, begun } = this.#database.snapshot(request)
    const { readTime } = view
    if (begun) send({ transaction: begun })
    for (const name of new Set(request.documents)) {
      const document = view.document(name)
      send(document ? { found: project(document, mask), readTime } : { missing: name, readTime })
    }
  }

  #runQuery(request: RunQueryRequest, send: Send): void {
    assertNotExplained(request)
    const query = compileQuery(request.parent, request.structuredQuery)
    const { view, begun } = this.#database.snapshot(request)
    const { readTime } = view
    if (begun) send({ transaction: begun })
    const documents = view.matching(query)
    for (const document of documents) send({ document: project(document, query.selected), readTime })
    if (documents.length === 0) send({ readTime })
  }

  #runAggregation(request: RunAggregationQueryRequest, send: Send): void {
    assertNotExplained(request)
    const { structuredQuery, aggregations } = request.structuredAggregationQuery
    const query = compileQuery(request.parent, structuredQuery)
    const { view, begun } = this.#database.snapshot(request)
    const aggregateFields = aggregate(view.matching(query), aggregations)
    send({ transaction: begun, result: { aggregateFields }, readTime: view.readTime })
  }

  #unary<Request>(answer: (request: Request) => object): handleUnaryCall<Request, object> {
    return (call, callback) => {
      try {
        this.#assertReachable()
        callback(null, answer(call.request))
      } catch (error) {
        callback(statusOf(error))
      }
    }
  }

  #stream<Request>(answer: (request: Request, send: Send) => void): handleServerStreamingCall<Request, object> {
    return call => {
      try {
        this.#assertReachable()
        answer(call.request, message => call.write(message))
        call.end()
      } catch (error) {
        call.emit('error', statusOf(error))
      }
    }
  }

  #listen(): handleBidiStreamingCall<ListenRequest, object> {
    return call => {
      if (this.#outage) {
        call.emit('error', statusOf(this.#outage))
        return
      }
      const stream = new ListenStream(this.#database, call)
      this.#listenCalls.add(call)
      const close = () => {
        this.#listenCalls.delete(call)
        stream.close()
      }
      call.on('data', (request: ListenRequest) => {
        try {
          stream.handle(request)
        } catch (error) {
          call.emit('error', statusOf(error))
        }
      })
      call.on('end', () => {
        close()
        call.end()
      })
      call.on('cancelled', close)
      call.on('error', close)
    }
  }

  #assertReachable(): void {
    if (!this.#outage) return
    this.refused += 1
    throw this.#outage
  }
}

function assertNotExplained({ explainOptions }: { readonly explainOptions: object | null }): void {
  if (explainOptions) throw new Refusal(status.UNIMPLEMENTED, 'This server does not explain queries.')
}

/** What the client is told: a refusal as it is, anything else as a fault of this server. */
function statusOf(error: unknown): { readonly code: status; readonly details: string } {
  if (error instanceof Refusal) return { code: error.code, details: error.message }
  return { code: status.INTERNAL, details: error instanceof Error ? (error.stack ?? error.message) : String(error) }
}
