/**
 * The audit store: a Cosmos container with one item for each entry, under its id, so that a repeated put changes
 * nothing. Items of one type share a partition and expire by their `ttl`.
 */
import type { Container, CosmosClient } from '@azure/cosmos'
import { auditRetentionDays, auditStoreName, cosmosDatabaseName } from '../../shared/declare/resource-names.ts'
import type { AuditStore } from '../../shared/ports/index.ts'
import type { AuditEntry } from '../../shared/replicate/audit-entry.ts'
import { packParts } from '../common/packed-parts.ts'
import { storeFailure } from './store-errors.ts'

const dayS = 86_400

/**
 * Of the 2 MB that an item may have. A larger entry is compressed, into one item or as many as it takes. In Base64,
 * of which three quarters count.
 */
const itemBytesMax = 1_900_000
const partBytesMax = Math.floor((itemBytesMax * 3) / 4)

export function auditContainer(client: CosmosClient): Container {
  return client.database(cosmosDatabaseName).container(auditStoreName)
}

export function createCosmosAuditStore(container: Container): AuditStore {
  return {
    async put(entries) {
      const items = (await Promise.all(entries.map(itemsOf))).flat()
      await Promise.all(items.map(item => upsert(container, item)))
    },
  }
}

async function upsert(container: Container, item: object): Promise<void> {
  try {
    await container.items.upsert(item)
  } catch (error) {
    throw storeFailure(error)
  }
}

async function itemsOf(entry: AuditEntry): Promise<readonly object[]> {
  const ttl = auditRetentionDays * dayS
  const text = JSON.stringify(entry)
  if (Buffer.byteLength(text) <= itemBytesMax) return [{ ...entry, ttl }]
  const { id, site, type, key, origin, atMs } = entry
  const [packed, ...others] = (await packParts(text, partBytesMax)).map(part => Buffer.from(part).toString('base64'))
  return [
    { id, site, type, key, origin, atMs, part: 0, packed, ttl },
    ...others.map((more, index) => ({ id: `${id}.${index + 1}`, type, of: id, part: index + 1, packed: more, ttl })),
  ]
}
