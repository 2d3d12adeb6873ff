/** Every site of a plan against its account. */
import type { SitePlan, SyncPlan } from '../../shared/declare/sync-plan.ts'
import type { DeploymentVariables } from '../accounts/deployment-variables.ts'
import { openAccount, type SiteAccount } from '../accounts/site-account.ts'
import type { SiteEndpoints } from '../local/local-site.ts'
import type { Finding, SiteFinding } from './finding.ts'

export interface PreflightOptions {
  readonly plan: SyncPlan
  readonly sites: readonly SitePlan[]
  /** By site: the local clouds. Undefined: the accounts of the default credentials. */
  readonly local: Readonly<Record<string, SiteEndpoints>> | undefined
  readonly variablesOf: (site: string) => Promise<DeploymentVariables>
  readonly environment: Readonly<Record<string, string | undefined>>
}

export async function* preflight(options: PreflightOptions): AsyncGenerator<Finding> {
  const { plan, sites, local: locals, environment } = options
  for (const site of sites) {
    const local = locals?.[site.id]
    const variables = local ? {} : await options.variablesOf(site.id)
    const account = await openAccount({ site, local, variables, environment })
    try {
      for await (const finding of await checksOf(account, plan, site, variables)) yield { site: site.id, ...finding }
    } finally {
      await account.access?.close()
    }
  }
}

async function checksOf(
  account: SiteAccount,
  plan: SyncPlan,
  site: SitePlan,
  variables: DeploymentVariables,
): Promise<AsyncIterable<SiteFinding>> {
  switch (account.cloud) {
    case 'aws':
      return (await import('./check-aws-site.ts')).checkAwsSite(account.access, plan, site)
    case 'gcp':
      return (await import('./check-gcp-site.ts')).checkGcpSite(account.access, plan, site, variables)
    case 'azure':
      return (await import('./check-azure-site.ts')).checkAzureSite(account.access, plan, site, variables)
  }
}
