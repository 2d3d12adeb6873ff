/** The account of a site, opened by its cloud: each cloud's clients are loaded when a site needs them. */
import type { SitePlan } from '../../shared/declare/sync-plan.ts'
import type { SiteEndpoints } from '../local/local-site.ts'
import type { AwsAccess } from './aws-access.ts'
import type { AzureAccess } from './azure-access.ts'
import type { DeploymentVariables } from './deployment-variables.ts'
import type { GcpAccess } from './gcp-access.ts'

export type SiteAccount =
  | { readonly cloud: 'aws'; readonly access: AwsAccess }
  /** Undefined: nobody says which project. */
  | { readonly cloud: 'gcp'; readonly access: GcpAccess | undefined }
  | { readonly cloud: 'azure'; readonly access: AzureAccess }

export interface SiteAccountOptions {
  readonly site: SitePlan
  /** An entry of `.local/endpoints.json`; undefined: the account of the default credentials. */
  readonly local: SiteEndpoints | undefined
  readonly variables: DeploymentVariables
  readonly environment: Readonly<Record<string, string | undefined>>
}

export async function openAccount({ site, ...options }: SiteAccountOptions): Promise<SiteAccount> {
  switch (site.cloud) {
    case 'aws': {
      const { openAws } = await import('./aws-access.ts')
      return { cloud: 'aws', access: await openAws(site.region, options.local) }
    }
    case 'gcp': {
      const { openGcp } = await import('./gcp-access.ts')
      return { cloud: 'gcp', access: await openGcp(options) }
    }
    case 'azure': {
      const { openAzure } = await import('./azure-access.ts')
      return { cloud: 'azure', access: await openAzure(options) }
    }
  }
}
