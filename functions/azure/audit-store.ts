/**
 * The audit store: a Cosmos container with one item for each entry, under its id, so that a repeated put changes
 * nothing. Items of one shard (see replicate/audit-place.ts) share a partition, and expire by their `ttl`.
 */
import type { Container, CosmosClient } from '@azure/cosmos'
import { auditRetentionDays, auditStoreName, cosmosDatabaseName } from '../../shared/declare/resource-names.ts'
import type { AuditStore } from '../../shared/ports/index.ts'
import type { AuditEntry } from '../../shared/replicate/audit-entry.ts'
import { auditAt, auditShard, isFlagged, rulesOf } from '../../shared/replicate/audit-place.ts'
import { recordName } from '../../shared/replicate/record-ref.ts'
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
  const { id, site, origin } = entry
  const shard = auditShard(entry)
  const item = {
    ...{ id, shard, at: auditAt(entry), record: recordName(entry), site, origin, rules: rulesOf(entry), ttl },
    ...(isFlagged(entry) && { review: true }),
  }
  const text = JSON.stringify(entry)
  if (Buffer.byteLength(text) <= itemBytesMax) return [{ ...item, entry }]
  const [packed, ...others] = (await packParts(text, partBytesMax)).map(part => Buffer.from(part).toString('base64'))
  return [
    { ...item, part: 0, packed },
    ...others.map((more, index) => ({ id: `${id}.${index + 1}`, shard, of: id, part: index + 1, packed: more, ttl })),
  ]
}
