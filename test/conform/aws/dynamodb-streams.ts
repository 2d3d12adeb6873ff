/**
 * DynamoDB Streams, which capture and publish are triggered by.
 *
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { DeleteItemCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb'
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type GetShardIteratorCommandInput,
  type _Record as StreamRecord,
} from '@aws-sdk/client-dynamodb-streams'
import { type Behaviour, defineSuite, NotAsked } from '../behaviour.ts'
import { equal, eventually, holds, numbers, present } from '../expectations.ts'
import { awsSettings } from './access.ts'
import { type Attributes, createTable, newKey, type Table } from './dynamodb-table.ts'

interface StreamedTable extends Table {
  readonly streams: DynamoDBStreamsClient
  readonly inCloud: boolean
  close(): Promise<void>
}

type Start = Pick<GetShardIteratorCommandInput, 'ShardIteratorType' | 'SequenceNumber'>

const eventsMsMax = 20_000
/** The service says "within a few days"; a server that takes this long is not asked. */
const expiryMsMax = 60_000

const behaviours: readonly Behaviour<StreamedTable>[] = [
  {
    name: 'insert, modify and delete of one item',
    expected: 'three events in this order, each with the images before and after',
    why: 'images that follow each other without a gap are evidence of every version',
    async run(table) {
      const key = newKey()
      const [first, second] = [1, 2].map(n => ({ ...key, n: { N: String(n) } }))
      await table.put(first ?? key)
      await table.put(second ?? key)
      await table.client.send(new DeleteItemCommand({ TableName: table.name, Key: key }))
      const events = await eventsOf(table, key, 3)
      equal(
        events.map(({ eventName, dynamodb }) => [eventName, dynamodb?.OldImage, dynamodb?.NewImage]),
        [
          ['INSERT', undefined, first],
          ['MODIFY', first, second],
          ['REMOVE', second, undefined],
        ],
        'events',
      )
      equal(
        events.map(({ dynamodb }) => dynamodb?.Keys),
        [key, key, key],
        'keys',
      )
    },
  },
  {
    name: '60 writes over three items at once',
    expected: 'one event a write, in order within each item, the old image of each the new image of the one before',
    why: 'capture hears of every write and of an item in order (level-triggered capture needs the last, evidence all)',
    async run(table) {
      const keys = numbers(3).map(newKey)
      await Promise.all(
        keys.map(async key => {
          for (const n of numbers(20)) await table.put({ ...key, n: { N: String(n) } })
        }),
      )
      for (const key of keys) {
        const events = await eventsOf(table, key, 20)
        equal(
          events.map(({ dynamodb }) => dynamodb?.NewImage?.n?.N),
          numbers(20).map(String),
          'new images',
        )
        equal(
          events.slice(1).map(({ dynamodb }) => dynamodb?.OldImage?.n?.N),
          numbers(19).map(String),
          'old images',
        )
      }
    },
  },
  {
    name: 'a put that changes nothing',
    expected: 'no event',
    why: 'what capture writes again unchanged wakes nobody',
    async run(table) {
      const key = newKey()
      for (const n of ['1', '1', '2']) await table.put({ ...key, n: { N: n } })
      const events = await eventsOf(table, key, 2)
      equal(
        events.map(({ dynamodb }) => dynamodb?.NewImage?.n?.N),
        ['1', '2'],
        'new images',
      )
    },
  },
  {
    name: 'a transaction over two items',
    expected: 'an event for each',
    why: "ingest's commit is heard of in both tables",
    async run(table) {
      const keys = [newKey(), newKey()]
      const TransactItems = keys.map(key => ({ Put: { TableName: table.name, Item: key } }))
      await table.client.send(new TransactWriteItemsCommand({ TransactItems }))
      for (const key of keys) equal((await eventsOf(table, key, 1))[0]?.eventName, 'INSERT', 'event')
    },
  },
  {
    name: 'iterators AT and AFTER the sequence number of an event',
    expected: 'AT begins with this event, AFTER with the next one',
    why: 'a trigger goes on from its checkpoint without a gap',
    async run(table) {
      const key = newKey()
      for (const n of numbers(3)) await table.put({ ...key, n: { N: String(n) } })
      const [, middle] = await eventsOf(table, key, 3)
      const SequenceNumber = present(middle?.dynamodb?.SequenceNumber, 'the sequence number')
      const shard = await shardOf(table, SequenceNumber)
      const read = async (ShardIteratorType: 'AT_SEQUENCE_NUMBER' | 'AFTER_SEQUENCE_NUMBER') => {
        const records = await readShard(table, shard, { ShardIteratorType, SequenceNumber })
        return records.filter(isOf(key)).map(({ dynamodb }) => dynamodb?.NewImage?.n?.N)
      }
      equal(await read('AT_SEQUENCE_NUMBER'), ['1', '2'], 'AT')
      equal(await read('AFTER_SEQUENCE_NUMBER'), ['2'], 'AFTER')
    },
  },
  {
    name: 'time of an event',
    expected: 'ApproximateCreationDateTime in whole seconds, near the write',
    why: 'the stamp of a captured write says how uncertain its time is',
    async run(table) {
      const key = newKey()
      const before = Date.now()
      await table.put(key)
      const [event] = await eventsOf(table, key, 1)
      const time = present(event?.dynamodb?.ApproximateCreationDateTime, 'ApproximateCreationDateTime').getTime()
      equal(time % 1000, 0, 'milliseconds')
      // Rounded to seconds, or to minutes as in the service's older regions; clocks may differ a little.
      holds(Math.abs(time - before) < 70_000, `${time - before} ms from the write`)
    },
  },
  {
    name: 'an item whose time to live is over',
    expected: 'a REMOVE event with userIdentity dynamodb.amazonaws.com, type Service',
    why: "expiry is not a user's delete and never travels as one",
    async run(table) {
      if (table.inCloud) throw new NotAsked('the service deletes within days, not minutes')
      const key = newKey()
      await table.put({ ...key, expires: { N: String(Math.floor(Date.now() / 1000) - 10) } })
      const deadline = Date.now() + expiryMsMax
      while ((await table.get(key)) !== undefined) {
        if (Date.now() > deadline) throw new NotAsked(`still there after ${expiryMsMax / 1000} s`)
        await sleep(500)
      }
      const [, removal] = await eventsOf(table, key, 2)
      equal(removal?.eventName, 'REMOVE', 'event')
      equal(removal?.userIdentity, { PrincipalId: 'dynamodb.amazonaws.com', Type: 'Service' }, 'userIdentity')
    },
  },
]

function isOf(key: Attributes): (record: StreamRecord) => boolean {
  return record => record.dynamodb?.Keys?.pk?.S === key.pk?.S
}

/** The first `count` events of an item, and proof that no more come with them. */
async function eventsOf(table: StreamedTable, key: Attributes, count: number): Promise<readonly StreamRecord[]> {
  const events = await eventually(async () => {
    const found = (await readAll(table)).filter(isOf(key))
    holds(found.length >= count, `${found.length} events instead of ${count}`)
    return found
  }, eventsMsMax)
  equal(events.length, count, 'events')
  return events
}

async function shardIds({ streams, streamArn }: StreamedTable): Promise<readonly string[]> {
  const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn: streamArn }))
  return StreamDescription?.Shards?.flatMap(({ ShardId }) => ShardId ?? []) ?? []
}

async function shardOf(table: StreamedTable, sequenceNumber: string): Promise<string> {
  for (const shard of await shardIds(table)) {
    const records = await readShard(table, shard, { ShardIteratorType: 'TRIM_HORIZON' })
    if (records.some(({ dynamodb }) => dynamodb?.SequenceNumber === sequenceNumber)) return shard
  }
  throw new Error(`no shard holds ${sequenceNumber}`)
}

async function readAll(table: StreamedTable): Promise<readonly StreamRecord[]> {
  const shards = await shardIds(table)
  const start: Start = { ShardIteratorType: 'TRIM_HORIZON' }
  return (await Promise.all(shards.map(shard => readShard(table, shard, start)))).flat()
}

/** Until two pages in a row bring nothing: the service answers empty pages in between, too. */
async function readShard({ streams, streamArn }: StreamedTable, shard: string, start: Start): Promise<StreamRecord[]> {
  const place = { StreamArn: streamArn, ShardId: shard }
  let { ShardIterator } = await streams.send(new GetShardIteratorCommand({ ...place, ...start }))
  const records: StreamRecord[] = []
  for (let empty = 0; ShardIterator && empty < 2; ) {
    const page = await streams.send(new GetRecordsCommand({ ShardIterator }))
    records.push(...(page.Records ?? []))
    empty = page.Records?.length ? 0 : empty + 1
    ShardIterator = page.NextShardIterator
  }
  return records
}

export const dynamodbStreams = defineSuite<StreamedTable>({
  service: 'streams',
  clients: ['@aws-sdk/client-dynamodb-streams', '@aws-sdk/client-dynamodb'],
  creates: 'one on-demand DynamoDB table with a stream; about 300 requests, well under 0.05 USD',
  behaviours,
  async prepare(bench) {
    const table = await createTable(bench, 'streamed', { streamed: true })
    const streams = new DynamoDBStreamsClient(awsSettings(bench.environment, 'AWS_ENDPOINT_URL_DYNAMODB'))
    return {
      ...table,
      streams,
      inCloud: !bench.environment.AWS_ENDPOINT_URL_DYNAMODB,
      async close() {
        table.client.destroy()
        streams.destroy()
      },
    }
  },
})
