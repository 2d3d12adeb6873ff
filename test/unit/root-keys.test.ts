/** The root keys of Google Cloud and Azure: what their KMS is asked, and that what it answers certifies a session. */
import { generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createKeyVaultRootKey } from '../../functions/azure/root-key.ts'
import type { RootKey } from '../../functions/common/root-key.ts'
import { createSessionSigner } from '../../functions/common/session-signer.ts'
import { createCloudKmsRootKey } from '../../functions/gcp/root-key.ts'
import { createVerifier } from '../../shared/wire/token.ts'
import { startMs } from './memory-site.ts'
import { aws, gcp } from './wire-sites.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const { kty, crv, x, y } = publicKey.export({ format: 'jwk' })

interface Asked {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

/** A KMS, as far as HTTP goes. */
function answering(answers: (url: string) => unknown): {
  readonly asked: Asked[]
  readonly fetch: typeof globalThis.fetch
} {
  const asked: Asked[] = []
  return {
    asked,
    async fetch(input, init) {
      const url = String(input)
      const body = init?.body === undefined ? undefined : JSON.parse(String(init.body))
      asked.push({ url, headers: Object.fromEntries(new Headers(init?.headers)), body })
      const answer = answers(url)
      return answer instanceof Response ? answer : Response.json(answer)
    },
  }
}

/** A KMS is given a digest; here the data itself is signed, in the form that each service gives back. */
const signed = (data: Uint8Array, dsaEncoding: 'der' | 'ieee-p1363') =>
  sign('sha256', data, { key: privateKey, dsaEncoding })

/** A session that this root key certifies is believed by a peer that knows its public half. */
async function isBelieved(root: RootKey): Promise<boolean> {
  const body = Buffer.from('[]')
  const token = await createSessionSigner({ root })({ issuer: aws, audience: gcp, body, nowMs: startMs })
  const verify = await createVerifier(new Map([[aws, [{ kty: kty ?? '', crv: crv ?? '', x: x ?? '', y: y ?? '' }]]]))
  return (await verify(token, gcp, startMs)).issuer === aws
}

describe('Cloud KMS', () => {
  const version =
    'projects/shop/locations/us-central1/keyRings/tributary/cryptoKeys/tributary-root-first/cryptoKeyVersions/1'

  it('is asked as the function’s own service account, and its signature is believed', async () => {
    let data: Uint8Array = new Uint8Array()
    const { asked, fetch } = answering(url =>
      url.includes('metadata')
        ? { access_token: 'token', expires_in: 3599, token_type: 'Bearer' }
        : { signature: signed(data, 'der').toString('base64'), name: version },
    )
    const root = createCloudKmsRootKey({ version, fetch })
    const noting: RootKey = {
      sign(toSign) {
        data = toSign
        return root.sign(toSign)
      },
    }
    expect(await isBelieved(noting)).toBe(true)
    const [token, request] = asked
    expect(token).toMatchObject({ headers: { 'metadata-flavor': 'Google' } })
    expect(request).toMatchObject({
      url: `https://cloudkms.googleapis.com/v1/${version}:asymmetricSign`,
      headers: { authorization: 'Bearer token' },
      body: { digest: { sha256: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/) } },
    })
  })

  it('that refuses is quoted', async () => {
    const { fetch } = answering(url =>
      url.includes('metadata')
        ? { access_token: 'token' }
        : new Response('permission denied on the key', { status: 403 }),
    )
    await expect(createCloudKmsRootKey({ version, fetch }).sign(new Uint8Array([1]))).rejects.toThrow(
      'cloudkms.googleapis.com: 403 permission denied on the key',
    )
  })
})

describe('Key Vault', () => {
  const keyId = 'https://shop.vault.azure.net/keys/tributary-root-first/0123456789abcdef'
  const scopes: unknown[] = []
  const credential = {
    async getToken(scope: string | string[]) {
      scopes.push(scope)
      return { token: 'token', expiresOnTimestamp: 0 }
    },
  }

  it('is asked as the app’s own identity, and its signature is believed', async () => {
    let data: Uint8Array = new Uint8Array()
    const { asked, fetch } = answering(() => ({
      kid: keyId,
      value: signed(data, 'ieee-p1363').toString('base64url'),
    }))
    const root = createKeyVaultRootKey({ keyId, credential, fetch })
    const noting: RootKey = {
      sign(toSign) {
        data = toSign
        return root.sign(toSign)
      },
    }
    expect(await isBelieved(noting)).toBe(true)
    expect(scopes).toEqual(['https://vault.azure.net/.default'])
    expect(asked).toMatchObject([
      {
        url: `${keyId}/sign?api-version=7.4`,
        headers: { authorization: 'Bearer token' },
        body: { alg: 'ES256', value: expect.stringMatching(/^[\w-]{43}$/) },
      },
    ])
  })

  it('that refuses is quoted', async () => {
    const { fetch } = answering(() => new Response('Forbidden by role', { status: 403 }))
    await expect(createKeyVaultRootKey({ keyId, credential, fetch }).sign(new Uint8Array([1]))).rejects.toThrow(
      'Key Vault: 403 Forbidden by role',
    )
  })
})
