/**
 * Who sent this, for whom, and is it what was sent? A short-lived JWT (ES256) with the SHA-256 of the body: it
 * authenticates the sender, cannot be used at another site or with another body, and is useless a minute later. It is
signed by a session key, whose certificate by the site's root key is in its header (certificate.ts).
 * Within that minute a replay finds everything applied: deltas are idempotent.
 */
import { createHash } from 'node:crypto'
import { errors, importJWK, type JWK, type JWTHeaderParameters, jwtVerify, SignJWT } from 'jose'
import type { SiteId } from '../causality/dot.ts'
import { CertificateRefused, certifiedKey, type Key } from './certificate.ts'
import { clockAheadMaxS, clockToleranceS, tokenLifetimeS } from './limits.ts'

const algorithm = 'ES256'

/** A request's token is no answer's, and the other way round. */
export type TokenUse = 'tributary-request' | 'tributary-answer'

export type TokenFault = 'missing' | 'unknown_issuer' | 'wrong_audience' | 'expired' | 'invalid'

/** The caller did not prove who it is, or that it speaks to this site. */
export class TokenRefused extends Error {
  readonly fault: TokenFault
  constructor(fault: TokenFault, detail: string) {
    super(detail)
    this.name = 'TokenRefused'
    this.fault = fault
  }
}

export interface Signed {
  readonly issuer: SiteId
  readonly audience: SiteId
  readonly body: Uint8Array
  readonly nowMs: number
  /** In an answer: the digest of the request it answers. */
  readonly inReplyTo?: string
}

export interface Verified {
  readonly issuer: SiteId
  /** What the body must hash to. */
  readonly digest: string
  readonly inReplyTo: string | undefined
  /** When, by the issuer's clock, in ms. */
  readonly atMs: number
}

export function digestOf(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('base64url')
}

export type Sign = (signed: Signed) => Promise<string>

/** What signs until its certificate expires. */
export interface Session {
  readonly key: Key
  readonly certificate: string
}

export function signToken({ key, certificate }: Session, signed: Signed): Promise<string> {
  const { issuer, audience, body, nowMs, inReplyTo } = signed
  const typ: TokenUse = inReplyTo === undefined ? 'tributary-request' : 'tributary-answer'
  // With its milliseconds: the receiver tells by it how far the clocks are apart.
  const nowS = nowMs / 1000
  return new SignJWT({ digest: digestOf(body), ...(inReplyTo === undefined ? {} : { inReplyTo }) })
    .setProtectedHeader({ alg: algorithm, typ, certificate })
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt(nowS)
    .setExpirationTime(nowS + tokenLifetimeS)
    .sign(key)
}

export type Verify = (token: string | undefined, audience: SiteId, nowMs: number, use?: TokenUse) => Promise<Verified>

/** The verifier knows the root keys of this site's peers and of nobody else. Rejects with `TokenRefused`. */
export async function createVerifier(rootKeys: ReadonlyMap<SiteId, readonly JWK[]>): Promise<Verify> {
  const roots = new Map<SiteId, readonly Key[]>()
  for (const [site, keys] of rootKeys) {
    roots.set(site, await Promise.all(keys.map(jwk => importJWK(jwk, algorithm))))
  }
  return async (token, audience, nowMs, use = 'tributary-request') => {
    if (token === undefined) throw new TokenRefused('missing', 'a bearer token is required')
    try {
      const { payload } = await jwtVerify(
        token,
        (header, jws) => sessionKeyOf(header, rootsOf(jws.payload, roots), nowMs),
        {
          algorithms: [algorithm],
          typ: use,
          audience,
          currentDate: new Date(nowMs),
          clockTolerance: clockToleranceS,
          requiredClaims: ['iss', 'aud', 'iat', 'exp', 'digest'],
        },
      )
      const { iss, digest, inReplyTo, iat = 0, exp = Number.POSITIVE_INFINITY } = payload
      refuseOddTimes(iat, exp, nowMs / 1000)
      if (typeof digest !== 'string') throw new TokenRefused('invalid', 'the token carries no digest')
      return {
        issuer: iss ?? '',
        digest,
        inReplyTo: typeof inReplyTo === 'string' ? inReplyTo : undefined,
        atMs: iat * 1000,
      }
    } catch (error) {
      throw tokenRefused(error)
    }
  }
}

function refuseOddTimes(iatS: number, expS: number, nowS: number): void {
  // Fractions of a second are not exact.
  if (expS - iatS > tokenLifetimeS + 0.001)
    throw new TokenRefused('invalid', `it lives longer than ${tokenLifetimeS} s`)
  if (iatS - nowS > clockAheadMaxS) {
    throw new TokenRefused('invalid', `its issuer's clock is ${Math.round(iatS - nowS)} s ahead of this site's`)
  }
}

/** The issuer's root keys, by the claim that is about to be verified under them. */
function rootsOf(payload: unknown, roots: ReadonlyMap<SiteId, readonly Key[]>): readonly Key[] {
  const text = typeof payload === 'string' ? Buffer.from(payload, 'base64url').toString() : ''
  const claims: unknown = JSON.parse(text)
  const issuer = typeof claims === 'object' && claims !== null && 'iss' in claims ? String(claims.iss) : ''
  const keys = roots.get(issuer)
  if (!keys) throw new TokenRefused('unknown_issuer', `'${issuer}' is no peer of this site`)
  return keys
}

function sessionKeyOf({ certificate }: JWTHeaderParameters, roots: readonly Key[], nowMs: number): Promise<Key> {
  if (typeof certificate !== 'string') throw new TokenRefused('invalid', 'the token carries no certificate')
  return certifiedKey(certificate, roots, nowMs)
}

function tokenRefused(error: unknown): TokenRefused {
  if (error instanceof TokenRefused) return error
  if (error instanceof CertificateRefused) {
    return new TokenRefused(error.expired ? 'expired' : 'invalid', error.message)
  }
  if (error instanceof errors.JWTExpired) return new TokenRefused('expired', 'the token has expired')
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'aud') {
    return new TokenRefused('wrong_audience', 'the token is for another site')
  }
  return new TokenRefused('invalid', error instanceof Error ? error.message : String(error))
}
