/** A hint that is lost or taken for another type's is a write that never travels. */
import type { DynamoDBStreamEvent, KinesisStreamEvent } from 'aws-lambda'
import { describe, expect, it } from 'vitest'
import { hintsIn } from '../../functions/aws/stream-events.ts'
import { defineSync, register } from '../../shared/declare/index.ts'
import { createHere } from '../../shared/replicate/here.ts'

const site = 'aws-us-east-1'
const plan = defineSync({
  sites: { [site]: { cloud: 'aws', region: 'us-east-1' } },
  data: {
    carts: {
      key: ['customer', 'cart'],
      merge: register(),
      at: { aws: { table: 'app', key: { pk: 'CUSTOMER#{customer}', sk: 'CART#{cart}' } } },
    },
    customers: {
      key: ['customer'],
      merge: register(),
      at: { aws: { table: 'app', key: { pk: 'CUSTOMER#{customer}', sk: 'PROFILE' } } },
    },
    levels: { key: ['sku', { name: 'shelf', type: 'number' }], merge: register() },
  },
})
const here = createHere(plan, site)

const text = (S: string) => ({ S })
const app = (pk: string, sk: string) => ({ pk: text(pk), sk: text(sk) })

function stream(table: string, ...keys: object[]): DynamoDBStreamEvent {
  const arn = `arn:aws:dynamodb:us-east-1:1:table/${table}/stream/2026`
  const records = keys.map((Keys, index) => ({ eventSourceARN: arn, dynamodb: { Keys, SequenceNumber: `${index}` } }))
  return { Records: records } as DynamoDBStreamEvent
}

/** As DynamoDB writes them into a Kinesis stream. */
function kinesis(...items: readonly (readonly [table: string, keys: object] | string)[]): KinesisStreamEvent {
  const records = items.map((item, index) => {
    const body =
      typeof item === 'string'
        ? item
        : JSON.stringify({
            ...{ awsRegion: 'us-east-1', eventID: `event-${index}`, eventName: 'MODIFY', userIdentity: null },
            ...{ recordFormat: 'application/json', tableName: item[0], eventSource: 'aws:dynamodb' },
            dynamodb: {
              ApproximateCreationDateTime: 1_795_000_000_123_456,
              ApproximateCreationDateTimePrecision: 'MICROSECOND',
              Keys: item[1],
              NewImage: { ...item[1], photo: { B: 'AAE=' } },
              SizeBytes: 120,
            },
          })
    const data = Buffer.from(body).toString('base64')
    return { eventSource: 'aws:kinesis', kinesis: { data, sequenceNumber: `${index}`, partitionKey: 'FC6D' } }
  })
  return { Records: records } as unknown as KinesisStreamEvent
}

const found = [
  { ref: { type: 'carts', key: ['ann', '1'] }, sequenceNumber: '0' },
  { ref: { type: 'customers', key: ['ann'] }, sequenceNumber: '1' },
]
const written = [
  app('CUSTOMER#ann', 'CART#1'),
  app('CUSTOMER#ann', 'PROFILE'),
  app('PRODUCT#tea', 'PROFILE'),
  app('CUSTOMER#ann', 'NOTE#1'),
  app('CUSTOMER#ann', 'CART#1'),
]

describe('a table that holds several types and items of none', () => {
  it('by its DynamoDB stream: each record once, the others in silence', () => {
    expect(hintsIn(stream('app', ...written), here)).toEqual({ hints: found, unreadable: [] })
  })

  it('by the Kinesis stream that it feeds, among other tables', () => {
    const items = [...written.map(keys => ['app', keys] as const), ['other', { id: text('1') }] as const]
    expect(hintsIn(kinesis(...items), here)).toEqual({ hints: found, unreadable: [] })
  })
})

describe('what cannot be captured', () => {
  it('is put aside where somebody else writes into the Kinesis stream', () => {
    const event = kinesis('hello', ['app', app('CUSTOMER#ann', 'CART#1')])
    expect(hintsIn(event, here)).toMatchObject({ hints: [{ sequenceNumber: '1' }], unreadable: ['hello'] })
  })

  it('is named: a number of more digits than travel', () => {
    const keys = { sku: text('tea'), shelf: { N: '12345678901234567890' } }
    const { hints } = hintsIn(stream('levels', { sku: text('tea'), shelf: { N: '2.50' } }, keys), here)
    expect(hints).toEqual([
      { ref: { type: 'levels', key: ['tea', '2.5'] }, sequenceNumber: '0' },
      {
        ref: { type: 'levels', key: ['tea', '12345678901234567890'] },
        sequenceNumber: '1',
        misfit: { field: 'sku', reason: expect.stringContaining('more digits than a JSON number keeps') },
      },
    ])
  })

  it('stops the batch where a table is not as declared: nothing of it may be skipped', () => {
    const event = stream('levels', { sku: text('tea'), shelf: text('2') })
    expect(() => hintsIn(event, here)).toThrow("table levels: its key attribute 'shelf' is not as declared, but S")
    expect(() => hintsIn(stream('strange', app('a', 'b')), here)).toThrow("holds no data type in table 'strange'")
  })
})
