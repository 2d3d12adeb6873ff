/**
 * The audit store: a Cosmos container with one item for each resolution, under its id, so that a repeated put changes
 * nothing. Items of one type share a partition and expire by their `ttl`.
 */
import type { Container, CosmosClient } from '@azure/cosmos'
import { auditRetentionDays, auditStoreName, cosmosDatabaseName } from '../../shared/declare/resource-names.ts'
import type { AuditStore } from '../../shared/ports/index.ts'
import type { Resolution } from '../../shared/replicate/resolution.ts'
import { packText } from './packed-text.ts'
import { storeFailure } from './store-errors.ts'

const dayS = 86_400

/** Of the 2 MB that an item may have. Larger ones hold the resolution as one compressed text. */
const itemBytesMax = 1_900_000

export function auditContainer(client: CosmosClient): Container {
  return client.database(cosmosDatabaseName).container(auditStoreName)
}

export function createCosmosAuditStore(container: Container): AuditStore {
  return {
    async put(resolutions) {
      await Promise.all(resolutions.map(async resolution => upsert(container, await entryOf(resolution))))
    },
  }
}

async function upsert(container: Container, entry: object): Promise<void> {
  try {
    await container.items.upsert(entry)
  } catch (error) {
    throw storeFailure(error)
  }
}

async function entryOf(resolution: Resolution): Promise<object> {
  const ttl = auditRetentionDays * dayS
  const text = JSON.stringify(resolution)
  if (Buffer.byteLength(text) <= itemBytesMax) return { ...resolution, ttl }
  const { id, site, type, key, origin, from, to, atMs } = resolution
  return { id, site, type, key, origin, from, to, atMs, packed: await packText(text), ttl }
}
