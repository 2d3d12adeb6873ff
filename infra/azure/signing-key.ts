/**
 * The site's private signing key: a secret in a vault that roles alone open. Terraform makes the vault, the deployer the
 * secret (docs/deploy-azure.md): the key stands in no template, no state and no log. The functions' settings refer to
 * one version of it, so that a new key takes effect when the variable does.
 */
import { createVariable } from '../terraform/variable.ts'
import { azure, azureData } from './azure.ts'
import type { Identity } from './identity.ts'
import { placed, type SiteContext } from './site-context.ts'

const secretName = 'signing-key'

export interface SigningKey {
  readonly vaultId: string
  /** For TRIBUTARY_SIGNING_KEY: a reference that the platform resolves for the app's identity. */
  readonly reference: string
  grantRead(identity: Identity): ReturnType<Identity['grant']>
}

export function createSigningKey(context: SiteContext): SigningKey {
  const { scope, prefix } = context
  const vault = azure(scope, 'tributary', 'azurerm_key_vault', {
    name: `${prefix}-tributary`,
    ...placed(context),
    tenant_id: azureData(scope, 'this', 'azurerm_client_config', {}).get('tenant_id'),
    sku_name: 'standard',
    rbac_authorization_enabled: true,
    purge_protection_enabled: true,
    soft_delete_retention_days: 90,
  })
  const version = createVariable(scope, 'signing_key_version', {
    description: `Version of the vault's secret ${secretName}`,
    pattern: '^[0-9a-f]{32}$',
  })
  return {
    vaultId: vault.id,
    reference: `@Microsoft.KeyVault(SecretUri=${vault.get('vault_uri')}secrets/${secretName}/${version})`,
    grantRead: identity => identity.grant('Key Vault Secrets User', `${vault.id}/secrets/${secretName}`, secretName),
  }
}
