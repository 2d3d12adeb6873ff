/** The deployed sites of a plan: commands ask their stores from here, and no function is involved. */
import { type SyncPlan, siteOf } from '../../shared/declare/sync-plan.ts'
import { type Clouds, requireSite } from '../cli/clouds.ts'
import { listLetters } from '../stores/dead-letter-queue.ts'
import { answerStores, storeRequest } from '../stores/store-protocol.ts'
import type { DeploymentVariables } from './deployment-variables.ts'
import { requireOwnAccount } from './one-account-each.ts'
import { type OpenSite, openSite } from './open-site.ts'
import { serverClockAhead } from './server-clock.ts'

export interface AccountCloudsOptions {
  readonly plan: SyncPlan
  readonly variablesOf: (site: string) => Promise<DeploymentVariables>
  readonly environment: Readonly<Record<string, string | undefined>>
}

export function accountClouds({ plan, variablesOf, environment }: AccountCloudsOptions): Clouds {
  const opened = new Map<string, Promise<OpenSite>>()
  const at = (id: string): Promise<OpenSite> => {
    requireSite({ plan }, id)
    const open = async () => {
      const variables = new Map(
        await Promise.all(plan.sites.map(async each => [each.id, await variablesOf(each.id)] as const)),
      )
      const site = siteOf(plan, id)
      requireOwnAccount(site, plan.sites, variables, environment)
      return openSite({ plan, site, variables: variables.get(id) ?? {}, environment })
    }
    const site = opened.get(id) ?? open()
    opened.set(id, site)
    return site
  }
  return {
    plan,
    place: 'accounts',
    async ask(site, request) {
      const { stores } = await at(site)
      const answer = await answerStores(stores, storeRequest.parse(request))
      // As a host process answers: what is undefined is not there.
      return answer === undefined ? undefined : JSON.parse(JSON.stringify(answer))
    },
    aheadMsOf: async site => aheadMsAt(await at(site)),
    async statusOf(site) {
      const reached = await at(site)
      const letters = await listLetters(reached.stores.takeLetters)
      const aheadMs = await aheadMsAt(reached)
      return { deadLetters: letters.length, nowMs: Date.now() + (aheadMs ?? 0), aheadMs, triggers: [], plan: undefined }
    },
    openWriter: async (site, type) => (await at(site)).openWriter(type),
    async close() {
      // One that could not be opened has said so.
      const sites = await Promise.allSettled(opened.values())
      await Promise.all(sites.map(site => (site.status === 'fulfilled' ? site.value.close() : undefined)))
    },
  }
}

async function aheadMsAt({ clock }: OpenSite): Promise<number | undefined> {
  return clock === undefined ? 0 : serverClockAhead(clock)
}
