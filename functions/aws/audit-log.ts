/**
 * What is in the audit table: a query for each shard, by its sort key. What is asked beside type and time is a filter
 * of the query: DynamoDB reads, and charges for, what it then leaves out, within the shard and the times asked for.
 */
import { type AttributeValue, type DynamoDBClient, paginateQuery, QueryCommand } from '@aws-sdk/client-dynamodb'
import { auditStoreName, auditTable } from '../../shared/declare/resource-names.ts'
import type { AuditFilter, AuditLog } from '../../shared/ports/index.ts'
import { recordName } from '../../shared/replicate/record-ref.ts'
import { auditLogOver, type ShardPart, type ShardQuestion } from '../common/audit-shards.ts'
import { entryFromParts, entryFromText, type PackedPart } from '../common/stored-entry.ts'
import { storeFailure } from './store-errors.ts'
import type { Item } from './values.ts'

const { key, sort } = auditTable

/** Items read at a time where a filter leaves most of them out. */
const filteredCount = 250

export function createDynamoDbAuditLog(client: DynamoDBClient): AuditLog {
  return auditLogOver(async question => {
    try {
      return await readShard(client, question)
    } catch (error) {
      throw storeFailure(error)
    }
  })
}

async function readShard(client: DynamoDBClient, question: ShardQuestion): Promise<ShardPart> {
  const { shard, filter, range, after, count } = question
  const { expression, names, values } = filterOf(filter)
  const { Items = [], LastEvaluatedKey } = await client.send(
    new QueryCommand({
      TableName: auditStoreName,
      KeyConditionExpression: '#key = :shard AND #sort BETWEEN :from AND :until',
      FilterExpression: expression,
      ExpressionAttributeNames: { '#key': key, '#sort': sort, ...names },
      ExpressionAttributeValues: {
        ':shard': { S: shard },
        ':from': { S: range[0] },
        ':until': { S: range[1] },
        ...values,
      },
      ScanIndexForward: filter.order === 'oldest',
      Limit: isFiltered(filter) ? filteredCount : count,
      // A place in the order; no item need be there.
      ...(after === undefined ? {} : { ExclusiveStartKey: { [key]: { S: shard }, [sort]: { S: after } } }),
    }),
  )
  return {
    rows: Items.map(item => ({ at: item[sort]?.S ?? '', entry: () => entryOf(client, item) })),
    next: LastEvaluatedKey?.[sort]?.S,
  }
}

function isFiltered({ key: record, rule, review }: AuditFilter): boolean {
  return record !== undefined || rule !== undefined || review !== undefined
}

/** The further parts of a large entry are read with it. */
function filterOf({ type, key: record, rule, review }: AuditFilter) {
  const conditions = ['(attribute_not_exists(#part) OR #part = :first)']
  const names: Record<string, string> = { '#part': 'part' }
  const values: Record<string, AttributeValue> = { ':first': { N: '0' } }
  if (record !== undefined) {
    conditions.push('#record = :record')
    names['#record'] = 'record'
    values[':record'] = { S: recordName({ type, key: record }) }
  }
  if (rule !== undefined) {
    conditions.push('contains(#rules, :rule)')
    names['#rules'] = 'rules'
    values[':rule'] = { S: rule }
  }
  if (review) {
    conditions.push('attribute_exists(#review)')
    names['#review'] = 'review'
  }
  return { expression: conditions.join(' AND '), names, values }
}

async function entryOf(client: DynamoDBClient, item: Item) {
  if (item.resolution?.S !== undefined) return entryFromText(item.resolution.S)
  const parts: PackedPart[] = []
  const pages = paginateQuery(
    { client },
    {
      TableName: auditStoreName,
      KeyConditionExpression: '#key = :shard AND begins_with(#sort, :at)',
      ExpressionAttributeNames: { '#key': key, '#sort': sort },
      ExpressionAttributeValues: { ':shard': item[key] ?? { S: '' }, ':at': item[sort] ?? { S: '' } },
    },
  )
  for await (const { Items = [] } of pages) {
    parts.push(...Items.map(({ part, packed }) => ({ part: Number(part?.N), packed: packed?.B ?? new Uint8Array() })))
  }
  return entryFromParts(parts)
}
