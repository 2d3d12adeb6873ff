/** A table whose stream has its readers already: capture hears of its writes through Kinesis, repeated and turned round. */
import { DeleteItemCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import type { KinesisClient } from '@aws-sdk/client-kinesis'
import type { KinesisStreamEvent } from 'aws-lambda'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { hintsIn } from '../../functions/aws/stream-events.ts'
import { defineSync, register } from '../../shared/declare/index.ts'
import { feedName } from '../../shared/declare/resource-names.ts'
import { createHere } from '../../shared/replicate/here.ts'
import { functionArn } from '../../tools/local/aws/aws-names.ts'
import { type DynamoDbLocal, startDynamoDbLocal } from '../../tools/local/aws/dynamodb-local.ts'
import { createDynamoDbStreamSource } from '../../tools/local/aws/dynamodb-stream-source.ts'
import { type EventSourceMapping, startEventSourceMapping } from '../../tools/local/aws/event-source-mapping.ts'
import { ensureDynamoDbLocal } from '../../tools/local/aws/fetch-dynamodb-local.ts'
import { createKinesisFeed } from '../../tools/local/aws/kinesis-feed.ts'
import { createKinesisClient, type KinesisLocal, startKinesisLocal } from '../../tools/local/aws/kinesis-local.ts'
import { createKinesisSource } from '../../tools/local/aws/kinesis-source.ts'
import { provisionAws } from '../../tools/local/aws/provision.ts'
import { requireJava } from '../../tools/local/aws/require-java.ts'
import { type SqsLocal, startSqsLocal } from '../../tools/local/aws/sqs-s3-local.ts'

const site = 'aws-us-east-1'
const region = 'us-east-1'
const table = 'app'
const plan = defineSync({
  sites: { [site]: { cloud: 'aws', region } },
  data: {
    carts: {
      key: ['customer', 'cart'],
      merge: register(),
      at: { aws: { table, feed: 'kinesis', key: { pk: 'CUSTOMER#{customer}', sk: 'CART#{cart}' } } },
    },
  },
})

let dynamodb: DynamoDbLocal
let kinesis: KinesisLocal
let sqs: SqsLocal
let tables: DynamoDBClient
let streams: DynamoDBStreamsClient
let client: KinesisClient
const mappings: EventSourceMapping[] = []
const events: KinesisStreamEvent[] = []

beforeAll(async () => {
  await requireJava()
  const { directory } = await ensureDynamoDbLocal()
  dynamodb = await startDynamoDbLocal({ directory, onLog: () => undefined })
  kinesis = await startKinesisLocal()
  sqs = await startSqsLocal()
  const endpoints = { dynamodb: dynamodb.endpoint, kinesis: kinesis.endpoint, sqs: sqs.endpoint }
  const provisioned = await provisionAws({ plan, site, region, endpoints })
  expect([...provisioned.feedArns.keys()]).toEqual([table])
  const settings = {
    endpoint: dynamodb.endpoint,
    region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  }
  tables = new DynamoDBClient(settings)
  streams = new DynamoDBStreamsClient(settings)
  client = createKinesisClient(kinesis.endpoint, region)
  const streamArn = provisioned.tableStreamArns.get(table) ?? ''
  mappings.push(
    await startEventSourceMapping({
      source: createDynamoDbStreamSource({ client: streams, streamArn, region }),
      functionArn: functionArn(region, feedName(table)),
      // Everything twice and turned round.
      invoke: createKinesisFeed({ client, table, streamName: feedName(table), random: () => 0 }),
      startingPosition: 'TRIM_HORIZON',
    }),
    await startEventSourceMapping({
      source: createKinesisSource({ client, streamArn: provisioned.feedArns.get(table) ?? '', region }),
      functionArn: functionArn(region, 'capture'),
      invoke: async event => void events.push(event as KinesisStreamEvent),
      startingPosition: 'TRIM_HORIZON',
    }),
  )
})

afterAll(async () => {
  await Promise.all(mappings.map(mapping => mapping.stop()))
  for (const open of [tables, streams, client]) open?.destroy()
  await Promise.all([dynamodb?.stop(), kinesis?.stop(), sqs?.stop()])
})

test('each written and each removed item is a hint, items of no type are none', async () => {
  const put = (pk: string, sk: string, n: number) =>
    tables.send(new PutItemCommand({ TableName: table, Item: { pk: { S: pk }, sk: { S: sk }, n: { N: `${n}` } } }))
  await put('CUSTOMER#ann', 'CART#1', 1)
  await put('CUSTOMER#ann', 'PROFILE', 1)
  await put('CUSTOMER#bob', 'CART#9', 1)
  await put('CUSTOMER#ann', 'CART#1', 2)
  await tables.send(
    new DeleteItemCommand({ TableName: table, Key: { pk: { S: 'CUSTOMER#bob' }, sk: { S: 'CART#9' } } }),
  )
  const records = () => events.flatMap(({ Records }) => Records)
  await vi.waitFor(() => expect(records()).toHaveLength(10), 10_000)

  const { hints, unreadable } = hintsIn({ Records: records() }, createHere(plan, site))
  expect(unreadable).toEqual([])
  expect(hints.map(({ ref }) => ref.key.join()).toSorted()).toEqual(['ann,1', 'bob,9'])
  const fed = records().map(({ kinesis: { data } }) => JSON.parse(Buffer.from(data, 'base64').toString()))
  expect(fed.filter(({ eventName }) => eventName === 'REMOVE')).toHaveLength(2)
  const [insert] = fed.filter(({ eventName }) => eventName === 'INSERT')
  expect(insert).toMatchObject({
    ...{ tableName: table, recordFormat: 'application/json', eventSource: 'aws:dynamodb', userIdentity: null },
    dynamodb: { ApproximateCreationDateTimePrecision: 'MICROSECOND', NewImage: { n: { N: '1' } } },
  })
  const writtenUs = insert.dynamodb.ApproximateCreationDateTime
  expect(Math.abs(writtenUs / 1000 - Date.now())).toBeLessThan(120_000)
})
