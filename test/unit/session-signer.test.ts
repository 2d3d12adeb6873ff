/**
 * Who may speak for a site? Whoever its root key certified within the hour: if a wrong certificate passed, anybody could
 * write into every site; if a right one did not, replication would stop.
 */
import { generateKeyPairSync, sign as signOf } from 'node:crypto'
import type { KMSClient, SignCommand } from '@aws-sdk/client-kms'
import { decodeProtectedHeader, exportJWK, generateKeyPair, importJWK } from 'jose'
import { describe, expect, it } from 'vitest'
import { createKmsRootKey } from '../../functions/aws/root-key.ts'
import { type RootKey, rootKeyFromJwk } from '../../functions/common/root-key.ts'
import { createSessionSigner, createSigner, type SigningKeyUnavailable } from '../../functions/common/session-signer.ts'
import { certificateToSign, publicKeySchema } from '../../shared/wire/certificate.ts'
import { certificateLifetimeS, clockToleranceS } from '../../shared/wire/limits.ts'
import { createVerifier, type Session, type Sign, signToken } from '../../shared/wire/token.ts'
import { startMs } from './memory-site.ts'
import { aws, gcp, type Keys, keyPair } from './wire-sites.ts'

const body = Buffer.from('[]')
const tokenBy = (sign: Sign, nowMs = startMs) => sign({ issuer: aws, audience: gcp, body, nowMs })
const hourMs = certificateLifetimeS * 1000

async function verifying(...roots: readonly Keys[]) {
  const verify = await createVerifier(new Map([[aws, roots.map(({ publicKey }) => publicKey)]]))
  return async (token: Promise<string> | string, nowMs = startMs) => (await verify(await token, gcp, nowMs)).issuer
}

/** A root key that counts how often it is asked, and may be away. */
function countedRoot({ privateKey }: Keys) {
  const key = rootKeyFromJwk(privateKey)
  const counted = { asked: 0, isAway: false }
  const root: RootKey = {
    async sign(data) {
      counted.asked += 1
      if (counted.isAway) throw new Error('AccessDeniedException')
      return key.sign(data)
    },
  }
  return { counted, root }
}

/** The session of a signer, as whoever stole it would have it. */
async function stolen(sign: Sign): Promise<string> {
  const { certificate } = decodeProtectedHeader(await tokenBy(sign))
  return String(certificate)
}

describe('the peer believes', () => {
  it('whom the root key of the issuer certified', async () => {
    const root = await keyPair()
    expect(await (await verifying(root))(tokenBy(createSigner(root.privateKey)))).toBe(aws)
  })

  it('nobody whom another root key certified, and nobody while it knows no root key', async () => {
    const [root, other] = [await keyPair(), await keyPair()]
    const token = tokenBy(createSigner(other.privateKey))
    await expect((await verifying(root))(token)).rejects.toMatchObject({ fault: 'invalid' })
    await expect((await verifying())(token)).rejects.toMatchObject({ fault: 'invalid' })
  })

  it('nobody who has a certificate but not its key', async () => {
    const root = await keyPair()
    const certificate = await stolen(createSigner(root.privateKey))
    const { key } = await sessionOf(await keyPair())
    await expect((await verifying(root))(tokenBy(signed => signToken({ key, certificate }, signed)))).rejects.toThrow(
      /signature/,
    )
  })

  it('no token that the root key signed itself, without a session', async () => {
    const root = await keyPair()
    const key = await importJWK(root.privateKey, 'ES256')
    const token = tokenBy(signed => signToken({ key, certificate: 'none' }, signed))
    await expect((await verifying(root))(token)).rejects.toMatchObject({ fault: 'invalid' })
  })

  it('a session until its certificate ends, whoever goes on signing with it', async () => {
    const root = await keyPair()
    const session = await sessionOf(root)
    const verify = await verifying(root)
    const at = (nowMs: number) =>
      verify(
        tokenBy(signed => signToken(session, signed), nowMs),
        nowMs,
      )
    expect(await at(startMs + hourMs - 1000)).toBe(aws)
    await expect(at(startMs + hourMs + clockToleranceS * 1000)).rejects.toMatchObject({ fault: 'expired' })
  })

  it.each([
    [
      'for longer than an hour',
      (iat: number) => `{"iat":${iat},"exp":${iat + certificateLifetimeS + 1}`,
      /longer than 3600 s/,
    ],
    ['for an hour in some years', () => '{"iat":2051222400,"exp":2051226000', /one for later/],
    ['without an end that is a number', () => '{"iat":1e999,"exp":1e999', /longer than 3600 s/],
  ])('no certificate %s, though the root key signed it', async (_, times, refusal) => {
    const root = await keyPair()
    const rootKey = rootKeyFromJwk(root.privateKey)
    const { certificate } = await sessionOf(root)
    const [header = '', claims = ''] = certificate.split('.')
    const { iat, cnf } = JSON.parse(Buffer.from(claims, 'base64url').toString())
    const other = Buffer.from(`${times(iat)},"cnf":${JSON.stringify(cnf)}}`).toString('base64url')
    const signature = await rootKey.sign(new TextEncoder().encode(`${header}.${other}`))
    const forged = `${header}.${other}.${Buffer.from(signature).toString('base64url')}`
    const { key } = await sessionOf(root)
    const token = tokenBy(signed => signToken({ key, certificate: forged }, signed))
    await expect((await verifying(root))(token)).rejects.toThrow(refusal)
  })
})

it('a root key is replaced without a pause: both are believed, then the new one signs, then the old one goes', async () => {
  const [old, next] = [await keyPair(), await keyPair()]
  const [byOld, byNext] = [createSigner(old.privateKey), createSigner(next.privateKey)]
  const both = await verifying(old, next)
  expect(await both(tokenBy(byOld))).toBe(aws)
  expect(await both(tokenBy(byNext))).toBe(aws)
  const after = await verifying(next)
  expect(await after(tokenBy(byNext))).toBe(aws)
  await expect(after(tokenBy(byOld))).rejects.toMatchObject({ fault: 'invalid' })
})

describe('the root key', () => {
  it('is asked once for many tokens at once, and again before the hour is over', async () => {
    const keys = await keyPair()
    const { counted, root } = countedRoot(keys)
    const sign = createSessionSigner({ root })
    await Promise.all(Array.from({ length: 50 }, () => tokenBy(sign)))
    expect(counted.asked).toBe(1)
    const later = startMs + hourMs - 60_000
    expect(await (await verifying(keys))(tokenBy(sign, later), later)).toBe(aws)
    expect(counted.asked).toBe(2)
  })

  it('may be away while a certificate holds: that is told, and nothing stops until it ends', async () => {
    const keys = await keyPair()
    const { counted, root } = countedRoot(keys)
    const failures: SigningKeyUnavailable[] = []
    const sign = createSessionSigner({ root, failed: error => failures.push(error) })
    await tokenBy(sign)
    counted.isAway = true
    const later = startMs + hourMs - 5 * 60_000
    const verify = await verifying(keys)
    expect(await verify(tokenBy(sign, later), later)).toBe(aws)
    expect(await verify(tokenBy(sign, later + 1000), later + 1000)).toBe(aws)
    expect(failures).toHaveLength(1)
    await expect(tokenBy(sign, startMs + hourMs)).rejects.toMatchObject({ name: 'SigningKeyUnavailable' })
    counted.isAway = false
    expect(await verify(tokenBy(sign, startMs + hourMs), startMs + hourMs)).toBe(aws)
  })

  it('in AWS KMS signs what the peer can verify with its public key', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const asked: unknown[] = []
    // As KMS answers: DER, over the SHA-256 of the raw message.
    const client = {
      async send({ input }: SignCommand) {
        const { Message, ...rest } = input
        asked.push(rest)
        return { Signature: signOf('sha256', Message ?? new Uint8Array(), privateKey) }
      },
    } as unknown as KMSClient
    const jwk = publicKey.export({ format: 'jwk' })
    const verify = await createVerifier(new Map([[aws, [{ ...jwk, kty: 'EC' }]]]))
    // The length of a DER signature differs from one to the next.
    for (let run = 0; run < 20; run++) {
      const sign = createSessionSigner({ root: createKmsRootKey({ client, keyId: 'arn:key' }) })
      expect((await verify(await tokenBy(sign), gcp, startMs)).issuer).toBe(aws)
    }
    expect(asked[0]).toEqual({ KeyId: 'arn:key', MessageType: 'RAW', SigningAlgorithm: 'ECDSA_SHA_256' })
  })
})

/** A session that lies open, so that a test can misuse it. */
async function sessionOf({ privateKey }: Keys): Promise<Session> {
  const session = await generateKeyPair('ES256')
  const claims = certificateToSign(publicKeySchema.parse(await exportJWK(session.publicKey)), startMs)
  const signature = await rootKeyFromJwk(privateKey).sign(new TextEncoder().encode(claims))
  const certificate = `${claims}.${Buffer.from(signature).toString('base64url')}`
  return { key: session.privateKey, certificate }
}
