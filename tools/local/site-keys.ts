/** A P-256 key pair per site, made when the local clouds come up and known to nobody else. */
import { exportJWK, generateKeyPair, type JWK } from 'jose'

export interface SiteKeys {
  readonly privateKey: JWK
  readonly publicKey: JWK
}

export async function makeSiteKeys(): Promise<SiteKeys> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  return { privateKey: await exportJWK(privateKey), publicKey: await exportJWK(publicKey) }
}
