/**
 * How commands reach an Azure subscription: `az` for the management plane, always in the subscription that the deployment is
 * for; Cosmos DB by its official client, with a key where the usual variables name one of this account, otherwise as whoever
 * `az` is signed in as.
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
  /** Of `cosmos`. */
  readonly endpoint: string | undefined
  /** For messages and for `az`: the account's name, where it is known. */
  readonly account: string | undefined
  /** In which `command` asks; undefined: in whichever `az` has as its default. */
  readonly subscription: string | undefined
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
  const { subscription_id: subscription } = variables
  const command = local ? noCloudCommand : cloudCommand('az', subscription ? ['--subscription', subscription] : [])
  const account = variables.cosmos_account ?? (variables.prefix && `${variables.prefix}-tributary`)
  const reached = reachedBy({ local, environment, account, command })
  const cosmos = reached && new CosmosClient({ ...reached, connectionPolicy: { enableEndpointDiscovery: false } })
  return {
    cosmos,
    endpoint: reached?.endpoint,
    account,
    subscription,
    command,
    isLocal: local !== undefined,
    close: () => cosmos?.dispose(),
  }
}

interface Ways extends Pick<AzureAccessOptions, 'local' | 'environment'> {
  readonly account: string | undefined
  readonly command: CloudCommand
}

/** An account that is named for the site counts before one of the environment, which may be there for something else. */
function reachedBy({ local, environment, account, command }: Ways): CosmosClientOptions | undefined {
  if (local) return { endpoint: local.endpoints.cosmos ?? '', key: local.credentials?.cosmosKey ?? '' }
  const ofEnvironment = accountIn(environment)
  if (!account) return ofEnvironment
  if (ofEnvironment && new URL(ofEnvironment.endpoint).hostname.split('.')[0] === account) return ofEnvironment
  const address = `https://${account}.documents.azure.com`
  return { endpoint: `${address}:443/`, aadCredentials: { getToken: () => tokenFor(command, address) } }
}

function accountIn(environment: Environment): { readonly endpoint: string; readonly key: string } | undefined {
  const { COSMOS_CONNECTION_STRING: connection, COSMOS_ENDPOINT: endpoint, COSMOS_KEY: key } = environment
  if (connection) return cosmosAccount(connection)
  return endpoint && key ? { endpoint, key } : undefined
}

const token = z.object({ accessToken: z.string(), expires_on: z.coerce.number() })

/** `expires_on`: seconds since 1970. */
async function tokenFor(command: CloudCommand, resource: string) {
  const asked = await command(['account', 'get-access-token', '--resource', resource], token)
  if (asked.is !== 'there') throw new Error(reasonOf(asked))
  const { accessToken, expires_on: expiresOnS } = asked.value
  return { token: accessToken, expiresOnTimestamp: expiresOnS * 1000 }
}
