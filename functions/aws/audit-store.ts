/**
 * The audit store: one item for each entry, in its shard and in the order of time; the id at the end of the sort key
 * makes a repeated put the same put.
 *
 * What an operator searches by is an attribute of its own; the whole is one JSON text, because the values that lost
 * are kept as they were, and may hold numbers that DynamoDB has no room for. One that is larger than an item is
 * compressed, and goes on in as many further items as it takes, which follow it in the table.
 */
import { BatchWriteItemCommand, type DynamoDBClient, type WriteRequest } from '@aws-sdk/client-dynamodb'
import { auditRetentionDays, auditStoreName, auditTable } from '../../shared/declare/resource-names.ts'
import { type AuditStore, type Clock, StoreUnavailable } from '../../shared/ports/index.ts'
import type { AuditEntry } from '../../shared/replicate/audit-entry.ts'
import { auditAt, auditShard, isFlagged, rulesOf } from '../../shared/replicate/audit-place.ts'
import { recordName } from '../../shared/replicate/record-ref.ts'
import { packParts } from '../common/packed-parts.ts'
import { sendUntilTaken } from './backoff.ts'
import { storeFailure } from './store-errors.ts'
import type { Item } from './values.ts'

/** Limit of one BatchWriteItem. */
const itemsMax = 25
const dayS = 86_400

/** Of an item's 400 KB; the rest is for its other attributes. */
const textBytesMax = 380_000

export function createDynamoDbAuditStore({
  client,
  clock,
}: {
  readonly client: DynamoDBClient
  readonly clock: Clock
}): AuditStore {
  async function write(requests: readonly WriteRequest[]): Promise<readonly WriteRequest[]> {
    try {
      const command = new BatchWriteItemCommand({ RequestItems: { [auditStoreName]: [...requests] } })
      const { UnprocessedItems } = await client.send(command)
      return UnprocessedItems?.[auditStoreName] ?? []
    } catch (error) {
      throw storeFailure(error)
    }
  }

  return {
    async put(entries) {
      // DynamoDB refuses a batch that names an item twice.
      const once = new Map(entries.map(entry => [entry.id, entry])).values()
      const items = (await Promise.all([...once].map(itemsOf))).flat()
      for (let start = 0; start < items.length; start += itemsMax) {
        const requests = items.slice(start, start + itemsMax).map(Item => ({ PutRequest: { Item } }))
        const left = await sendUntilTaken(requests, write, clock)
        if (left.length > 0) throw new StoreUnavailable(`DynamoDB left ${left.length} audit entries unwritten`)
      }
    },
  }
}

async function itemsOf(entry: AuditEntry): Promise<readonly Item[]> {
  const item = itemOf(entry)
  const text = JSON.stringify(entry)
  if (Buffer.byteLength(text) <= textBytesMax) return [{ ...item, resolution: { S: text } }]
  const { key, sort, expires } = auditTable
  const id = { S: entry.id }
  const [first, ...others] = await packParts(text, textBytesMax)
  return [
    { ...item, id, part: { N: '0' }, packed: { B: first ?? new Uint8Array() } },
    ...others.map((packed, index) => ({
      ...{ [key]: item[key], [expires]: item[expires], id },
      [sort]: { S: `${item[sort].S}#${index + 1}` },
      part: { N: String(index + 1) },
      packed: { B: packed },
    })),
  ]
}

function itemOf(entry: AuditEntry) {
  const { key, sort, expires } = auditTable
  return {
    [key]: { S: auditShard(entry) },
    [sort]: { S: auditAt(entry) },
    [expires]: { N: String(Math.floor(entry.atMs / 1000) + auditRetentionDays * dayS) },
    record: { S: recordName(entry) },
    site: { S: entry.site },
    origin: { S: entry.origin },
    rules: { SS: [...rulesOf(entry)] },
    ...(isFlagged(entry) ? { review: { BOOL: true } } : {}),
  }
}
