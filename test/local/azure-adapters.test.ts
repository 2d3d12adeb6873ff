/** The Azure adapters against the local Cosmos server and Azurite, as the flows use them. */
import { CosmosClient } from '@azure/cosmos'
import { createCosmosClient } from '../../functions/azure/cosmos-client.ts'
import { createCosmosRecordStore } from '../../functions/azure/record-store.ts'
import type { Document } from '../../shared/document/json.ts'
import { createHere } from '../../shared/replicate/here.ts'
import { keyText, type RecordRef } from '../../shared/replicate/record-ref.ts'
import { startAzurite } from '../../tools/local/azure/azurite.ts'
import { provisionAzureSite } from '../../tools/local/azure/provision.ts'
import { startCosmosServer } from '../../tools/local/servers/cosmos/cosmos-server.ts'
import { contractPlan, describeRecordStore, type StoreUnderTest } from '../contracts/record-store-contract.ts'

describeRecordStore('the Cosmos record store', async (): Promise<StoreUnderTest> => {
  const server = await startCosmosServer()
  const azurite = await startAzurite({ onLog: () => undefined })
  const cosmosConnection = `AccountEndpoint=${server.endpoint};AccountKey=${server.key};`
  await provisionAzureSite({
    plan: contractPlan,
    site: 'azure-eastus',
    cosmosConnection,
    storageConnection: azurite.connectionString,
  })
  const client = createCosmosClient(cosmosConnection)
  const theirs = new CosmosClient(cosmosConnection)
  const itemOf = ({ type, key }: RecordRef) => theirs.database('tributary').container(type).item(keyText(key), key[0])
  const keyFields = ({ type, key }: RecordRef) =>
    type === 'lines' ? { order_id: key[0], line_id: key[1] } : { article_id: key[0] }
  return {
    store: createCosmosRecordStore({ client, here: createHere(contractPlan, 'azure-eastus') }),
    application: {
      async put(ref, document) {
        const item = { ...document, ...keyFields(ref), id: keyText(ref.key) }
        await theirs.database('tributary').container(ref.type).items.upsert(item)
      },
      async patch(ref, fields) {
        const operations = Object.entries(fields).map(([name, value]) => ({
          op: 'set' as const,
          path: `/${name}`,
          value,
        }))
        await itemOf(ref).patch(operations)
      },
      async remove(ref) {
        await itemOf(ref).delete()
      },
      async read(ref) {
        const { resource } = await itemOf(ref).read<Document & { id: string }>()
        if (!resource) return undefined
        const own = ['id', '_rid', '_self', '_etag', '_attachments', '_ts', ...Object.keys(keyFields(ref))]
        return Object.fromEntries(Object.entries(resource).filter(([name]) => !own.includes(name)))
      },
    },
    async close() {
      client.dispose()
      theirs.dispose()
      await server.stop()
      await azurite.stop()
    },
  }
})
