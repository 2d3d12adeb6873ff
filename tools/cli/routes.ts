/** The routes between sites that a command means: `[type] --from SITE --to SITE`, each of them all unless it is said. */
import type { Command } from 'commander'
import { peersOf, typesAt } from '../../shared/declare/sync-plan.ts'
import { type FlowSettings, flowSettings } from '../../shared/replicate/flow-settings.ts'
import { type Clouds, CommandFailed, requireSite, requireType } from './clouds.ts'
import { addCloudsOptions, type CloudsOptions } from './clouds-options.ts'

export interface Route {
  readonly site: string
  readonly peer: string
}

export interface RouteOptions extends CloudsOptions {
  readonly from?: string
  readonly to?: string
  readonly json: boolean
}

export function addRouteOptions(command: Command): Command {
  return addCloudsOptions(command)
    .option('--from <site>', 'what this site sends only (default: every site)')
    .option('--to <site>', 'what this site gets only (default: every site)')
    .option('--json', 'print the routes as JSON', false)
}

/** Those that carry this data type, or any. Throws `CommandFailed` for names that the plan does not have. */
export function routesOf(
  { plan }: Clouds,
  type: string | undefined,
  { from, to }: Pick<RouteOptions, 'from' | 'to'>,
): readonly Route[] {
  for (const site of [from, to]) if (site !== undefined) requireSite({ plan }, site)
  if (type !== undefined) requireType({ plan }, type)
  const routes = plan.sites
    .flatMap(({ id: site }) => peersOf(plan, site).map(({ id: peer }) => ({ site, peer })))
    .filter(({ site, peer }) => (from ?? site) === site && (to ?? peer) === peer)
    .filter(({ site, peer }) => typesOn(plan, { site, peer }).some(name => name === (type ?? name)))
  if (routes.length === 0) throw new CommandFailed(`nothing${type ? ` of '${type}'` : ''} travels ${wayOf(from, to)}`)
  return routes
}

export function typesOn(plan: Clouds['plan'], { site, peer }: Route): readonly string[] {
  return typesAt(plan, site).flatMap(({ name, sites }) => (sites.includes(peer) ? [name] : []))
}

function wayOf(from: string | undefined, to: string | undefined): string {
  return `from ${from ?? 'any site'} to ${to ?? 'any site'}`
}

export async function readSettings(clouds: Clouds, { site, peer }: Route): Promise<FlowSettings> {
  return flowSettings.parse(await clouds.ask(site, { ask: 'flow', peer }))
}
