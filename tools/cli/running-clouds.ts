/** The local clouds that are up, as commands see them. */
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import type { SyncPlan } from '../../shared/declare/sync-plan.ts'
import { openWriter } from '../load/open-writer.ts'
import { askSite } from '../local/control-client.ts'
import type { ControlRequest } from '../local/control-protocol.ts'
import { type LocalState, localFolder, readState, writeState } from '../local/local-folder.ts'
import { readEndpoints } from '../local/official-clients/open-clients.ts'
import { clockAheadOf } from './clock-ahead.ts'
import { type Clouds, CommandFailed, requireSite } from './clouds.ts'

/** Beside their stores there are the host processes to ask. */
export interface RunningClouds extends Clouds {
  readonly place: 'local'
  readonly state: LocalState
  ask(site: string, request: ControlRequest): Promise<unknown>
  /** Cuts these sites off, and no others. */
  cut(sites: readonly string[]): Promise<void>
}

const siteStatus = z.object({
  triggers: z.array(
    z
      .object({ function: z.string(), failures: z.number(), lastError: z.string().optional() })
      .transform(trigger => ({ lastError: undefined, ...trigger })),
  ),
  deadLetters: z.number(),
  nowMs: z.number(),
  plan: z.string(),
})

export function connectClouds(plan: SyncPlan, state: LocalState): RunningClouds {
  const siteIds = Object.keys(state.sites)
  const ask = (site: string, request: ControlRequest) => {
    const address = state.sites[site]
    if (!address) throw new CommandFailed(`no site '${site}'; the plan has ${siteIds.join(', ')}`)
    return askSite({ site, url: address.control, secret: state.secret }, request)
  }
  const aheadMsOf = (site: string) => clockAheadOf(() => ask(site, { ask: 'identify' }))
  return {
    plan,
    place: 'local',
    state,
    ask,
    aheadMsOf,
    statusOf: async site => ({
      ...siteStatus.parse(await ask(site, { ask: 'status' })),
      aheadMs: await aheadMsOf(site),
    }),
    openWriter: async (site, type) => {
      const { endpointsFile } = localFolder()
      const endpoints = (await readEndpoints(endpointsFile))[site]
      if (!endpoints) throw new CommandFailed(`${endpointsFile} does not name ${site}: local down, then up`)
      return openWriter(type, endpoints)
    },
    cut: async sites => {
      for (const site of sites) requireSite({ plan }, site)
      await Promise.all(siteIds.map(site => ask(site, { ask: 'cut', sites: [...sites] })))
      await writeState(localFolder(), { ...state, cut: [...sites] })
    },
    close: async () => {},
  }
}

export async function runningClouds(): Promise<RunningClouds> {
  const folder = localFolder()
  const state = await readState(folder)
  if (!state) {
    throw new CommandFailed(
      `no local clouds are up in ${folder.path}; bring them up with: npx tributary local up (or run this where they were brought up)`,
    )
  }
  const { default: plan }: { default: SyncPlan } = await import(pathToFileURL(state.config).href)
  return connectClouds(plan, state)
}
