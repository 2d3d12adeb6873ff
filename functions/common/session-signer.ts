/**
 * Signs requests and answers with a session key of this instance, which the site's root key certifies about once an hour
 * (shared/wire/certificate.ts). The private half is not extractable and ends with the instance.
 */
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { certificateToSign, publicKeySchema } from '../../shared/wire/certificate.ts'
import { certificateLifetimeS } from '../../shared/wire/limits.ts'
import { type Session, type Sign, signToken } from '../../shared/wire/token.ts'
import { type RootKey, rootKeyFromJwk } from './root-key.ts'

/** Nothing can be signed for the site: its KMS does not answer, or refuses. Whatever was to be sent waits. */
export class SigningKeyUnavailable extends Error {
  constructor(cause: unknown) {
    super(`the root key certifies no session: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.name = 'SigningKeyUnavailable'
  }
}

/** A new certificate is asked for this long before the old one ends: so long may the KMS be away without a trace. */
const renewBeforeMs = 15 * 60_000
/** Until it is asked again, while the old certificate still holds. */
const tryAgainMs = 60_000

export interface SessionSignerOptions {
  readonly root: RootKey
  /** Told when the root key could not be used, also while the last certificate still holds. */
  readonly failed?: (error: SigningKeyUnavailable) => void
}

export function createSessionSigner({ root, failed }: SessionSignerOptions): Sign {
  let held: (Session & { readonly issuedAtMs: number; readonly expiresAtMs: number }) | undefined
  let renewAtMs = 0
  let renewing: Promise<void> | undefined

  async function renew(nowMs: number): Promise<void> {
    try {
      const session = await certifiedSession(root, nowMs)
      held = { ...session, issuedAtMs: nowMs, expiresAtMs: nowMs - (nowMs % 1000) + certificateLifetimeS * 1000 }
      renewAtMs = held.expiresAtMs - renewBeforeMs
    } catch (cause) {
      const error = new SigningKeyUnavailable(cause)
      failed?.(error)
      if (!held || nowMs >= held.expiresAtMs) throw error
      renewAtMs = Math.min(nowMs + tryAgainMs, held.expiresAtMs)
    } finally {
      renewing = undefined
    }
  }

  return async signed => {
    // A clock that was ahead and is right again: what it certified is one for later.
    if (!held || signed.nowMs >= renewAtMs || signed.nowMs < held.issuedAtMs - renewBeforeMs) {
      renewing ??= renew(signed.nowMs)
      await renewing
    }
    if (!held) throw new SigningKeyUnavailable('no session')
    return signToken(held, signed)
  }
}

/** For a root key at hand: the local clouds, and tests. */
export function createSigner(privateKey: JWK): Sign {
  return createSessionSigner({ root: rootKeyFromJwk(privateKey) })
}

async function certifiedSession(root: RootKey, nowMs: number): Promise<Session> {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const claims = certificateToSign(publicKeySchema.parse(await exportJWK(publicKey)), nowMs)
  const signature = await root.sign(new TextEncoder().encode(claims))
  return { key: privateKey, certificate: `${claims}.${Buffer.from(signature).toString('base64url')}` }
}
