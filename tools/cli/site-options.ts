/** Which site's account a command works in: the declaration, the local clouds or accounts, and what their deployment was told. */
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Command, InvalidArgumentError } from 'commander'
import type { SyncPlan } from '../../shared/declare/sync-plan.ts'
import { type DeploymentVariables, deploymentVariables } from '../accounts/deployment-variables.ts'
import { localFolder } from '../local/local-folder.ts'
import type { SiteEndpoints } from '../local/local-site.ts'
import { readEndpoints } from '../local/official-clients/open-clients.ts'
import { CommandFailed, type RunningClouds, runningClouds } from './running-clouds.ts'

export interface SiteOptions {
  readonly site?: string
  readonly config: string
  readonly local: boolean
  readonly out: string
  readonly var: DeploymentVariables
  readonly json: boolean
}

export function addSiteOptions(command: Command): Command {
  return command
    .option('--config <file>', 'the declaration', 'sync.config.ts')
    .option('--local', 'the local clouds instead of accounts', false)
    .option('--out <folder>', 'where synth left its Terraform JSON, and terraform.tfvars beside it', 'infra.out')
    .option(
      '--var <name=value>',
      'a variable of the deployment, as in terraform.tfvars; repeat for several',
      gather,
      {},
    )
}

export interface ChosenSites {
  readonly plan: SyncPlan
  readonly sites: SyncPlan['sites']
  /** Those of the local clouds. */
  readonly clouds: RunningClouds | undefined
  readonly local: Readonly<Record<string, SiteEndpoints>> | undefined
  readonly variablesOf: (site: string) => Promise<DeploymentVariables>
}

/** Without `site`: all of them. Throws `CommandFailed` for a site that the plan does not have. */
export async function chosenSites({ site, config, local, out, var: given }: SiteOptions): Promise<ChosenSites> {
  const clouds = local ? await runningClouds() : undefined
  const { default: plan }: { default: SyncPlan } = clouds
    ? { default: clouds.plan }
    : await import(pathToFileURL(resolve(config)).href)
  const sites = plan.sites.filter(({ id }) => id === (site ?? id))
  if (sites.length === 0) {
    throw new CommandFailed(`no site '${site}'; the plan has ${plan.sites.map(({ id }) => id).join(', ')}`)
  }
  return {
    plan,
    sites,
    clouds,
    local: local ? endpointsOf(sites, await readEndpoints(localFolder().endpointsFile)) : undefined,
    variablesOf: id => deploymentVariables(join(out, id), given),
  }
}

/** Throws `CommandFailed` where one of the sites has none: without them a command would reach the site's account. */
export function endpointsOf(
  sites: SyncPlan['sites'],
  endpoints: Readonly<Record<string, SiteEndpoints>>,
): Readonly<Record<string, SiteEndpoints>> {
  const missing = sites.filter(({ id }) => !endpoints[id]).map(({ id }) => id)
  if (missing.length === 0) return endpoints
  throw new CommandFailed(`the local clouds have no endpoints for ${missing.join(', ')}: bring them up again`)
}

function gather(text: string, before: DeploymentVariables): DeploymentVariables {
  const [, name, value] = /^(\w+)=(.*)$/s.exec(text) ?? []
  if (name === undefined || value === undefined) throw new InvalidArgumentError('such as project=shop-prod')
  return { ...before, [name]: value }
}
