/** Deploys another declaration, or other code, to one site of the running local clouds. */
import { readdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { type SitePlan, type SyncPlan, siteOf } from '../../shared/declare/sync-plan.ts'
import { bundleFunctions } from '../build/bundle-functions.ts'
import { askSite } from './control-client.ts'
import { type LocalFolder, type LocalState, writeEndpoints, writeState } from './local-folder.ts'
import type { SiteEndpoints } from './local-site.ts'
import { readEndpoints } from './official-clients/open-clients.ts'

export interface RedeployOptions {
  readonly folder: LocalFolder
  readonly state: LocalState
  readonly site: string
  /** Path of the declaration. */
  readonly config: string
  readonly onProgress: (text: string) => void
}

export interface Redeployed {
  readonly plan: SyncPlan
  /** As it is written down now. */
  readonly state: LocalState
}

/** What a deployment of one site cannot bring about here; `message` says why and what to do. */
class NotRedeployable extends Error {
  constructor(reason: string) {
    super(`${reason}; that needs: npx tributary local down, and up`)
    this.name = 'NotRedeployable'
  }
}

const answer = z.object({ endpoints: z.custom<SiteEndpoints>(value => typeof value === 'object' && value !== null) })

/** Resolves when the new functions run. Rejects with `NotRedeployable`, or with why they do not. */
export async function redeploySite(options: RedeployOptions): Promise<Redeployed> {
  const { folder, state, site, onProgress } = options
  const at = state.sites[site]
  if (!at) throw new NotRedeployable(`no site '${site}' is up`)
  const config = resolve(options.config)
  const { default: plan }: { default: SyncPlan } = await import(pathToFileURL(config).href)
  const endpoints = await readEndpoints(folder.endpointsFile)
  refuseOtherSites(plan, endpoints)

  onProgress('bundling the functions')
  const kept = join(folder.path, 'redeployed', site)
  const earlier = await readdir(kept).catch(() => [])
  const name = String(Date.now())
  const functions = join(kept, name)
  await bundleFunctions({ config, out: functions, clouds: [siteOf(plan, site).cloud], mayBeKept: true })
  onProgress('replacing the functions')
  const told = await askSite({ site, url: at.control, secret: state.secret }, { ask: 'redeploy', config, functions })
  // Instances that start again would have loaded them until now.
  await Promise.all(earlier.map(old => rm(join(kept, old), { recursive: true, force: true })))
  await writeEndpoints(folder, { ...endpoints, [site]: answer.parse(told).endpoints })
  const next = afterwards(state, site, config)
  await writeState(folder, next)
  return { plan, state: next }
}

/** Keys, links and queues between sites are made when the clouds come up. */
function refuseOtherSites(plan: SyncPlan, endpoints: Awaited<ReturnType<typeof readEndpoints>>): void {
  const named = (id: string, { cloud, region }: Pick<SitePlan, 'cloud' | 'region'>) => `${id} (${cloud}, ${region})`
  const declared = plan.sites.map(site => named(site.id, site)).toSorted()
  const up = Object.entries(endpoints)
    .map(([id, at]) => named(id, at))
    .toSorted()
  if (declared.join() === up.join()) return
  throw new NotRedeployable(`the declaration has the sites ${declared.join(', ')}, and up are ${up.join(', ')}`)
}

/** The commands go by the former declaration until every site has the new one. */
function afterwards(state: LocalState, site: string, config: string): LocalState {
  const sites = Object.fromEntries(
    Object.entries(state.sites).map(([id, at]) => [id, id === site ? { ...at, config } : at]),
  )
  const everywhere = Object.values(sites).every(at => (at.config ?? state.config) === config)
  return { ...state, sites, config: everywhere ? config : state.config }
}
