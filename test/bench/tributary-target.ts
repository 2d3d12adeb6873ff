/**
 * Tributary on this machine: the local clouds of the declaration in a folder of their own, written and watched with
 * the clouds' official clients only. Nothing of the replication is asked or known here.
 */
import { join } from 'node:path'
import { projectRoot } from '../../tools/build/bundle-functions.ts'
import type { SiteEndpoints } from '../../tools/local/local-site.ts'
import type { ApplicationClient } from '../../tools/local/official-clients/application-client.ts'
import type { Timing } from '../../tools/local/timing.ts'
import { openBenchClouds } from './bench-clouds.ts'
import { cartOf } from './cart.ts'
import type { LagSite, LagTarget } from './lag.ts'
import type { OpenOptions } from './open-options.ts'
import { watchCosmosContainer } from './watch/watch-cosmos-container.ts'
import { watchDynamoDbTable } from './watch/watch-dynamodb-table.ts'
import { watchFirestoreCollection } from './watch/watch-firestore-collection.ts'

const field = 'round'

export type WrittenTier = 1 | 2

/** The type of `sync.config.ts` that is written for each tier. The documents are the same. */
const typeOfTier: Readonly<Record<WrittenTier, string>> = { 1: 'carts', 2: 'products' }

export interface TributaryOptions extends OpenOptions {
  readonly timing: Timing
  readonly tier: WrittenTier
}

export async function openTributary({ tier, ...options }: TributaryOptions): Promise<LagTarget> {
  const { clients, endpoints, close } = await openBenchClouds({
    ...options,
    config: join(projectRoot, 'test/carts-and-products.config.ts'),
  })
  return {
    name: 'Tributary',
    sites: clients.flatMap(client => {
      const site = endpoints[client.site]
      return site ? [createSite(client, site, typeOfTier[tier])] : []
    }),
    close,
  }
}

function createSite(client: ApplicationClient, site: SiteEndpoints, type: string): LagSite {
  const keyField = site.data[type]?.key[0] ?? ''
  return {
    id: client.site,
    write: (key, value) => client.put(type, { ...cartOf(key, value), [keyField]: key }),
    watch: onSeen => {
      const place = { site, type, field, onSeen }
      if (site.cloud === 'aws') return watchDynamoDbTable(place)
      if (site.cloud === 'gcp') return watchFirestoreCollection(place)
      return watchCosmosContainer(place)
    },
  }
}
