/** Reads that go together fail and succeed as each would alone: what one table or one answer lacks is asked for again. */
import {
  BatchGetItemCommand,
  DynamoDBClient,
  GetItemCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-dynamodb'
import { afterEach, expect, it, vi } from 'vitest'
import { createItemReader, type ReadPlace } from '../../functions/aws/item-reader.ts'
import { StoreUnavailable } from '../../shared/ports/index.ts'

const client = new DynamoDBClient({ region: 'us-east-1' })

afterEach(() => {
  vi.restoreAllMocks()
})

const place = (sku: string, TableName = 'stock'): ReadPlace => ({ TableName, Key: { sku: { S: sku } } })
const itemOf = (sku: string | undefined) => ({ sku: { S: sku ?? '' }, title: { S: `title of ${sku}` } })

/** `batch`: what a batch is answered with, or throws. */
function answering(batch: (keys: readonly string[]) => object) {
  const asked: string[] = []
  vi.spyOn(client, 'send').mockImplementation(async (command: unknown) => {
    if (command instanceof GetItemCommand) {
      asked.push(`alone ${command.input.Key?.sku?.S}`)
      if (command.input.TableName === 'gone') throw new ResourceNotFoundException({ message: 'gone', $metadata: {} })
      return { Item: itemOf(command.input.Key?.sku?.S) }
    }
    if (!(command instanceof BatchGetItemCommand)) throw new Error('no other command is expected')
    const keys = Object.values(command.input.RequestItems ?? {}).flatMap(({ Keys = [] }) => Keys)
    asked.push(`together ${keys.length}`)
    return batch(keys.map(({ sku }) => sku?.S ?? ''))
  })
  return asked
}

it('one alone is asked for alone', async () => {
  const asked = answering(() => ({}))
  expect(await createItemReader(client)(place('a'))).toEqual(itemOf('a'))
  expect(asked).toEqual(['alone a'])
})

it('what an answer leaves out is asked for alone, and what is not there is not', async () => {
  const asked = answering(() => ({
    Responses: { stock: [itemOf('c')] },
    UnprocessedKeys: { stock: { Keys: [{ sku: { S: 'b' } }] } },
  }))
  const read = createItemReader(client)
  const items = await Promise.all(['a', 'b', 'c', 'c'].map(sku => read(place(sku))))
  expect(items).toEqual([undefined, itemOf('b'), itemOf('c'), itemOf('c')])
  expect(asked).toEqual(['together 3', 'alone b'])
})

it('a table that is not there fails its own reads and no others', async () => {
  answering(() => {
    throw new ResourceNotFoundException({ message: 'gone', $metadata: {} })
  })
  const read = createItemReader(client)
  const [there, gone] = await Promise.allSettled([read(place('a')), read(place('b', 'gone'))])
  expect(there).toEqual({ status: 'fulfilled', value: itemOf('a') })
  expect(gone).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailable) })
})

it('where nobody answers, nobody is asked again', async () => {
  const asked = answering(() => {
    throw Object.assign(new Error('no connection'), { code: 'ECONNREFUSED' })
  })
  const read = createItemReader(client)
  const results = await Promise.allSettled(['a', 'b'].map(sku => read(place(sku))))
  for (const result of results) expect(result).toMatchObject({ reason: expect.any(StoreUnavailable) })
  expect(asked).toEqual(['together 2'])
})
