/**
 * What is left of deleted documents on Cosmos: the sync items that have a time at which their document went, in each
 * container of the site, by the index that Cosmos keeps over every property.
 */
import type { CosmosClient } from '@azure/cosmos'
import * as z from '../../shared/document/schema.ts'
import type { Tombstones } from '../../shared/ports/index.ts'
import { dataTypeOf, type Here } from '../../shared/replicate/here.ts'
import { placeOf } from './item-place.ts'
import { isRace, storeFailure } from './store-errors.ts'
import { goneProperty, refOfSyncItem } from './sync-item.ts'

/** No more than a peer answers for in one request. */
const pageSize = 100

/** Which container is next, and where in it. */
const cursorSchema = z.tuple([z.int().check(z.gte(0)), z.nullable(z.string())])

export interface CosmosTombstonesOptions {
  readonly client: CosmosClient
  readonly here: Here
}

export function createCosmosTombstones({ client, here }: CosmosTombstonesOptions): Tombstones {
  const places = [...here.types.values()].map(({ plan }) => [plan.at.azure.database, plan.at.azure.container] as const)
  const containers = [...new Map(places.map(place => [place.join('/'), place])).values()]

  return {
    async list(beforeMs, cursor) {
      const [index, continuation] = cursor === undefined ? [0, null] : cursorSchema.parse(JSON.parse(cursor))
      const [database = '', container = ''] = containers[index] ?? []
      const query = {
        query: `SELECT * FROM c WHERE c.${goneProperty} <= @before`,
        parameters: [{ name: '@before', value: Math.floor(beforeMs) }],
      }
      const options = { maxItemCount: pageSize, ...(continuation === null ? {} : { continuationToken: continuation }) }
      try {
        const { resources, continuationToken } = await client
          .database(database)
          .container(container)
          .items.query<{ readonly id: string }>(query, options)
          .fetchNext()
        const next = continuationToken ? [index, continuationToken] : [index + 1, null]
        return {
          refs: (resources ?? []).map(item => refOfSyncItem(item.id, { ...item })),
          cursor: continuationToken || index + 1 < containers.length ? JSON.stringify(next) : undefined,
        }
      } catch (error) {
        throw storeFailure(error)
      }
    },

    async remove(ref, expected) {
      const { database, container, syncId, partitionKey } = placeOf(ref, dataTypeOf(here, ref.type).plan)
      const item = client.database(database).container(container).item(syncId, partitionKey)
      try {
        await item.delete({ accessCondition: { type: 'IfMatch', condition: expected } })
        return 'committed'
      } catch (error) {
        if (isRace(error)) return 'raced'
        throw storeFailure(error, ref)
      }
    },
  }
}
