/** Transactions of DynamoDB: the sync record and the document are written together or not at all. */
import {
  TransactGetItemsCommand,
  type TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb'
import type { Behaviour } from '../behaviour.ts'
import { equal, holds, numbers, refused } from '../expectations.ts'
import { type Attributes, newKey, type Table } from './dynamodb-table.ts'

const canceled = 'TransactionCanceledException'
const attemptsMax = 100

function put({ name }: Table, Item: Attributes, ConditionExpression?: string): TransactWriteItem {
  return { Put: { TableName: name, Item, ...(ConditionExpression ? { ConditionExpression } : {}) } }
}

async function transact({ client }: Table, TransactItems: TransactWriteItem[]): Promise<void> {
  await client.send(new TransactWriteItemsCommand({ TransactItems }))
}

export const transactions: readonly Behaviour<Table>[] = [
  {
    name: 'transaction of two puts, the second refused',
    expected: 'TransactionCanceledException whose reasons name the second item; neither is written',
    why: 'record and document are committed together; who lost is told by position (P4)',
    async run(table) {
      const [first, second] = [newKey(), newKey()]
      await table.put(second)
      const error = await refused(
        transact(table, [put(table, first), put(table, second, 'attribute_not_exists(pk)')]),
        canceled,
      )
      equal(reasonsOf(error), ['None', 'ConditionalCheckFailed'], 'reasons')
      equal(await table.get(first), undefined, 'the first item')
    },
  },
  {
    name: 'refused transaction that asks for the old item',
    expected: 'the reason carries the item that is stored',
    why: 'ingest sees why it was refused without another read',
    async run(table) {
      const key = newKey()
      await table.put({ ...key, n: { N: '7' } })
      const error = await refused(
        transact(table, [
          {
            Put: {
              TableName: table.name,
              Item: key,
              ConditionExpression: 'attribute_not_exists(pk)',
              ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
            },
          },
        ]),
        canceled,
      )
      equal(cancellation(error)?.[0]?.Item, { ...key, n: { N: '7' } }, 'the item of the reason')
    },
  },
  {
    name: 'ten transactions at once that each add 1 to the same two items, tried again when they conflict',
    expected: 'both items hold 10',
    why: 'a conflict is an error that the next attempt heals, never a lost or doubled commit',
    async run(table) {
      const keys = [newKey(), newKey()]
      const addBoth = async (): Promise<void> => {
        for (const attempt of numbers(attemptsMax)) {
          try {
            return await transact(
              table,
              keys.map(Key => ({
                Update: {
                  TableName: table.name,
                  Key,
                  UpdateExpression: 'ADD n :one',
                  ExpressionAttributeValues: { ':one': { N: '1' } },
                },
              })),
            )
          } catch (error) {
            const conflict = error instanceof Error && reasonsOf(error).includes('TransactionConflict')
            if (!conflict || attempt === attemptsMax - 1) throw error
          }
        }
      }
      await Promise.all(numbers(10).map(addBoth))
      for (const key of keys) equal((await table.get(key))?.n, { N: '10' }, 'the sum')
    },
  },
  {
    name: 'TransactGetItems of two items, 40 times, while a writer changes both together',
    expected: 'both always show the same write',
    why: 'capture confirms a difference with one moment of record and document (P2)',
    async run(table) {
      const keys = [newKey(), newKey()]
      const write = (n: number) =>
        transact(
          table,
          keys.map(key => put(table, { ...key, n: { N: String(n) } })),
        )
      await write(0)
      let reading = true
      const writing = (async () => {
        for (let n = 1; reading; n++) await untilNoConflict(() => write(n))
      })()
      try {
        const seen = new Set<string | undefined>()
        for (const _ of numbers(40)) {
          const { Responses: items } = await untilNoConflict(() =>
            table.client.send(
              new TransactGetItemsCommand({
                TransactItems: keys.map(Key => ({ Get: { TableName: table.name, Key } })),
              }),
            ),
          )
          const [a, b] = items?.map(({ Item }) => Item?.n?.N) ?? []
          equal(a, b, 'the second item')
          seen.add(a)
        }
        holds(seen.size > 1, 'the writer wrote nothing meanwhile')
      } finally {
        reading = false
        await writing
      }
    },
  },
  {
    name: 'transaction of 100 items, of 101, and with one item twice',
    expected: '100 are written; the others are refused with ValidationException',
    why: 'batches are cut at the limit and never hold a record twice',
    async run(table) {
      const keys = numbers(101).map(newKey)
      await transact(
        table,
        keys.slice(0, 100).map(key => put(table, key)),
      )
      await refused(
        transact(
          table,
          keys.map(key => put(table, key)),
        ),
        'ValidationException',
      )
      const [key] = keys
      if (key) await refused(transact(table, [put(table, key), put(table, key)]), 'ValidationException')
    },
  },
]

function cancellation(error: unknown): TransactionCanceledException['CancellationReasons'] {
  return isCancellation(error) ? error.CancellationReasons : undefined
}

function isCancellation(error: unknown): error is TransactionCanceledException {
  return error instanceof Error && error.name === canceled
}

function reasonsOf(error: unknown): readonly (string | undefined)[] {
  return cancellation(error)?.map(({ Code }) => Code) ?? []
}

async function untilNoConflict<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call()
    } catch (error) {
      if (!reasonsOf(error).includes('TransactionConflict') || attempt === attemptsMax) throw error
    }
  }
}
