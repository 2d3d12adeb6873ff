/**
 * The change feed of one physical partition, or of a part of it: pages of the log after a position.
 *
 * Latest versions: every item once, as it is now, where its last change stands; deletes do not show. All versions and
 * deletes: every change with the images before and after (the service gives the image before a replace only to
 * accounts that enabled it). The position is an lsn, so a page never ends within a transaction: it rather exceeds
 * its size, as in the service.
 *
 * The feed is always current, also where reads lag: an item that the feed has shown may still be read in its older
 * state, as from another replica in the cloud.
 *
 * Source: https://learn.microsoft.com/azure/cosmos-db/change-feed-modes
 */
import type { Json } from '../../../../shared/document/json.ts'
import type { Change } from './change.ts'
import type { Container } from './container.ts'
import type { Answer, Request } from './http-exchange.ts'
import { headerOf, pageSizeOf } from './http-exchange.ts'
import type { Item } from './item.ts'
import type { Partition } from './partition.ts'
import { badRequest } from './refusal.ts'
import type { Scope } from './scope.ts'

const pageItemsDefault = 100
const pageItemsMax = 1000

interface Page {
  readonly entries: readonly Json[]
  /** Everything up to here has been looked at. */
  readonly throughLsn: number
}

/** 200 with changes, or 304 when there are none; the position to go on from is the header `etag`. Throws 400. */
export function readChangeFeed(container: Container, scope: Scope, request: Request): Answer {
  const [partition, ...others] = scope.partitions
  if (!partition || others.length > 0)
    throw badRequest('A change feed is read by partition key or by partition key range: name one.')
  const allVersions = isAllVersions(request)
  const show = allVersions ? versionEntry : latestEntry
  const { entries, throughLsn } = readPage(
    partition,
    startLsn(partition, request, allVersions),
    pageSizeOf(request, pageItemsDefault, pageItemsMax),
    change => (scope.includes(subjectOf(change)) ? show(partition, change, container.keyPaths) : undefined),
  )
  const headers = { etag: `"${throughLsn}"`, 'x-ms-item-count': String(entries.length) }
  if (entries.length === 0) return { status: 304, headers }
  return { status: 200, headers, body: { _rid: container.rid, Documents: entries, _count: entries.length } }
}

function readPage(
  partition: Partition,
  afterLsn: number,
  size: number,
  entryOf: (change: Change) => Json | undefined,
): Page {
  const entries: Json[] = []
  let throughLsn = afterLsn
  for (const change of partition.changesAfter(afterLsn)) {
    if (entries.length >= size && change.lsn > throughLsn) break
    throughLsn = change.lsn
    const entry = entryOf(change)
    if (entry !== undefined) entries.push(entry)
  }
  return { entries, throughLsn }
}

function startLsn(partition: Partition, request: Request, allVersions: boolean): number {
  const position = headerOf(request, 'if-none-match')
  if (position === '*') return partition.lsn
  if (position !== undefined) return continuedLsn(partition, position)
  if (allVersions) throw badRequest('All versions and deletes are read from now or from a continuation only.')
  const since = headerOf(request, 'if-modified-since')
  if (since === undefined) return 0
  const sinceMs = Date.parse(since)
  if (Number.isNaN(sinceMs)) throw badRequest(`If-Modified-Since ${since} is not a date.`)
  return partition.lsnBefore(sinceMs)
}

/** A position ahead of the log belongs to another container: to wait for the log to reach it would lose changes. */
function continuedLsn(partition: Partition, position: string): number {
  const lsn = Number(/^"?(\d+)"?$/.exec(position)?.[1] ?? Number.NaN)
  if (!(lsn <= partition.lsn)) throw badRequest(`The continuation ${position} is not one of this partition.`)
  return lsn
}

function isAllVersions(request: Request): boolean {
  return headerOf(request, 'a-im')?.toLowerCase() === 'full-fidelity feed'
}

function latestEntry(partition: Partition, change: Change): Json | undefined {
  if (!partition.isLatestVersion(change)) return undefined
  return { ...change.current?.document, _lsn: change.lsn }
}

function versionEntry(_: Partition, change: Change, keyPaths: readonly string[]): Json {
  const { lsn, operation, current, previous } = change
  return {
    current: current?.document ?? {},
    ...(previous ? { previous: previous.document } : {}),
    metadata: {
      lsn,
      crts: Math.floor(change.committedAtMs / 1000),
      operationType: operation,
      previousImageLSN: previous?.lsn ?? 0,
      ...(operation === 'delete' ? deleteMetadata(change, keyPaths) : {}),
    },
  }
}

/** Deletes alone say what they are about: there is no current image to look at. */
function deleteMetadata(change: Change, keyPaths: readonly string[]): { readonly [name: string]: Json } {
  const { document, partitionKey } = subjectOf(change)
  const levels = keyPaths.map((path, index) => [path.slice(1), partitionKey[index] ?? null] as const)
  return {
    timeToLiveExpired: change.timeToLiveExpired,
    id: document.id,
    partitionKey: Object.fromEntries(levels),
  }
}

function subjectOf(change: Change): Item {
  const item = change.current ?? change.previous
  if (!item) throw new Error('a change has an image before or after it')
  return item
}
