/** Requests about databases, containers and their physical partitions: always current, whatever the consistency. */
import { z } from 'zod'
import type { Document, Json } from '../../../../shared/document/json.ts'
import { isJsonObject } from '../../../../shared/document/json.ts'
import type { Account, Database } from './account.ts'
import type { Container } from './container.ts'
import { assertDefinition, containerDefinitionSchema } from './container-definition.ts'
import type { Answer, Request } from './http-exchange.ts'
import { headerOf, isQuery, parseBody } from './http-exchange.ts'
import { Refusal } from './refusal.ts'
import { runQuery, sqlQuerySchema } from './sql.ts'

const databaseSchema = z.object({ id: z.string() })
const listMax = 1000

/** `/dbs` and `/dbs/{id}`. */
export function answerDatabases(account: Account, request: Request, id: string | undefined, nowMs: number): Answer {
  if (id === undefined) {
    if (isList(request))
      return listAnswer(
        request,
        'Databases',
        '',
        [...account.databases.values()].map(({ description }) => description),
      )
    return described(201, account.createDatabase(parseBody(request, databaseSchema).id, nowMs).description)
  }
  const database = account.database(id)
  if (request.method === 'GET') return described(200, database.description)
  if (request.method === 'DELETE') {
    account.databases.delete(id)
    return { status: 204 }
  }
  throw methodNotAllowed(request)
}

/** `/dbs/{id}/colls` and `/dbs/{id}/colls/{id}`. */
export function answerContainers(
  account: Account,
  database: Database,
  request: Request,
  id: string | undefined,
  nowMs: number,
): Answer {
  if (id === undefined) {
    if (isList(request)) {
      const containers = [...database.containers.values()].map(container => container.describe())
      return listAnswer(request, 'DocumentCollections', String(database.description._rid), containers)
    }
    return described(
      201,
      account.createContainer(database, parseBody(request, containerDefinitionSchema), nowMs).describe(),
    )
  }
  const container = account.container(String(database.description.id), id)
  switch (request.method) {
    case 'GET':
      return described(200, container.describe())
    case 'PUT': {
      const definition = parseBody(request, containerDefinitionSchema)
      assertDefinition(definition)
      container.replace(definition, nowMs)
      return described(200, container.describe())
    }
    case 'DELETE':
      database.containers.delete(id)
      return { status: 204 }
    default:
      throw methodNotAllowed(request)
  }
}

/** `/dbs/{id}/colls/{id}/pkranges`. They never change: no partition is ever split. */
export function answerPartitionKeyRanges(container: Container, request: Request): Answer {
  if (request.method !== 'GET') throw methodNotAllowed(request)
  if (headerOf(request, 'if-none-match') === container.etag) return { status: 304, headers: { etag: container.etag } }
  const ranges = container.partitions.map(({ id, index, range }) => ({
    _rid: container.rid,
    id,
    _etag: container.etag,
    minInclusive: range.min,
    maxExclusive: range.max,
    ridPrefix: index,
    throughputFraction: 1 / container.partitions.length,
    status: 'online',
    parents: [],
  }))
  return {
    status: 200,
    headers: { etag: container.etag },
    body: { _rid: container.rid, PartitionKeyRanges: ranges, _count: ranges.length },
  }
}

function isList(request: Request): boolean {
  if (request.method === 'GET') return true
  if (request.method !== 'POST') throw methodNotAllowed(request)
  return isQuery(request)
}

/** All in one page: there are few. */
function listAnswer(request: Request, name: string, rid: string, resources: readonly Json[]): Answer {
  const results =
    request.method === 'GET'
      ? resources
      : runQuery(resources.filter(isDocument), parseBody(request, sqlQuerySchema), {
          size: listMax,
          continuation: undefined,
          compositeIndexes: [],
        }).results
  return { status: 200, body: { _rid: rid, [name]: results, _count: results.length } }
}

function isDocument(value: Json): value is Document {
  return isJsonObject(value)
}

function described(status: number, body: Json): Answer {
  return { status, body }
}

function methodNotAllowed(request: Request): Refusal {
  return new Refusal(405, 'MethodNotAllowed', `${request.method} is not supported here.`)
}
