/**
 * The site's root key in Key Vault (EC, P-256): it signs there, and nobody can take it away. It is asked about once an
 * hour and instance, so a plain request does. Key Vault signs as JOSE wants it.
 * (https://learn.microsoft.com/rest/api/keyvault/keys/sign/sign)
 */
import { createHash } from 'node:crypto'
import * as z from '../../shared/document/schema.ts'
import type { RootKey } from '../common/root-key.ts'
import type { TokenCredential } from './managed-identity.ts'

const apiVersion = '7.4'
const timeoutMs = 3_000

const signAnswer = z.object({ value: z.base64url() })

export interface KeyVaultRootKeyOptions {
  /** `https://<vault>.vault.azure.net/keys/<key>/<version>` */
  readonly keyId: string
  readonly credential: TokenCredential
  readonly fetch?: typeof globalThis.fetch
}

export function createKeyVaultRootKey({
  keyId,
  credential,
  fetch = globalThis.fetch,
}: KeyVaultRootKeyOptions): RootKey {
  return {
    async sign(data) {
      const token = await credential.getToken('https://vault.azure.net/.default')
      const digest = createHash('sha256').update(data).digest('base64url')
      const response = await fetch(`${keyId}/sign?api-version=${apiVersion}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token?.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ alg: 'ES256', value: digest }),
        signal: AbortSignal.timeout(timeoutMs),
      })
      if (!response.ok) throw new Error(`Key Vault: ${response.status} ${(await response.text()).slice(0, 200)}`)
      return Buffer.from(signAnswer.parse(await response.json()).value, 'base64url')
    },
  }
}
