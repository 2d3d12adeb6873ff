/**
 * Tributary on this machine: the local clouds of the declaration in a folder of their own, written and watched with
 * the clouds' official clients only. Nothing of the replication is asked or known here.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectRoot } from '../../tools/build/bundle-functions.ts'
import { localFolder } from '../../tools/local/local-folder.ts'
import type { SiteEndpoints } from '../../tools/local/local-site.ts'
import type { ApplicationClient } from '../../tools/local/official-clients/application-client.ts'
import { openClients } from '../../tools/local/official-clients/open-clients.ts'
import { startLocalClouds, stopLocalClouds } from '../../tools/local/start-local-clouds.ts'
import type { Timing } from '../../tools/local/timing.ts'
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

export async function openTributary({ onProgress, signal, timing, tier }: TributaryOptions): Promise<LagTarget> {
  const temporary = await mkdtemp(join(tmpdir(), 'tributary-bench-'))
  process.env.TRIBUTARY_LOCAL = temporary
  const folder = localFolder()
  const clients: ApplicationClient[] = []
  const close = async () => {
    await Promise.allSettled(clients.map(client => client.close()))
    await stopLocalClouds(folder)
    await rm(temporary, { recursive: true, force: true })
  }
  try {
    await startLocalClouds({
      folder,
      config: join(projectRoot, 'sync.config.ts'),
      detached: false,
      timing,
      onProgress: text => onProgress(`tributary: ${text}`),
      signal,
    })
    clients.push(...(await openClients(folder.endpointsFile)))
    const sites: Readonly<Record<string, SiteEndpoints>> = JSON.parse(await readFile(folder.endpointsFile, 'utf8'))
    return {
      name: 'Tributary',
      sites: clients.flatMap(client => {
        const site = sites[client.site]
        return site ? [createSite(client, site, typeOfTier[tier])] : []
      }),
      close,
    }
  } catch (error) {
    await close()
    throw error
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
