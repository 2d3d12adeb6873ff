/**
 * Which key may sign for a site? Its root key never leaves its cloud's KMS, and a call there for every request would cost
 * more than the request. So each instance makes a key of its own, and the root key certifies that one, for an hour: a JWT
 * (ES256) that holds the instance's public key (`cnf`, RFC 7800) and travels in the header of every token.
 *
 * A site knows the root keys of its peers, one or, while one is replaced by another, two. There is no list of what is
 * revoked: a root key that a peer no longer declares certifies nobody there, and a stolen session key is useless within
 * the hour.
 */
import { errors, importJWK, type JWTPayload, jwtVerify } from 'jose'
import * as z from '../document/schema.ts'
import { certificateLifetimeS, clockAheadMaxS, clockToleranceS } from './limits.ts'

/** A public key on P-256. */
export const publicKeySchema = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
})
export type PublicKey = z.output<typeof publicKeySchema>

export type Key = Awaited<ReturnType<typeof importJWK>>

const algorithm = 'ES256'
const use = 'tributary-session'
const confirmation = z.object({ jwk: publicKeySchema })

/** What the root key has to sign. With the signature behind it, after a dot, it is the certificate. */
export function certificateToSign(session: PublicKey, nowMs: number): string {
  const iat = Math.floor(nowMs / 1000)
  const { kty, crv, x, y } = session
  const claims = { iat, exp: iat + certificateLifetimeS, cnf: { jwk: { kty, crv, x, y } } }
  return [{ alg: algorithm, typ: use }, claims]
    .map(part => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
}

/** The certificate is not by any of the root keys, or not a certificate, or too old (`expired`). */
export class CertificateRefused extends Error {
  readonly expired: boolean
  constructor(detail: string, expired = false) {
    super(detail)
    this.name = 'CertificateRefused'
    this.expired = expired
  }
}

/** The key that one of the root keys certifies, at this time. Rejects with `CertificateRefused`. */
export async function certifiedKey(certificate: string, roots: readonly Key[], nowMs: number): Promise<Key> {
  for (const root of roots) {
    const claims = await claimsBy(root, certificate, nowMs)
    if (claims) return sessionKeyIn(claims, nowMs)
  }
  throw new CertificateRefused('no root key of its issuer signed the certificate')
}

/** Undefined: another key signed it. */
async function claimsBy(root: Key, certificate: string, nowMs: number): Promise<JWTPayload | undefined> {
  try {
    const { payload } = await jwtVerify(certificate, root, {
      algorithms: [algorithm],
      typ: use,
      currentDate: new Date(nowMs),
      clockTolerance: clockToleranceS,
      requiredClaims: ['iat', 'exp', 'cnf'],
    })
    return payload
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return undefined
    if (error instanceof errors.JWTExpired) throw new CertificateRefused('the certificate has expired', true)
    throw new CertificateRefused(error instanceof Error ? error.message : String(error))
  }
}

async function sessionKeyIn({ iat = 0, exp = 0, cnf }: JWTPayload, nowMs: number): Promise<Key> {
  // Whoever may use a root key once must not get a session for ever, nor one for later. What is no finite number is neither.
  if (!(exp - iat <= certificateLifetimeS)) {
    throw new CertificateRefused(`the certificate lives longer than ${certificateLifetimeS} s`)
  }
  if (!(iat - nowMs / 1000 <= clockAheadMaxS)) throw new CertificateRefused('the certificate is one for later')
  const { data } = confirmation.safeParse(cnf)
  if (!data) throw new CertificateRefused('the certificate holds no public key')
  return importJWK(data.jwk, algorithm)
}
