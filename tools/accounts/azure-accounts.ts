/**
 * Which Cosmos DB and Storage account of a site, and by which right: with a key where the usual variables of the environment
 * name one of this account, otherwise as whoever `az` is signed in as.
 */
import type { CosmosClientOptions } from '@azure/cosmos'
import { z } from 'zod'
import type { Account } from '../../functions/azure/account.ts'
import { cosmosAccount, storageEndpoints } from '../local/azure/account-addresses.ts'
import type { CloudCommand } from './cloud-command.ts'
import { reasonOf } from './told.ts'

interface Ways {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The account's name, where the deployment says it. */
  readonly account: string | undefined
  readonly command: CloudCommand
}

/** Undefined: nobody says which. An account that is named for the site counts before one of the environment. */
export function cosmosAt({ environment, account, command }: Ways): CosmosClientOptions | undefined {
  const given = cosmosIn(environment)
  if (!account || (given && isOf(account, given.endpoint))) return given
  const address = `https://${account}.documents.azure.com`
  return { endpoint: `${address}:443/`, aadCredentials: signedIn(command, address) }
}

/** Undefined as there. */
export function queuesAt({ environment, account, command }: Ways): Account | undefined {
  const { AZURE_STORAGE_CONNECTION_STRING: given } = environment
  if (!account || (given && isOf(account, storageEndpoints(given).queue))) return given
  return {
    endpoint: `https://${account}.queue.core.windows.net`,
    credential: signedIn(command, 'https://storage.azure.com'),
  }
}

/** What the environment names may be there for something else. */
function isOf(account: string, endpoint: string): boolean {
  return new URL(endpoint).hostname.split('.')[0] === account
}

function cosmosIn(environment: Ways['environment']): { readonly endpoint: string; readonly key: string } | undefined {
  const { COSMOS_CONNECTION_STRING: connection, COSMOS_ENDPOINT: endpoint, COSMOS_KEY: key } = environment
  if (connection) return cosmosAccount(connection)
  return endpoint && key ? { endpoint, key } : undefined
}

const token = z.object({ accessToken: z.string(), expires_on: z.coerce.number() })

/** `expires_on`: seconds since 1970. */
function signedIn(command: CloudCommand, resource: string) {
  return {
    getToken: async () => {
      const asked = await command(['account', 'get-access-token', '--resource', resource], token)
      if (asked.is !== 'there') throw new Error(reasonOf(asked))
      const { accessToken, expires_on: expiresOnS } = asked.value
      return { token: accessToken, expiresOnTimestamp: expiresOnS * 1000 }
    },
  }
}
