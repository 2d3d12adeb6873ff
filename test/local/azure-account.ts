/** A Cosmos account and a Storage account on this machine, provisioned for a site of the contract's plan. */
import { type Container, CosmosClient } from '@azure/cosmos'
import { QueueServiceClient } from '@azure/storage-queue'
import type { SyncPlan } from '../../shared/declare/sync-plan.ts'
import { type Azurite, startAzurite } from '../../tools/local/azure/azurite.ts'
import { provisionAzureSite } from '../../tools/local/azure/provision.ts'
import {
  type CosmosServer,
  type CosmosServerOptions,
  startCosmosServer,
} from '../../tools/local/servers/cosmos/cosmos-server.ts'

export const azureSite = 'azure-eastus'

export interface AzureAccount {
  readonly server: CosmosServer
  readonly azurite: Azurite
  readonly cosmosConnection: string
  /** Of an application that knows nothing of us. */
  readonly queues: QueueServiceClient
  container(name: string): Container
  /** The texts of all messages in a queue, visible or not. */
  messagesIn(queue: string): Promise<readonly string[]>
  stop(): Promise<void>
}

export async function startAzureAccount(plan: SyncPlan, options: CosmosServerOptions = {}): Promise<AzureAccount> {
  const server = await startCosmosServer(options)
  const azurite = await startAzurite({ onLog: () => undefined })
  const cosmosConnection = `AccountEndpoint=${server.endpoint};AccountKey=${server.key};`
  const storageConnection = azurite.connectionString
  await provisionAzureSite({ plan, site: azureSite, cosmosConnection, storageConnection })
  const client = new CosmosClient(cosmosConnection)
  const queues = QueueServiceClient.fromConnectionString(storageConnection)
  return {
    server,
    azurite,
    cosmosConnection,
    queues,
    container: name => client.database('tributary').container(name),
    async messagesIn(queue) {
      const { peekedMessageItems } = await queues.getQueueClient(queue).peekMessages({ numberOfMessages: 32 })
      return peekedMessageItems.map(({ messageText }) => Buffer.from(messageText, 'base64').toString())
    },
    async stop() {
      client.dispose()
      await server.stop()
      await azurite.stop()
    },
  }
}
