/** What is in the audit container: a query for each shard, which is a logical partition. */
import type { Container, SqlParameter } from '@azure/cosmos'
import type { AuditFilter, AuditLog } from '../../shared/ports/index.ts'
import type { AuditEntry } from '../../shared/replicate/audit-entry.ts'
import { recordName } from '../../shared/replicate/record-ref.ts'
import { auditLogOver, type ShardPart, type ShardQuestion } from '../common/audit-shards.ts'
import { entryFromParts } from '../common/stored-entry.ts'
import { storeFailure } from './store-errors.ts'

/** See audit-store.ts: an entry, or the first part of one, or a further part. */
interface StoredItem {
  readonly id: string
  readonly shard: string
  readonly at: string
  readonly entry?: AuditEntry
  readonly part: number
  readonly packed: string
}

export function createCosmosAuditLog(container: Container): AuditLog {
  return auditLogOver(async question => {
    try {
      return await readShard(container, question)
    } catch (error) {
      throw storeFailure(error)
    }
  })
}

async function readShard(
  container: Container,
  { shard, filter, range, after, count }: ShardQuestion,
): Promise<ShardPart> {
  const isOldest = filter.order === 'oldest'
  const { conditions, parameters } = conditionsOf(filter)
  const beyond = after === undefined ? [] : [`c.at ${isOldest ? '>' : '<'} @after`]
  const where = ['c.shard = @shard', 'c.at >= @from', 'c.at < @until', ...beyond, ...conditions].join(' AND ')
  const query = {
    query: `SELECT TOP ${count} * FROM c WHERE ${where} ORDER BY c.at ${isOldest ? 'ASC' : 'DESC'}`,
    parameters: [
      { name: '@shard', value: shard },
      { name: '@from', value: range[0] },
      { name: '@until', value: range[1] },
      ...(after === undefined ? [] : [{ name: '@after', value: after }]),
      ...parameters,
    ],
  }
  const { resources } = await container.items.query<StoredItem>(query, { partitionKey: shard }).fetchAll()
  return {
    rows: resources.map(item => ({ at: item.at, entry: () => entryOf(container, item) })),
    next: resources.length < count ? undefined : resources.at(-1)?.at,
  }
}

function conditionsOf({ type, key, rule, review }: AuditFilter) {
  const conditions: string[] = []
  const parameters: SqlParameter[] = []
  if (key !== undefined) {
    conditions.push('c.record = @record')
    parameters.push({ name: '@record', value: recordName({ type, key }) })
  }
  if (rule !== undefined) {
    conditions.push('ARRAY_CONTAINS(c.rules, @rule)')
    parameters.push({ name: '@rule', value: rule })
  }
  if (review) conditions.push('c.review = true')
  return { conditions, parameters }
}

async function entryOf(container: Container, item: StoredItem): Promise<AuditEntry> {
  if (item.entry) return item.entry
  const query = { query: 'SELECT * FROM c WHERE c.of = @id', parameters: [{ name: '@id', value: item.id }] }
  const options = { partitionKey: item.shard }
  const { resources } = await container.items.query<StoredItem>(query, options).fetchAll()
  const parts = [item, ...resources].map(({ part, packed }) => ({ part, packed: Buffer.from(packed, 'base64') }))
  return entryFromParts(parts)
}
