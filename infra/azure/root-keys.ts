/**
 * The site's root keys in Key Vault: P-256, made there and never seen outside. They certify the session keys of the
 * functions, about one call an hour and instance (shared/wire/certificate.ts).
 *
 * A key like these does not rotate by itself: a new one is declared beside it, told to the peers, and then signs.
 */
import { rootKeyNames, signingKeyName } from '../root-keys.ts'
import { createOutput } from '../terraform/output.ts'
import type { TypedResource } from '../terraform/typed-resource.ts'
import { azure, azureData } from './azure.ts'
import type { Identity } from './identity.ts'
import { placed, type SiteContext } from './site-context.ts'

export interface SigningKey {
  readonly vaultId: string
  /** For TRIBUTARY_ROOT_KEY: address and version of the key that signs. */
  readonly keyId: string
  grantSign(identity: Identity): TypedResource
}

export function createRootKeys(context: SiteContext): SigningKey {
  const { scope, site, prefix } = context
  const deployer = azureData(scope, 'this', 'azurerm_client_config', {})
  const vault = azure(scope, 'tributary', 'azurerm_key_vault', {
    name: `${prefix}-tributary`,
    ...placed(context),
    tenant_id: deployer.get('tenant_id'),
    sku_name: 'standard',
    rbac_authorization_enabled: true,
    purge_protection_enabled: true,
    soft_delete_retention_days: 90,
  })
  // Whoever deploys makes keys in it; to own the vault is not enough.
  const officer = azure(scope, 'deployer_key_vault_crypto_officer', 'azurerm_role_assignment', {
    scope: vault.id,
    role_definition_name: 'Key Vault Crypto Officer',
    principal_id: deployer.get('object_id'),
  })
  const keys = new Map(rootKeyNames(site).map(name => [name, createRootKey(context, vault, name, officer)]))
  const signing = keys.get(signingKeyName(site))
  if (!signing) throw new Error(`${site.id} signs with a root key that it does not declare`)
  const signer = createSigner(context)
  return {
    vaultId: vault.id,
    keyId: signing.id,
    grantSign: identity => identity.grant(signer, `${vault.id}/keys/${signing.get('name')}`, 'root key'),
  }
}

/**
 * The narrowest of Azure's own roles, Key Vault Crypto User, may also switch a key off (update) and take a backup of it.
 * (https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/security#key-vault-crypto-user)
 */
function createSigner({ scope, prefix, groupId }: SiteContext): TypedResource {
  return azure(scope, 'sign', 'azurerm_role_definition', {
    name: `${prefix}-tributary-sign`,
    description: 'Tributary: signs with a root key, and nothing else',
    scope: groupId,
    assignable_scopes: [groupId],
    permissions: [{ data_actions: ['Microsoft.KeyVault/vaults/keys/sign/action'] }],
  })
}

function createRootKey(
  { scope }: SiteContext,
  vault: TypedResource,
  name: string,
  officer: TypedResource,
): TypedResource {
  const key = azure(
    scope,
    `root_${name}`,
    'azurerm_key_vault_key',
    {
      name: `tributary-root-${name}`,
      key_vault_id: vault.id,
      key_type: 'EC',
      curve: 'P-256',
      key_opts: ['sign', 'verify'],
    },
    { dependsOn: [officer] },
  )
  const description = 'Goes into the declaration, without its two outer lines'
  createOutput(scope, `root_key_${name}`, description, key.get('public_key_pem'))
  return key
}
