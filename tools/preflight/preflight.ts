/** Every site of a plan against its account. */
import type { SitePlan, SyncPlan } from '../../shared/declare/sync-plan.ts'
import type { SiteEndpoints } from '../local/local-site.ts'
import type { DeploymentVariables } from './deployment-variables.ts'
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
  for (const site of options.sites) {
    for await (const finding of checkSite(options, site)) yield { site: site.id, ...finding }
  }
}

/** Each cloud's clients are loaded when a site needs them. */
async function* checkSite(options: PreflightOptions, site: SitePlan): AsyncGenerator<SiteFinding> {
  const { plan, local: locals, environment } = options
  const local = locals?.[site.id]
  if (locals && !local) throw new Error(`the local clouds have no site ${site.id}`)
  const variables = local ? {} : await options.variablesOf(site.id)
  switch (site.cloud) {
    case 'aws': {
      const [{ openAws }, { checkAwsSite }] = await Promise.all([
        import('./aws-access.ts'),
        import('./check-aws-site.ts'),
      ])
      const access = await openAws(site.region, local)
      try {
        yield* checkAwsSite(access, plan, site)
      } finally {
        access.close()
      }
      return
    }
    case 'gcp': {
      const [{ openGcp }, { checkGcpSite }] = await Promise.all([
        import('./gcp-access.ts'),
        import('./check-gcp-site.ts'),
      ])
      const access = await openGcp({ local, variables, environment })
      try {
        yield* checkGcpSite(access, plan, site, variables)
      } finally {
        await access?.close()
      }
      return
    }
    case 'azure': {
      const [{ openAzure }, { checkAzureSite }] = await Promise.all([
        import('./azure-access.ts'),
        import('./check-azure-site.ts'),
      ])
      const access = await openAzure({ local, variables, environment })
      try {
        yield* checkAzureSite(access, plan, site, variables)
      } finally {
        access.close()
      }
      return
    }
  }
}
