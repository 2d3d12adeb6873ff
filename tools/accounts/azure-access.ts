/**
 * How commands reach an Azure subscription: `az` for the management plane; Cosmos DB by its official client, with a key
 * where the usual variables name one, otherwise as whoever `az` is signed in as.
 */
import type { CosmosClient, CosmosClientOptions } from '@azure/cosmos'
import { z } from 'zod'
import { cosmosAccount } from '../local/azure/account-addresses.ts'
import type { SiteEndpoints } from '../local/local-site.ts'
import { type CloudCommand, cloudCommand, noCloudCommand } from './cloud-command.ts'
import type { DeploymentVariables } from './deployment-variables.ts'
import { reasonOf } from './told.ts'

export interface AzureAccess {
  /** Undefined: neither the variables of the deployment nor the environment say which account. */
  readonly cosmos: CosmosClient | undefined
  /** For messages and for `az`: the account's name, where it is known. */
  readonly account: string | undefined
  readonly command: CloudCommand
  readonly isLocal: boolean
  close(): void
}

type Environment = Readonly<Record<string, string | undefined>>

export interface AzureAccessOptions {
  readonly local: SiteEndpoints | undefined
  readonly variables: DeploymentVariables
  readonly environment: Environment
}

export async function openAzure({ local, variables, environment }: AzureAccessOptions): Promise<AzureAccess> {
  const { CosmosClient } = await import('@azure/cosmos')
  const command = local ? noCloudCommand : cloudCommand('az')
  const account = variables.cosmos_account ?? (variables.prefix && `${variables.prefix}-tributary`)
  const reached = reachedBy({ local, environment, account, command })
  const cosmos = reached && new CosmosClient({ ...reached, connectionPolicy: { enableEndpointDiscovery: false } })
  return { cosmos, account, command, isLocal: local !== undefined, close: () => cosmos?.dispose() }
}

interface Ways extends Pick<AzureAccessOptions, 'local' | 'environment'> {
  readonly account: string | undefined
  readonly command: CloudCommand
}

function reachedBy({ local, environment, account, command }: Ways): CosmosClientOptions | undefined {
  if (local) return { endpoint: local.endpoints.cosmos ?? '', key: local.credentials?.cosmosKey ?? '' }
  const { COSMOS_CONNECTION_STRING: connection, COSMOS_ENDPOINT: endpoint, COSMOS_KEY: key } = environment
  if (connection) return cosmosAccount(connection)
  if (endpoint && key) return { endpoint, key }
  if (account === undefined) return undefined
  const address = `https://${account}.documents.azure.com`
  return { endpoint: `${address}:443/`, aadCredentials: { getToken: () => tokenFor(command, address) } }
}

const token = z.object({ accessToken: z.string(), expires_on: z.coerce.number() })

/** `expires_on`: seconds since 1970. */
async function tokenFor(command: CloudCommand, resource: string) {
  const asked = await command(['account', 'get-access-token', '--resource', resource], token)
  if (asked.is !== 'there') throw new Error(reasonOf(asked))
  const { accessToken, expires_on: expiresOnS } = asked.value
  return { token: accessToken, expiresOnTimestamp: expiresOnS * 1000 }
}
