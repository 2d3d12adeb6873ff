/**
 * Azure Cosmos DB (API for NoSQL) on this machine: the gateway's REST interface, for the official clients.
 *
 * Why our own: the emulators that install from npm lose what this project stands on; their change feed silently stops
 * after one page and their batches are not atomic. Data lives in memory and ends with the server. Where the cloud
 * may show an older state, this server does, so that code which depends on luck fails here.
 *
 * Not imitated: throughput (see `refuse`), splits of partitions, several regions, stored procedures, resource tokens.
 */
import { createSecretKey, randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { Doorbell } from '../../runtime/doorbell.ts'
import { Account } from './account.ts'
import { assertAuthorized } from './authorization.ts'
import type { ConsistencyLevel } from './consistency-level.ts'
import { answerDocuments } from './documents-api.ts'
import type { Answer, Request } from './http-exchange.ts'
import type { StoredDocument } from './item.ts'
import { answerContainers, answerDatabases, answerPartitionKeyRanges } from './metadata-api.ts'
import type { KeyRange } from './partition-key.ts'
import { badRequest, Refusal } from './refusal.ts'
import { refusalAnswer } from './refusal-answer.ts'

export type { ConsistencyLevel } from './consistency-level.ts'

const readLagDefaultMs = 100
const retryAfterMs = 50
const tooManyRequests = { reason: 'TooManyRequests', substatus: 3200 }

export interface CosmosServer {
  /** `http://127.0.0.1:{port}/` */
  readonly endpoint: string
  /** The account's master key, Base64. */
  readonly key: string
  /**
   * From now on every request but the one for the account's document fails so, until called with `undefined`: 429 is
   * an exhausted throughput (with `x-ms-retry-after-ms`, after which clients try again by themselves), 503 an outage.
   */
  refuse(status: 429 | 503 | undefined): void
  /** How many requests for items failed so by now; looks into the change feed are not counted. */
  readonly refused: number
  /**
   * Rings after every transaction in this range of a container that `concerns` is true of: it is given each item as it is
   * now, or as it last was. Undefined if there is no such range.
   */
  changed(place: ChangedPlace, concerns: Concerns): Doorbell | undefined
  stop(): Promise<void>
}

export interface ChangedPlace {
  readonly database: string
  readonly container: string
  readonly range: KeyRange
}

export type Concerns = (documents: readonly StoredDocument[]) => boolean

export interface CosmosServerOptions {
  /** Default: a free one. */
  readonly port?: number
  /** Base64. Default: a random one. */
  readonly key?: string
  /** What the account promises of reads. Default: bounded staleness, where reads are current. */
  readonly consistency?: ConsistencyLevel
  /** How far reads lag under session (without the token of a later write), consistent prefix and eventual consistency. */
  readonly staleness?: { readonly readMs: number }
}

export async function startCosmosServer(options: CosmosServerOptions = {}): Promise<CosmosServer> {
  const key = options.key ?? randomBytes(64).toString('base64')
  const signingKey = createSecretKey(key, 'base64')
  const account = new Account(options.consistency ?? 'BoundedStaleness', options.staleness?.readMs ?? readLagDefaultMs)
  let refusal: 429 | 503 | undefined
  let refused = 0

  const server = createServer((incoming, response) => {
    void readRequest(incoming)
      .then(request => {
        assertAuthorized(request, signingKey)
        if (refusal === undefined || request.path.length === 0) return route(account, request)
        if (request.path[4] === 'docs' && request.headers['a-im'] === undefined) refused += 1
        return outageAnswer(refusal)
      })
      .catch(failureAnswer)
      .then(answer => send(response, answer))
  })
  // A connection closed here while it idles would fail the request that its client has just sent on it.
  server.keepAliveTimeout = 0
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server listens on a port')

  return {
    endpoint: `http://127.0.0.1:${address.port}/`,
    key,
    refuse: status => {
      refusal = status
    },
    get refused() {
      return refused
    },
    changed: (place, concerns) => ringOnChange(account, place, concerns),
    stop: async () => {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function ringOnChange(account: Account, place: ChangedPlace, concerns: Concerns): Doorbell | undefined {
  const { database, container, range } = place
  const partitions = account.databases.get(database)?.containers.get(container)?.partitions
  const partition = partitions?.find(({ range: { min, max } }) => min === range.min && max === range.max)
  if (!partition) return undefined
  const doorbell = new Doorbell()
  partition.onChange(changes => {
    const items = changes.flatMap(({ current, previous }) => current ?? previous ?? [])
    if (concerns(items.map(({ document }) => document))) doorbell.ring()
  })
  return doorbell
}

function route(account: Account, request: Request): Answer {
  const [dbs, databaseId, colls, containerId, kind, id, ...rest] = request.path
  const nowMs = Date.now()
  // Clients go on with the address by which they came: there may be a proxy in between.
  if (dbs === undefined) return { status: 200, body: account.describe(`http://${request.headers.host}/`) }
  if (dbs !== 'dbs' || rest.length > 0) throw unknownResource(request)
  if (databaseId === undefined || colls === undefined) return answerDatabases(account, request, databaseId, nowMs)
  if (colls !== 'colls') throw unknownResource(request)
  if (containerId === undefined || kind === undefined)
    return answerContainers(account, account.database(databaseId), request, containerId, nowMs)
  const container = account.container(databaseId, containerId)
  if (kind === 'docs') return answerDocuments({ account, container, request, id, nowMs })
  if (kind === 'pkranges' && id === undefined) return answerPartitionKeyRanges(container, request)
  throw unknownResource(request)
}

async function readRequest(incoming: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  const [path = ''] = (incoming.url ?? '').split('?')
  return {
    method: incoming.method ?? 'GET',
    path: path.split('/').filter(Boolean).map(decodeSegment),
    headers: incoming.headers,
    body: Buffer.concat(chunks).toString(),
  }
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw badRequest(`The path holds ${segment}, which is not encoded as it should be.`)
  }
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'x-ms-activity-id': randomUUID(),
    'x-ms-request-charge': '1',
    ...headers,
  })
  response.end(body === undefined ? undefined : JSON.stringify(body))
}

function outageAnswer(status: 429 | 503): Answer {
  if (status === 503)
    return refusalAnswer(new Refusal(503, 'ServiceUnavailable', 'The service is currently unavailable.'))
  const { reason, substatus } = tooManyRequests
  const answer = refusalAnswer(
    new Refusal(429, reason, 'The request rate is too large. Please retry after some time.', substatus),
  )
  return { ...answer, headers: { ...answer.headers, 'x-ms-retry-after-ms': String(retryAfterMs) } }
}

/** Anything but a refusal is a fault of this server: the client is told where. */
function failureAnswer(thrown: unknown): Answer {
  if (thrown instanceof Refusal) return refusalAnswer(thrown)
  const told = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
  return refusalAnswer(new Refusal(500, 'InternalServerError', told))
}

function unknownResource(request: Request): Refusal {
  return new Refusal(404, 'NotFound', `There is no resource /${request.path.join('/')}.`)
}
