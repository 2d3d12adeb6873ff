/**
 * The site's private signing key: a secret in this region alone, encrypted under the site's key. Terraform makes the
 * secret, the deployer its versions (docs/deploy-gcp.md): the key stands in no template, no state and no log. Functions
 * are told one version, so that a new key takes effect when the variable does, at every function at once; an instance
 * that starts is given the value by the platform, and it lies in no configuration.
 */
import type { TypedResource } from '../terraform/typed-resource.ts'
import { createVariable } from '../terraform/variable.ts'
import type { EncryptionKey } from './encryption-key.ts'
import { google } from './google.ts'
import type { SecretVariable } from './google-types.ts'
import type { SiteContext } from './site-context.ts'

export interface SigningKey {
  readonly variable: SecretVariable
  grantRead(name: string, member: string): TypedResource
}

export function createSigningKey(context: SiteContext, key: EncryptionKey): SigningKey {
  const { scope, site, project, labels } = context
  const secret = google(scope, 'signing_key', 'google_secret_manager_secret', {
    secret_id: 'tributary-signing-key',
    replication: {
      user_managed: {
        replicas: [
          {
            location: site.region,
            customer_managed_encryption: { kms_key_name: key.for('secretmanager') },
          },
        ],
      },
    },
    labels,
  })
  const version = createVariable(scope, 'signing_key_version', {
    description: 'Version of the secret tributary-signing-key',
    pattern: '^[1-9][0-9]*$',
  })
  return {
    variable: { key: 'TRIBUTARY_SIGNING_KEY', project_id: project, secret: secret.get('secret_id'), version },
    grantRead: (name, member) =>
      google(scope, name, 'google_secret_manager_secret_iam_member', {
        secret_id: secret.id,
        role: 'roles/secretmanager.secretAccessor',
        member,
      }),
  }
}
