/** The local clouds that are up, as commands see them. */
import { pathToFileURL } from 'node:url'
import type { SyncPlan } from '../../shared/declare/sync-plan.ts'
import { askSite } from '../local/control-client.ts'
import type { ControlRequest } from '../local/control-protocol.ts'
import { type LocalState, localFolder, readState, writeState } from '../local/local-folder.ts'

/** What the user asked for cannot be done; `message` says why and what to do. Ends the command with code 1. */
export class CommandFailed extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'CommandFailed'
  }
}

export interface RunningClouds {
  readonly plan: SyncPlan
  readonly state: LocalState
  ask(site: string, request: ControlRequest): Promise<unknown>
  /** Throws `CommandFailed` naming the sites there are. */
  requireSite(site: string): void
  /** Cuts these sites off, and no others. */
  cut(sites: readonly string[]): Promise<void>
}

export function connectClouds(plan: SyncPlan, state: LocalState): RunningClouds {
  const siteIds = Object.keys(state.sites)
  const addressOf = (site: string) => {
    const address = state.sites[site]
    if (!address) throw new CommandFailed(`no site '${site}'; the plan has ${siteIds.join(', ')}`)
    return { site, url: address.control, secret: state.secret }
  }
  return {
    plan,
    state,
    ask: (site, request) => askSite(addressOf(site), request),
    requireSite: site => void addressOf(site),
    cut: async sites => {
      await Promise.all(siteIds.map(site => askSite(addressOf(site), { ask: 'cut', sites: [...sites] })))
      await writeState(localFolder(), { ...state, cut: [...sites] })
    },
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
