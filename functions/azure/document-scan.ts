/**
 * Goes through the items of a container, documents or sync records. By the change feed of latest versions, from the
 * beginning, range by range: it shows every item that is there, and its positions can be kept, which those of a query
 * over several partitions cannot. An item that is written meanwhile comes once more, so the feed of a busy container has no
 * end: where all that comes was written after the scan began, whatever was there before has come.
 */
import { ChangeFeedMode, ChangeFeedStartFrom, type CosmosClient } from '@azure/cosmos'
import * as z from '../../shared/document/schema.ts'
import type { Clock, DocumentScan, ScanPage } from '../../shared/ports/index.ts'
import { dataTypeOf, type Here } from '../../shared/replicate/here.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { isSyncId, readItemKey } from './item-place.ts'
import { storeFailure } from './store-errors.ts'
import { recordTextIn, refOfSyncItem } from './sync-item.ts'

const pageMax = 200

/** The service's clock against this one's, generously. */
const skewMs = 5_000

type Fields = Readonly<Record<string, unknown>> & { readonly id: string; readonly _ts: number }

/** `sinceMs`: when the scan began. */
const cursorSchema = z.object({ range: z.int(), position: z.optional(z.string()), sinceMs: z.number() })

export interface CosmosDocumentScanOptions {
  readonly client: CosmosClient
  readonly here: Here
  readonly clock: Clock
}

export function createCosmosDocumentScan({ client, here, clock }: CosmosDocumentScanOptions): DocumentScan {
  const planOf = (type: string) => dataTypeOf(here, type).plan
  const pageOf = async (
    type: string,
    cursor: string | undefined,
    refOf: (item: Fields) => RecordRef | undefined,
  ): Promise<ScanPage> => {
    const { database, container: name } = planOf(type).at.azure
    const container = client.database(database).container(name)
    const { range, position, sinceMs } =
      cursor === undefined ? { range: 0, sinceMs: clock.now() } : cursorSchema.parse(JSON.parse(cursor))
    try {
      const ranges = await container.getFeedRanges()
      const feedRange = ranges[range]
      if (!feedRange) return { refs: [], next: undefined }
      const iterator = container.items.getChangeFeedIterator<Fields>({
        maxItemCount: pageMax,
        changeFeedMode: ChangeFeedMode.LatestVersion,
        changeFeedStartFrom:
          position === undefined
            ? ChangeFeedStartFrom.Beginning(feedRange)
            : ChangeFeedStartFrom.Continuation(position),
      })
      const { result = [], continuationToken } = await iterator.readNext()
      const isThrough = result.every(({ _ts: writtenS }) => writtenS * 1000 > sinceMs + skewMs)
      const next = isThrough ? { range: range + 1, sinceMs } : { range, position: continuationToken, sinceMs }
      const isLast = next.range >= ranges.length
      return { refs: result.flatMap(item => refOf(item) ?? []), next: isLast ? undefined : JSON.stringify(next) }
    } catch (error) {
      throw storeFailure(error)
    }
  }
  return {
    documents: (type, cursor) =>
      pageOf(type, cursor, item => {
        if (isSyncId(item.id)) return undefined
        const reading = readItemKey(planOf(type), item.id, item)
        return reading && 'key' in reading ? { type, key: reading.key } : undefined
      }),
    records: (type, cursor) =>
      pageOf(type, cursor, item => {
        if (!isSyncId(item.id) || recordTextIn(item) === undefined) return undefined
        const ref = refOfSyncItem(item.id, item)
        return ref.type === type ? ref : undefined
      }),
  }
}
