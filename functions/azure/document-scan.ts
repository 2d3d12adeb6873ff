/**
 * Goes through the items of a container, documents or sync records. By the change feed of latest versions, from the
 * beginning, range by range: it shows every item that is there, and its positions can be kept, which those of a query
 * over several partitions cannot. An item that is written meanwhile comes once more.
 */
import { ChangeFeedMode, ChangeFeedStartFrom, type CosmosClient } from '@azure/cosmos'
import * as z from 'zod'
import type { DocumentScan, ScanPage } from '../../shared/ports/index.ts'
import { dataTypeOf, type Here } from '../../shared/replicate/here.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { isSyncId, readItemKey } from './item-place.ts'
import { storeFailure } from './store-errors.ts'
import { recordTextIn, refOfSyncItem } from './sync-item.ts'

const pageMax = 200

type Fields = Readonly<Record<string, unknown>> & { readonly id: string }

const cursorSchema = z.object({ range: z.int(), position: z.string().optional() })

export interface CosmosDocumentScanOptions {
  readonly client: CosmosClient
  readonly here: Here
}

export function createCosmosDocumentScan({ client, here }: CosmosDocumentScanOptions): DocumentScan {
  const planOf = (type: string) => dataTypeOf(here, type).plan
  const pageOf = async (
    type: string,
    cursor: string | undefined,
    refOf: (item: Fields) => RecordRef | undefined,
  ): Promise<ScanPage> => {
    const { database, container: name } = planOf(type).at.azure
    const container = client.database(database).container(name)
    const { range, position } = cursor === undefined ? { range: 0 } : cursorSchema.parse(JSON.parse(cursor))
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
      const next = result.length > 0 ? { range, position: continuationToken } : { range: range + 1 }
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
