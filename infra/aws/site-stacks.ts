/** One stack for each AWS site of the plan, in the site's region and whatever account deploys it. */
import { type App, Stack } from 'aws-cdk-lib'
import type { SyncPlan } from '../../shared/declare/sync-plan.ts'
import { TributarySite } from './tributary-site.ts'

export interface SiteStacksProps {
  readonly plan: SyncPlan
  /** Folder of the AWS bundles: `<function>/index.cjs`. */
  readonly bundles: string
}

export function createSiteStacks(app: App, { plan, bundles }: SiteStacksProps): readonly Stack[] {
  return plan.sites
    .filter(({ cloud }) => cloud === 'aws')
    .map(site => {
      const stack = new Stack(app, `tributary-${site.id}`, {
        description: `Tributary: site ${site.id}`,
        env: { region: site.region },
        terminationProtection: true,
      })
      new TributarySite(stack, 'Site', { plan, site, bundles })
      return stack
    })
}
