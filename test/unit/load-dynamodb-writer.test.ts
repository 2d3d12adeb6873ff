/** A busy table loses nothing: what BatchWriteItem sends back is sent again, what it refuses is told alone. */
import { BatchWriteItemCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { afterEach, expect, test, vi } from 'vitest'
import { defineSync, register } from '../../shared/declare/index.ts'
import { typeOf } from '../../shared/declare/sync-plan.ts'
import { createDynamoDbWriter } from '../../tools/load/dynamodb-writer.ts'
import type { NewDocument } from '../../tools/load/store-writer.ts'

const plan = defineSync({
  sites: { 'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' } },
  data: { stock: { key: ['sku'], merge: register() } },
})
const client = new DynamoDBClient({ region: 'us-east-1' })

afterEach(() => {
  vi.restoreAllMocks()
})

function writer() {
  const type = typeOf(plan, 'stock')
  if (!type) throw new Error('the plan has it')
  return createDynamoDbWriter(client, type)
}

const documents: readonly NewDocument[] = ['a', 'b', 'c'].map(sku => ({
  ref: { type: 'stock', key: [sku] },
  document: { title: sku },
}))

test('items that come back unprocessed are sent again until they are written', async () => {
  const sizes: number[] = []
  vi.spyOn(client, 'send').mockImplementation(async (command: unknown) => {
    if (!(command instanceof BatchWriteItemCommand)) throw new Error('only batches are expected')
    const requests = command.input.RequestItems?.stock ?? []
    sizes.push(requests.length)
    return { UnprocessedItems: { stock: structuredClone(requests.slice(1)) } }
  })
  expect(await writer().put(documents, 'overwrite')).toEqual(['written', 'written', 'written'])
  expect(sizes).toEqual([3, 2, 1])
})

test('one item that the table refuses does not take its batch with it', async () => {
  vi.spyOn(client, 'send').mockImplementation(async (command: unknown) => {
    const refused = Object.assign(new Error('item size'), { name: 'ValidationException' })
    if (command instanceof PutItemCommand && command.input.Item?.sku?.S !== 'b') return {}
    throw refused
  })
  expect(await writer().put(documents, 'overwrite')).toEqual([
    'written',
    { failed: 'ValidationException: item size' },
    'written',
  ])
})
