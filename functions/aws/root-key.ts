/** The site's root key in AWS KMS (ECC_NIST_P256): it signs there, and nobody can take it away. */
import { type KMSClient, SignCommand } from '@aws-sdk/client-kms'
import { derToJose } from 'ecdsa-sig-formatter'
import type { RootKey } from '../common/root-key.ts'

export interface KmsRootKeyOptions {
  readonly client: KMSClient
  /** The key's ARN. */
  readonly keyId: string
}

export function createKmsRootKey({ client, keyId }: KmsRootKeyOptions): RootKey {
  return {
    async sign(data) {
      const command = new SignCommand({
        KeyId: keyId,
        Message: data,
        MessageType: 'RAW',
        SigningAlgorithm: 'ECDSA_SHA_256',
      })
      const { Signature } = await client.send(command)
      if (!Signature) throw new Error('KMS answered without a signature')
      return Buffer.from(derToJose(Buffer.from(Signature), 'ES256'), 'base64url')
    },
  }
}
