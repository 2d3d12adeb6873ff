/** Which site's account a command works in: the declaration, the local clouds or accounts, and what their deployment was told. */
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Command, InvalidArgumentError } from 'commander'
import type { SyncPlan } from '../../shared/declare/sync-plan.ts'
import { type DeploymentVariables, deploymentVariables } from '../accounts/deployment-variables.ts'
import { localFolder } from '../local/local-folder.ts'
import type { SiteEndpoints } from '../local/local-site.ts'
import { readEndpoints } from '../local/official-clients/open-clients.ts'
import { CommandFailed, requireSite } from './clouds.ts'
import { type RunningClouds, runningClouds } from './running-clouds.ts'

/** What says how the sites were deployed. */
export interface DeploymentOptions {
  readonly config: string
  readonly out: string
  readonly var: DeploymentVariables
}

export interface SiteOptions extends DeploymentOptions {
  readonly site?: string
  readonly local: boolean
  readonly json: boolean
}

/** `when`: in what case they count, for the help. */
export function addDeploymentOptions(command: Command, when = ''): Command {
  return command
    .option('--config <file>', `${when}the declaration`, 'sync.config.ts')
    .option('--out <folder>', `${when}where synth left its Terraform JSON, and terraform.tfvars beside it`, 'infra.out')
    .option(
      '--var <name=value>',
      `${when}a variable of the deployment, as in terraform.tfvars; repeat for several`,
      gather,
      {},
    )
}

export function addSiteOptions(command: Command): Command {
  return addDeploymentOptions(command.option('--local', 'the local clouds instead of accounts', false))
}

export async function declarationIn(file: string): Promise<SyncPlan> {
  const { default: plan }: { default: SyncPlan } = await import(pathToFileURL(resolve(file)).href)
  return plan
}

export function variablesAt({ out, var: given }: DeploymentOptions, site: string): Promise<DeploymentVariables> {
  return deploymentVariables(join(out, site), given)
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
export async function chosenSites(options: SiteOptions): Promise<ChosenSites> {
  const { site, local } = options
  const clouds = local ? await runningClouds() : undefined
  const plan = clouds ? clouds.plan : await declarationIn(options.config)
  const sites = plan.sites.filter(({ id }) => id === (site ?? id))
  if (site !== undefined) requireSite({ plan }, site)
  return {
    plan,
    sites,
    clouds,
    local: local ? endpointsOf(sites, await readEndpoints(localFolder().endpointsFile)) : undefined,
    variablesOf: id => variablesAt(options, id),
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
