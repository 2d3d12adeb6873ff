/**
 * Tokens for the identity that the platform gives to a function app: one request to an address that only the app can
 * reach. Microsoft's own library for it (`@azure/identity`) brings every other way to sign in along.
 * (https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference)
 */
import type { CosmosClientOptions } from '@azure/cosmos'
import * as z from '../../shared/document/schema.ts'
import { StoreUnavailable } from '../../shared/ports/index.ts'
import { required, type Variables } from '../common/environment.ts'

/** As Azure's clients take it; they keep a token until it is about to expire. */
export type TokenCredential = NonNullable<CosmosClientOptions['aadCredentials']>

const apiVersion = '2019-08-01'
const timeoutMs = 2_000

/** Seconds since 1970, as a text. */
const answer = z.object({ access_token: z.string().check(z.minLength(1)), expires_on: z.coerce.number() })

/** `getToken` rejects with `StoreUnavailable`: nothing is wrong with any change, so all of them wait. */
export function createManagedIdentity(variables: Variables, clientId: string): TokenCredential {
  const endpoint = required(variables, 'IDENTITY_ENDPOINT')
  const header = required(variables, 'IDENTITY_HEADER')
  return {
    async getToken(scopes) {
      const [scope = ''] = [scopes].flat()
      const url = new URL(endpoint)
      url.searchParams.set('api-version', apiVersion)
      url.searchParams.set('resource', scope.replace(/\/\.default$/, ''))
      url.searchParams.set('client_id', clientId)
      const { access_token: token, expires_on: expiresOnS } = await tokenFrom(url, header)
      return { token, expiresOnTimestamp: expiresOnS * 1000 }
    },
  }
}

async function tokenFrom(url: URL, header: string): Promise<z.output<typeof answer>> {
  try {
    const headers = { 'x-identity-header': header }
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(timeoutMs) })
    if (!response.ok) throw new Error(`${response.status} ${(await response.text()).slice(0, 200)}`)
    return answer.parse(await response.json())
  } catch (error) {
    throw new StoreUnavailable(`the app's identity got no token: ${error instanceof Error ? error.message : error}`)
  }
}
