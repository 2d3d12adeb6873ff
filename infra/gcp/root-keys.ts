/**
 * The site's root keys in Cloud KMS: EC_SIGN_P256_SHA256, made there and never seen outside. They certify the session keys
 * of the functions, about one call an hour and instance (shared/wire/certificate.ts).
 *
 * A key like these does not rotate by itself: a new one is declared beside it, told to the peers, and then signs.
 */
import { rootKeyNames, signingKeyName } from '../root-keys.ts'
import { createOutput } from '../terraform/output.ts'
import type { TypedResource } from '../terraform/typed-resource.ts'
import { google, googleData } from './google.ts'
import type { SiteContext } from './site-context.ts'

export interface SigningKey {
  /** For TRIBUTARY_ROOT_KEY: the version that signs. */
  readonly version: string
  grantSign(name: string, member: string): TypedResource
}

export function createRootKeys(context: SiteContext, ring: TypedResource): SigningKey {
  const keys = new Map(rootKeyNames(context.site).map(name => [name, createRootKey(context, ring, name)]))
  const signing = keys.get(signingKeyName(context.site))
  if (!signing) throw new Error(`${context.site.id} signs with a root key that it does not declare`)
  return {
    version: `${signing.id}/cryptoKeyVersions/1`,
    grantSign: (name, member) =>
      google(context.scope, name, 'google_kms_crypto_key_iam_member', {
        crypto_key_id: signing.id,
        role: 'roles/cloudkms.signer',
        member,
      }),
  }
}

function createRootKey({ scope, labels }: SiteContext, ring: TypedResource, name: string): TypedResource {
  const key = google(scope, `root_${name}`, 'google_kms_crypto_key', {
    name: `tributary-root-${name}`,
    key_ring: ring.id,
    purpose: 'ASYMMETRIC_SIGN',
    version_template: { algorithm: 'EC_SIGN_P256_SHA256', protection_level: 'SOFTWARE' },
    labels,
  })
  const version = googleData(scope, `root_${name}`, 'google_kms_crypto_key_version', { crypto_key: key.id })
  const description = 'Goes into the declaration, without its two outer lines'
  createOutput(scope, `root_key_${name}`, description, version.get('public_key[0].pem'))
  return key
}
