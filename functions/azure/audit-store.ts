/**
 * The audit store: a Cosmos container with one item for each resolution, under its id, so that a repeated put changes
 * nothing. Items of one type share a partition and expire by their `ttl`.
 */
import type { Container, CosmosClient } from '@azure/cosmos'
import { auditRetentionDays, auditStoreName, cosmosDatabaseName } from '../../shared/declare/resource-names.ts'
import type { AuditStore } from '../../shared/ports/index.ts'
import type { Resolution } from '../../shared/replicate/resolution.ts'
import { packParts } from '../common/packed-parts.ts'
import { storeFailure } from './store-errors.ts'

const dayS = 86_400

/**
 * Of the 2 MB that an item may have. A larger resolution is compressed, into one item or as many as it takes. In Base64,
 * of which three quarters count.
 */
const itemBytesMax = 1_900_000
const partBytesMax = Math.floor((itemBytesMax * 3) / 4)

export function auditContainer(client: CosmosClient): Container {
  return client.database(cosmosDatabaseName).container(auditStoreName)
}

export function createCosmosAuditStore(container: Container): AuditStore {
  return {
    async put(resolutions) {
      const entries = (await Promise.all(resolutions.map(entriesOf))).flat()
      await Promise.all(entries.map(entry => upsert(container, entry)))
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

async function entriesOf(resolution: Resolution): Promise<readonly object[]> {
  const ttl = auditRetentionDays * dayS
  const text = JSON.stringify(resolution)
  if (Buffer.byteLength(text) <= itemBytesMax) return [{ ...resolution, ttl }]
  const { id, site, type, key, origin, from, to, atMs } = resolution
  const [packed, ...others] = (await packParts(text, partBytesMax)).map(part => Buffer.from(part).toString('base64'))
  return [
    { id, site, type, key, origin, from, to, atMs, part: 0, packed, ttl },
    ...others.map((more, index) => ({ id: `${id}.${index + 1}`, type, of: id, part: index + 1, packed: more, ttl })),
  ]
}
