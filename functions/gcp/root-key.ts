/**
 * The site's root key in Cloud KMS (EC_SIGN_P256_SHA256): it signs there, and nobody can take it away. It is asked about
 * once an hour and instance, so two plain requests do: one for a token of the function's own service account, one to
 * the key. (https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys.cryptoKeyVersions/asymmetricSign)
 */
import { createHash } from 'node:crypto'
import { derToJose } from 'ecdsa-sig-formatter'
import * as z from '../../shared/document/schema.ts'
import type { RootKey } from '../common/root-key.ts'

const timeoutMs = 3_000

/** Reachable from within Google Cloud only. (https://cloud.google.com/run/docs/securing/service-identity) */
const tokenUrl = 'http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token'

const tokenAnswer = z.object({ access_token: z.string() })
const signAnswer = z.object({ signature: z.base64() })

export interface CloudKmsRootKeyOptions {
  /** `projects/<project>/locations/<region>/keyRings/<ring>/cryptoKeys/<key>/cryptoKeyVersions/<version>` */
  readonly version: string
  readonly fetch?: typeof globalThis.fetch
}

export function createCloudKmsRootKey({ version, fetch = globalThis.fetch }: CloudKmsRootKeyOptions): RootKey {
  const ask = async <Output>(url: string, init: RequestInit, schema: z.ZodMiniType<Output>): Promise<Output> => {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) })
    if (!response.ok)
      throw new Error(`${new URL(url).host}: ${response.status} ${(await response.text()).slice(0, 200)}`)
    return schema.parse(await response.json())
  }
  return {
    async sign(data) {
      const { access_token } = await ask(tokenUrl, { headers: { 'metadata-flavor': 'Google' } }, tokenAnswer)
      const digest = { sha256: createHash('sha256').update(data).digest('base64') }
      const { signature } = await ask(
        `https://cloudkms.googleapis.com/v1/${version}:asymmetricSign`,
        {
          method: 'POST',
          headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
          body: JSON.stringify({ digest }),
        },
        signAnswer,
      )
      return Buffer.from(derToJose(Buffer.from(signature, 'base64'), 'ES256'), 'base64url')
    },
  }
}
