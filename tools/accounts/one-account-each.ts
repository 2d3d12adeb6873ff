/**
 * Two sites in one account would be one: what a command does at the one it would do at the other, and their counters would be
 * used twice. So no site is opened where what is known of its account is as well what is known of another site's.
 */
import type { SitePlan } from '../../shared/declare/sync-plan.ts'
import type { DeploymentVariables } from './deployment-variables.ts'
import { SiteNotOpened } from './open-site.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** `variables`: of each site. Throws `SiteNotOpened` naming both. */
export function requireOwnAccount(
  site: SitePlan,
  sites: readonly SitePlan[],
  variables: ReadonlyMap<string, DeploymentVariables>,
  environment: Environment,
): void {
  const accountOf = (each: SitePlan) => accountWords(each, variables.get(each.id) ?? {}, environment)
  const own = accountOf(site)
  const other = sites.find(each => each.id !== site.id && each.cloud === site.cloud && accountOf(each) === own)
  if (!other) return
  throw new SiteNotOpened(
    site.id,
    `by what is known here it is in the same account as ${other.id} (${own}): ${remedies[site.cloud]}`,
  )
}

const remedies = {
  aws: 'give each a line aws_profile = "NAME" in infra.out/<site>/terraform.tfvars',
  gcp: 'each needs its project in infra.out/<site>/terraform.tfvars, where its deployment has it; --var and GOOGLE_CLOUD_PROJECT count for all',
  azure:
    'each needs its prefix in infra.out/<site>/terraform.tfvars, where its deployment has it; --var and keys of the environment count for all',
} as const

function accountWords({ cloud, region }: SitePlan, variables: DeploymentVariables, environment: Environment): string {
  switch (cloud) {
    case 'aws':
      return `${region}, ${variables.aws_profile ?? environment.AWS_PROFILE ?? 'the default credentials'}`
    case 'gcp':
      return `project ${variables.project ?? environment.GOOGLE_CLOUD_PROJECT ?? 'not named'}`
    case 'azure':
      return `Cosmos DB ${variables.cosmos_account ?? variables.prefix ?? 'not named'}`
  }
}
