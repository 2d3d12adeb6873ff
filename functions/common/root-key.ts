/**
 * A site's root key: signs with ECDSA on P-256 over the SHA-256 of the data, 64 bytes (r and s) as JOSE wants them. Each
 * cloud has an adapter for its own KMS, where the key stays. The local clouds are handed theirs as a JWK.
 */
import { webcrypto } from 'node:crypto'
import { importJWK, type JWK } from 'jose'

export interface RootKey {
  sign(data: Uint8Array<ArrayBuffer>): Promise<Uint8Array>
}

export function rootKeyFromJwk(privateKey: JWK): RootKey {
  const imported = importJWK(privateKey, 'ES256')
  // Whoever asks first is told; nobody else need be.
  imported.catch(() => {})
  return {
    async sign(data) {
      const key = await imported
      if (!('algorithm' in key)) throw new Error('the root key is no private P-256 key')
      return new Uint8Array(await webcrypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key, data))
    },
  }
}
