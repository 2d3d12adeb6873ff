/**
 * Into a DynamoDB table: BatchWriteItem, which replaces what is there. To keep what is there each item is a conditional
 * put of its own, since BatchWriteItem takes no conditions.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb'
import { keyItem } from '../../functions/aws/item-place.ts'
import { documentToItem, type Item } from '../../functions/aws/values.ts'
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import { failedBy, type PutOutcome, putStorable, type StoreWriter } from './store-writer.ts'

interface Table {
  readonly client: DynamoDBClient
  readonly name: string
  /** The attributes of its key. */
  readonly key: readonly string[]
}

/** Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html */
const batchMax = 25

export function createDynamoDbWriter(client: DynamoDBClient, type: TypePlan): StoreWriter {
  const { aws } = type.at
  const table: Table = { client, name: aws.table, key: aws.key.map(({ attribute }) => attribute) }
  return {
    batchMax,
    put: (documents, ifExists) =>
      putStorable(
        documents,
        ({ ref, document }) => documentToItem(ref, type, document),
        items => (ifExists === 'keep' ? Promise.all(items.map(item => putNew(table, item))) : putBatch(table, items)),
      ),
    remove: async ref => {
      await client.send(new DeleteItemCommand({ TableName: aws.table, Key: keyItem(ref, type) }))
    },
    close: async () => client.destroy(),
  }
}

async function putNew({ client, name, key }: Table, item: Item): Promise<PutOutcome> {
  try {
    await client.send(
      new PutItemCommand({
        TableName: name,
        Item: item,
        ConditionExpression: 'attribute_not_exists(#key)',
        ExpressionAttributeNames: { '#key': key[0] ?? '' },
      }),
    )
    return 'written'
  } catch (error) {
    return error instanceof ConditionalCheckFailedException ? 'exists' : failedBy(error)
  }
}

/** Items that a busy table sends back are sent again, less and less often: for about a minute. */
const attemptsMax = 12
const pauseMaxMs = 10_000

async function putBatch(table: Table, items: readonly Item[]): Promise<readonly PutOutcome[]> {
  let waiting = items
  try {
    for (let attempt = 0; attempt < attemptsMax && waiting.length > 0; attempt++) {
      if (attempt > 0) await sleep(Math.min(pauseMaxMs, 50 * 2 ** attempt))
      waiting = await sendBatch(table, waiting)
    }
  } catch (error) {
    // One bad item refuses the whole batch: alone, each has its own outcome.
    const isRefused = error instanceof Error && error.name === 'ValidationException'
    return isRefused ? Promise.all(items.map(item => putOne(table, item))) : items.map(() => failedBy(error))
  }
  // What comes back is a copy, to be known by its key.
  const keyOf = (item: Item) => JSON.stringify(table.key.map(name => item[name]))
  const back = new Set(waiting.map(keyOf))
  const tooBusy: PutOutcome = { failed: `the table was too busy ${attemptsMax} times in a row; load it again later` }
  return items.map(item => (back.has(keyOf(item)) ? tooBusy : 'written'))
}

/** Answers with the items that were not processed. */
async function sendBatch({ client, name }: Table, items: readonly Item[]): Promise<readonly Item[]> {
  const requests = items.map(item => ({ PutRequest: { Item: item } }))
  const { UnprocessedItems } = await client.send(new BatchWriteItemCommand({ RequestItems: { [name]: requests } }))
  return (UnprocessedItems?.[name] ?? []).flatMap(({ PutRequest }) => (PutRequest?.Item ? [PutRequest.Item] : []))
}

async function putOne({ client, name }: Table, item: Item): Promise<PutOutcome> {
  try {
    await client.send(new PutItemCommand({ TableName: name, Item: item }))
    return 'written'
  } catch (error) {
    return failedBy(error)
  }
}
