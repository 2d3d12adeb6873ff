/** Requests about items: `/dbs/{id}/colls/{id}/docs` and `/dbs/{id}/colls/{id}/docs/{id}`. */
import type { Account } from './account.ts'
import { runBatch } from './batch.ts'
import { readChangeFeed } from './change-feed.ts'
import { sessionToken } from './consistency-level.ts'
import type { Container } from './container.ts'
import type { Answer, Request } from './http-exchange.ts'
import { flagOf, headerOf, isQuery, pageSizeOf, parseBody, parseJson } from './http-exchange.ts'
import type { ItemOperation, OperationResult } from './item-operation.ts'
import { applyOperation, readItem } from './item-operation.ts'
import type { PartitionKey } from './partition-key.ts'
import { badRequest, Refusal } from './refusal.ts'
import { refusalAnswer } from './refusal-answer.ts'
import { readCharge } from './request-charge.ts'
import { namedPartitionKey, scopeOf } from './scope.ts'
import type { SqlQuery } from './sql.ts'
import { runQuery, sqlQuerySchema } from './sql.ts'
import { Transaction } from './transaction.ts'

const queryPageDefault = 100
const queryPageMax = 1000
const everything: SqlQuery = { query: 'SELECT * FROM c', parameters: [] }

const typesByMethod: Readonly<Record<string, ItemOperation['type']>> = {
  GET: 'Read',
  PUT: 'Replace',
  PATCH: 'Patch',
  DELETE: 'Delete',
}

/** What a client may know of one partition after the answer. */
interface Seen {
  readonly partitionId: string
  readonly lsn: number
}

/** Everything a request about items needs. `id`: of the item it names, if any. */
export interface DocumentsRequest {
  readonly account: Account
  readonly container: Container
  readonly request: Request
  readonly id: string | undefined
  readonly nowMs: number
}

export function answerDocuments(call: DocumentsRequest): Answer {
  const { container, request, id, nowMs } = call
  container.purgeExpired(nowMs)
  if (id !== undefined) return answerItem(call, id)
  if (request.method === 'GET')
    return headerOf(request, 'a-im') === undefined ? answerQuery(call, everything) : answerChangeFeed(call)
  if (request.method !== 'POST') throw new Refusal(405, 'MethodNotAllowed', `${request.method} is not supported here.`)
  if (flagOf(request, 'x-ms-cosmos-is-batch-request')) return answerBatch(call)
  if (flagOf(request, 'x-ms-cosmos-is-query-plan-request'))
    throw badRequest('No query plans: this server runs every query over the whole container itself.')
  if (isQuery(request)) return answerQuery(call, parseBody(request, sqlQuerySchema))
  return answerWrite(call, flagOf(request, 'x-ms-documentdb-is-upsert') ? 'Upsert' : 'Create', undefined)
}

function answerItem(call: DocumentsRequest, id: string): Answer {
  const type = typesByMethod[call.request.method]
  if (type === undefined) throw new Refusal(405, 'MethodNotAllowed', `${call.request.method} is not supported here.`)
  return type === 'Read' ? answerRead(call, id) : answerWrite(call, type, id)
}

function answerRead({ account, container, request, nowMs }: DocumentsRequest, id: string): Answer {
  const key = wholePartitionKey(container, request)
  const view = account.view(container.partitionOf(key), request, nowMs)
  return answering(
    container,
    () => [view],
    () => itemAnswer(readItem(view, key, { id, ifNoneMatch: headerOf(request, 'if-none-match') })),
  )
}

function answerWrite(
  { container, request, nowMs }: DocumentsRequest,
  type: ItemOperation['type'],
  id: string | undefined,
): Answer {
  const key = wholePartitionKey(container, request)
  const partition = container.partitionOf(key)
  return answering(
    container,
    () => [{ partitionId: partition.id, lsn: partition.lsn }],
    () => {
      const transaction = new Transaction(partition, nowMs)
      const result = applyOperation(transaction, key, container.keyPaths, {
        type,
        id,
        body: type === 'Delete' ? undefined : parseJson(request.body),
        ifMatch: headerOf(request, 'if-match'),
        ifNoneMatch: headerOf(request, 'if-none-match'),
      })
      transaction.commit()
      return itemAnswer(result)
    },
  )
}

function answerBatch({ container, request, nowMs }: DocumentsRequest): Answer {
  const key = namedPartitionKey(request)
  const partitions = key === undefined ? container.partitions : [container.partitionOf(key)]
  return answering(
    container,
    () => partitions.map(({ id, lsn }) => ({ partitionId: id, lsn })),
    () => runBatch(container, request, key, nowMs),
  )
}

function answerChangeFeed({ container, request }: DocumentsRequest): Answer {
  const scope = scopeOf(container, request)
  return answering(
    container,
    () => scope.partitions.map(({ id, lsn }) => ({ partitionId: id, lsn })),
    () => readChangeFeed(container, scope, request),
  )
}

function answerQuery({ account, container, request, nowMs }: DocumentsRequest, query: SqlQuery): Answer {
  const scope = scopeOf(container, request)
  const views = scope.partitions.map(partition => account.view(partition, request, nowMs))
  return answering(
    container,
    () => views,
    () => {
      const items = views.flatMap(view => view.items().filter(scope.includes))
      const { results, continuation } = runQuery(
        items.map(item => item.document),
        query,
        {
          size: pageSizeOf(request, queryPageDefault, queryPageMax),
          continuation: headerOf(request, 'x-ms-continuation'),
          compositeIndexes: container.definition.indexingPolicy.compositeIndexes ?? [],
        },
      )
      return {
        status: 200,
        headers: {
          'x-ms-item-count': String(results.length),
          'x-ms-request-charge': String(readCharge(results.length * 1024)),
          ...(continuation === undefined ? {} : { 'x-ms-continuation': continuation }),
        },
        body: { _rid: container.rid, Documents: results, _count: results.length },
      }
    },
  )
}

/** The answer, also where it is a refusal, says which container it is of and what the client has now seen of it. */
function answering(container: Container, seen: () => readonly Seen[], run: () => Answer): Answer {
  const answer = answerOrRefusal(run)
  const views = seen()
  return {
    ...answer,
    headers: {
      'x-ms-content-path': container.rid,
      'x-ms-session-token': views.map(({ partitionId, lsn }) => sessionToken(partitionId, lsn)).join(','),
      lsn: String(Math.max(...views.map(({ lsn }) => lsn))),
      ...answer.headers,
    },
  }
}

function answerOrRefusal(run: () => Answer): Answer {
  try {
    return run()
  } catch (thrown) {
    if (thrown instanceof Refusal) return refusalAnswer(thrown)
    throw thrown
  }
}

function itemAnswer({ status, item, charge }: OperationResult): Answer {
  const headers = { 'x-ms-request-charge': String(charge) }
  if (item === undefined) return { status, headers }
  return { status, headers: { ...headers, etag: item.document._etag }, body: item.document }
}

/** Throws 400 unless the request names all levels of the partition key. */
function wholePartitionKey(container: Container, request: Request): PartitionKey {
  const key = namedPartitionKey(request)
  if (key === undefined) throw badRequest('PartitionKey value must be supplied for this operation.')
  if (key.length !== container.keyPaths.length)
    throw badRequest('Partition key provided either has fewer components than defined in the collection or more.', 1001)
  return key
}
