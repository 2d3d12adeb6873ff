/** The accounts of an Azure site: servers started here, except those that the environment names. */
import { type EndpointVariable, type Environment, replacedEndpoint } from '../replaced-endpoints.ts'
import { type CosmosServer, startCosmosServer } from '../servers/cosmos/cosmos-server.ts'
import { cosmosAccount, storageEndpoints } from './account-addresses.ts'
import { startAzurite } from './azurite.ts'

export interface AzureServers {
  /** `AccountEndpoint=...;AccountKey=...;` */
  readonly cosmosConnection: string
  readonly storageConnection: string
  /** `CosmosServer.changed`; undefined where the environment names another account. */
  readonly changed: CosmosServer['changed'] | undefined
  /** Ends what was started here and nothing else. */
  stop(): Promise<void>
}

export interface AzureServersOptions {
  readonly environment: Environment
  readonly onProgress: (text: string) => void
  readonly onLog: (line: string) => void
}

export async function startAzureServers({
  environment,
  onProgress,
  onLog,
}: AzureServersOptions): Promise<AzureServers> {
  const named = (variable: EndpointVariable, describe: (connection: string) => string) => {
    const connectionString = replacedEndpoint(environment, variable)
    if (connectionString === undefined) return undefined
    onProgress(`using ${describe(connectionString)} (${variable})`)
    return { connectionString, stop: async () => {} }
  }
  const [cosmos, storage] = await Promise.all([
    named('TRIBUTARY_COSMOS', connection => cosmosAccount(connection).endpoint) ?? startCosmos(),
    named('TRIBUTARY_STORAGE', connection => storageEndpoints(connection).queue) ?? startAzurite({ onLog }),
  ])
  return {
    cosmosConnection: cosmos.connectionString,
    storageConnection: storage.connectionString,
    changed: 'changed' in cosmos ? cosmos.changed : undefined,
    async stop() {
      await Promise.all([cosmos.stop(), storage.stop()])
    },
  }
}

async function startCosmos() {
  const server = await startCosmosServer()
  const connectionString = `AccountEndpoint=${server.endpoint};AccountKey=${server.key};`
  return { connectionString, changed: server.changed, stop: () => server.stop() }
}
