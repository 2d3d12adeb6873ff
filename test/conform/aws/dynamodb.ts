/**
 * DynamoDB, as capture and ingest use it: one conditional put of the sync record, TransactWriteItems of record and document,
 * strong reads.
 *
 * Sources: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html and
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
 */
import { ConditionalCheckFailedException, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import { type Behaviour, defineSuite } from '../behaviour.ts'
import { equal, holds, numbers, refused } from '../expectations.ts'
import { createTable, newKey, type Table } from './dynamodb-table.ts'
import { transactions } from './dynamodb-transactions.ts'
import { values } from './dynamodb-values.ts'

const conditionFailed = 'ConditionalCheckFailedException'

const conditions: readonly Behaviour<Table>[] = [
  {
    name: 'put on a revision that is no longer there',
    expected: 'refused with ConditionalCheckFailedException, the stored item in the answer, nothing written',
    why: 'capture writes the sync record only if nobody else did since it read it (P4)',
    async run(table) {
      const key = newKey()
      const stored = { ...key, revision: { N: '2' }, text: { S: 'kept' } }
      await table.put(stored)
      const error = await refused(
        table.client.send(
          new PutItemCommand({
            TableName: table.name,
            Item: { ...key, revision: { N: '2' }, text: { S: 'lost' } },
            ConditionExpression: 'revision = :read',
            ExpressionAttributeValues: { ':read': { N: '1' } },
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        ),
        conditionFailed,
      )
      equal(error instanceof ConditionalCheckFailedException && error.Item, stored, 'the item in the refusal')
      equal(await table.get(key), stored, 'the item afterwards')
    },
  },
  {
    name: 'ten puts at once with attribute_not_exists',
    expected: 'one is accepted, nine are refused, the accepted one is stored',
    why: 'the first sync record of a record is made once',
    async run(table) {
      const key = newKey()
      const create = (n: number) =>
        table.client.send(
          new PutItemCommand({
            TableName: table.name,
            Item: { ...key, n: { N: String(n) } },
            ConditionExpression: 'attribute_not_exists(pk)',
          }),
        )
      const results = await Promise.allSettled(numbers(10).map(create))
      const winners = numbers(10).filter(n => results[n]?.status === 'fulfilled')
      equal(winners.length, 1, 'accepted')
      equal((await table.get(key))?.n, { N: String(winners[0]) }, 'stored')
    },
  },
  {
    name: 'update with attribute_exists of an item that was deleted',
    expected: 'refused; no item with only the changed fields appears',
    why: 'ingest never brings half of a document back that the application deleted',
    async run(table) {
      const key = newKey()
      await refused(
        table.client.send(
          new UpdateItemCommand({
            TableName: table.name,
            Key: key,
            UpdateExpression: 'SET a = :one',
            ConditionExpression: 'attribute_exists(pk)',
            ExpressionAttributeValues: { ':one': { N: '1' } },
          }),
        ),
        conditionFailed,
      )
      equal(await table.get(key), undefined, 'the item')
    },
  },
  {
    name: 'condition that compares a whole map, and the absence of an attribute',
    expected: 'holds for an equal map whatever the order of its keys, not for one with a field more',
    why: 'ingest updates a document only if every merge unit is as it was read',
    async run(table) {
      const key = newKey()
      await table.put({ ...key, cart: { M: { a: { N: '1' }, b: { L: [{ S: 'x' }] } } } })
      const update = (cart: Record<string, { N: string } | { L: { S: string }[] }>) =>
        table.client.send(
          new UpdateItemCommand({
            TableName: table.name,
            Key: key,
            UpdateExpression: 'SET note = :note',
            ConditionExpression: 'cart = :cart AND attribute_not_exists(note)',
            ExpressionAttributeValues: { ':note': { S: 'n' }, ':cart': { M: cart } },
          }),
        )
      await refused(update({ a: { N: '1' }, b: { L: [{ S: 'x' }] }, c: { N: '0' } }), conditionFailed)
      await update({ b: { L: [{ S: 'x' }] }, a: { N: '1.0' } })
      await refused(update({ a: { N: '1' }, b: { L: [{ S: 'x' }] } }), conditionFailed)
    },
  },
  {
    name: '20 ADDs of 1 at once',
    expected: 'the sum is 20 and each answer is another number',
    why: 'an atomic increment is the remedy that writers are told of',
    async run(table) {
      const key = newKey()
      const add = async () => {
        const { Attributes } = await table.client.send(
          new UpdateItemCommand({
            TableName: table.name,
            Key: key,
            UpdateExpression: 'ADD n :one',
            ExpressionAttributeValues: { ':one': { N: '1' } },
            ReturnValues: 'UPDATED_NEW',
          }),
        )
        return Attributes?.n?.N
      }
      const answers = await Promise.all(numbers(20).map(add))
      equal(new Set(answers).size, 20, 'different answers')
      equal((await table.get(key))?.n, { N: '20' }, 'the sum')
    },
  },
  {
    name: 'strong read after each of 30 writes',
    expected: 'shows the write',
    why: 'a stale read of the document would look like a local edit that undoes a merge (P2)',
    async run(table) {
      const key = newKey()
      for (const n of numbers(30)) {
        await table.put({ ...key, n: { N: String(n) } })
        equal((await table.get(key))?.n, { N: String(n) }, 'read')
      }
    },
  },
  {
    name: 'expressions over 4 KB',
    expected: 'refused with ValidationException; 4,000 bytes are accepted',
    why: 'ingest compares whole attributes where single conditions would not fit',
    async run(table) {
      const key = newKey()
      await table.put(key)
      const check = (bytes: number) => {
        const clause = 'attribute_not_exists(absent_0) AND '
        const text = clause.repeat(Math.floor(bytes / clause.length))
        return table.client.send(
          new PutItemCommand({
            TableName: table.name,
            Item: key,
            ConditionExpression: text.slice(0, text.lastIndexOf(' AND ')),
          }),
        )
      }
      await check(4000)
      await refused(check(4400), 'ValidationException')
    },
  },
  {
    name: 'condition with over 300 operators',
    expected: 'refused with ValidationException; 250 are accepted',
    why: 'ingest compares whole attributes where single conditions would not fit',
    async run(table) {
      const key = newKey()
      await table.put({ ...key, a: { N: '1' } })
      const check = (operators: number) =>
        table.client.send(
          new PutItemCommand({
            TableName: table.name,
            Item: { ...key, a: { N: '1' } },
            // Each comparison and each AND is one operator.
            ConditionExpression: Array.from({ length: (operators + 1) / 2 }, () => 'a=:a').join(' AND '),
            ExpressionAttributeValues: { ':a': { N: '1' } },
          }),
        )
      await check(249)
      await refused(check(399), 'ValidationException')
    },
  },
  {
    name: 'a change by the same write twice',
    expected: 'the condition on the revision lets it through once',
    why: 'a commit whose answer was lost is tried again and must not count twice',
    async run(table) {
      const key = newKey()
      await table.put({ ...key, revision: { N: '1' } })
      const commit = () =>
        table.client.send(
          new PutItemCommand({
            TableName: table.name,
            Item: { ...key, revision: { N: '2' } },
            ConditionExpression: 'revision = :read',
            ExpressionAttributeValues: { ':read': { N: '1' } },
          }),
        )
      const results = await Promise.allSettled(numbers(5).map(commit))
      holds(results.filter(({ status }) => status === 'fulfilled').length === 1, 'accepted more or less than once')
    },
  },
]

export const dynamodb = defineSuite<Table & { close(): Promise<void> }>({
  service: 'dynamodb',
  clients: ['@aws-sdk/client-dynamodb'],
  creates: 'one on-demand DynamoDB table; about 600 requests, well under 0.05 USD',
  behaviours: [...conditions, ...transactions, ...values],
  async prepare(bench) {
    const table = await createTable(bench, 'items', { streamed: false })
    return {
      ...table,
      async close() {
        table.client.destroy()
      },
    }
  },
})
