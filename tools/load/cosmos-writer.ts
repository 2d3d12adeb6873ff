/**
 * Into a Cosmos DB container: the client's bulk operations, each on its own in whatever partition; the client tries
 * again what the service is too busy for.
 */
import { BulkOperationType, type CosmosClient } from '@azure/cosmos'
import { itemFromDocument } from '../../functions/azure/values.ts'
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import { documentPlace } from '../../shared/place/azure-place.ts'
import { failedBy, putStorable, type StoreWriter } from './store-writer.ts'

/** The client waits a second for more to come, however much it is given, and sends 100 items in a request. */
const batchMax = 200

/** HTTP's Conflict: an item of this id is there. */
const conflict = 409
/** HTTP's Not Found. */
const notFound = 404

export function createCosmosWriter(client: CosmosClient, type: TypePlan): StoreWriter {
  const { azure } = type.at
  const container = client.database(azure.database).container(azure.container)
  return {
    batchMax,
    put: (documents, ifExists) =>
      putStorable(
        documents,
        ({ ref, document }) => ({
          partitionKey: documentPlace(ref, type).partitionKey,
          // As the client's types want it: a document is made of what JSON has.
          resourceBody: { ...itemFromDocument(ref, type, document) },
        }),
        async writes => {
          const operationType = ifExists === 'keep' ? BulkOperationType.Create : BulkOperationType.Upsert
          const results = await container.items.executeBulkOperations(
            writes.map(write => ({ operationType, ...write })),
          )
          return results.map(({ error }) => {
            if (error === undefined) return 'written'
            return error.code === conflict ? 'exists' : failedBy(error)
          })
        },
      ),
    async remove(ref) {
      const { id, partitionKey } = documentPlace(ref, type)
      try {
        await container.item(id, partitionKey).delete()
      } catch (error) {
        if (Object(error).code !== notFound) throw error
      }
    },
    close: async () => client.dispose(),
  }
}
