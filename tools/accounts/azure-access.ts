/**
 * How commands reach an Azure subscription: `az` for the management plane, always in the subscription that the deployment is
 * for; Cosmos DB by its official client, with a key where the usual variables name one of this account, otherwise as whoever
 * `az` is signed in as.
 */
import type { CosmosClient } from '@azure/cosmos'
import { cosmosAccountName } from '../../shared/declare/resource-names.ts'
import type { SiteEndpoints } from '../local/local-site.ts'
import { cosmosAt } from './azure-accounts.ts'
import { type CloudCommand, cloudCommand, noCloudCommand } from './cloud-command.ts'
import type { DeploymentVariables } from './deployment-variables.ts'

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

export interface AzureAccessOptions {
  readonly local: SiteEndpoints | undefined
  readonly variables: DeploymentVariables
  readonly environment: Readonly<Record<string, string | undefined>>
}

export async function openAzure({ local, variables, environment }: AzureAccessOptions): Promise<AzureAccess> {
  const { CosmosClient } = await import('@azure/cosmos')
  const { subscription_id: subscription } = variables
  const command = local ? noCloudCommand : cloudCommand('az', subscription ? ['--subscription', subscription] : [])
  const account = cosmosAccountOf(variables)
  const { cosmos: endpoint = '' } = local?.endpoints ?? {}
  const reached = local
    ? { endpoint, key: local.credentials?.cosmosKey ?? '' }
    : cosmosAt({ environment, account, command })
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

/** Undefined: the variables do not tell. */
export function cosmosAccountOf({ cosmos_account: own, prefix }: DeploymentVariables): string | undefined {
  return own ?? (prefix && cosmosAccountName(prefix))
}
