/**
 * Kinesis, the bus of an AWS site: publish puts batches, forward reads a shard from a checkpoint.
 *
 * Source: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type _Record,
  CreateStreamCommand,
  DeleteStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type GetShardIteratorCommandInput,
  KinesisClient,
  ListShardsCommand,
  PutRecordCommand,
  PutRecordsCommand,
  ResourceNotFoundException,
  waitUntilStreamExists,
} from '@aws-sdk/client-kinesis'
import { type Behaviour, defineSuite } from '../behaviour.ts'
import { equal, eventually, holds, numbers, present, refused } from '../expectations.ts'
import { awsSettings } from './access.ts'

interface Stream {
  readonly client: KinesisClient
  readonly name: string
  readonly shards: readonly string[]
  close(): Promise<void>
}

type Start = Pick<GetShardIteratorCommandInput, 'ShardIteratorType' | 'StartingSequenceNumber' | 'Timestamp'>

const trimHorizon: Start = { ShardIteratorType: 'TRIM_HORIZON' }
const recordsMsMax = 20_000
const recordBytesMax = 1024 * 1024
/** Names of the refusal in the service, and in kinesalite. */
const tooLarge = ['ValidationException', 'InvalidArgumentException']

const behaviours: readonly Behaviour<Stream>[] = [
  {
    name: '60 records of three partition keys, by PutRecords and PutRecord',
    expected: 'all arrive with key and bytes, each key in one shard and in the order of its puts',
    why: "a record's changes reach a peer in order as far as the bus goes",
    async run(stream) {
      const keys = numbers(3).map(() => randomUUID())
      for (const n of numbers(20)) {
        if (n % 2 === 0)
          await put(
            stream,
            keys.map(key => entry(key, String(n))),
          )
        else
          for (const key of keys)
            await stream.client.send(new PutRecordCommand({ ...entry(key, String(n)), StreamName: stream.name }))
      }
      for (const key of keys) {
        const records = await recordsOf(stream, key, 20)
        equal(records.map(textOf), numbers(20).map(String), 'order')
        equal(new Set(records.map(({ shard }) => shard)).size, 1, 'shards of a key')
      }
    },
  },
  {
    name: 'iterators TRIM_HORIZON, AT, AFTER and LATEST',
    expected: 'everything; from the record on; from the next one on; only what comes later',
    why: 'forward goes on from its checkpoint without a gap',
    async run(stream) {
      const key = randomUUID()
      const texts = ['a', 'b', 'c']
      for (const text of texts) await put(stream, [entry(key, text)])
      const [, middle] = await recordsOf(stream, key, 3)
      const { shard, SequenceNumber } = present(middle, 'the second record')
      const from = async (start: Start) => {
        const records = await readShard(stream, shard, await iterator(stream, shard, start))
        return records.filter(({ PartitionKey }) => PartitionKey === key).map(textOf)
      }
      const StartingSequenceNumber = present(SequenceNumber, 'its sequence number')
      equal(await from(trimHorizon), texts, 'TRIM_HORIZON')
      equal(await from({ ShardIteratorType: 'AT_SEQUENCE_NUMBER', StartingSequenceNumber }), ['b', 'c'], 'AT')
      equal(await from({ ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber }), ['c'], 'AFTER')
      const latest = await iterator(stream, shard, { ShardIteratorType: 'LATEST' })
      await put(stream, [entry(key, 'd')])
      await eventually(
        async () => equal((await readShard(stream, shard, latest)).map(textOf), ['d'], 'LATEST'),
        recordsMsMax,
      )
    },
  },
  {
    name: 'sequence numbers within a shard',
    expected: 'grow with every put; the answer of the put and the record read agree',
    why: 'a checkpoint compares them',
    async run(stream) {
      const key = randomUUID()
      const answered: string[] = []
      for (const n of numbers(5)) answered.push(...(await put(stream, [entry(key, String(n))])))
      equal(
        (await recordsOf(stream, key, 5)).map(({ SequenceNumber }) => SequenceNumber),
        answered,
        'sequence numbers',
      )
      const ordered = answered.toSorted((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1))
      equal(answered, ordered, 'order')
    },
  },
  {
    name: 'a shard that has no more records',
    expected: 'an empty page with the next iterator and MillisBehindLatest 0',
    why: 'a trigger keeps polling, and its lag can be told',
    async run(stream) {
      const [shard = ''] = stream.shards
      const start = await iterator(stream, shard, { ShardIteratorType: 'LATEST' })
      const page = await stream.client.send(new GetRecordsCommand({ ShardIterator: start }))
      equal(page.Records, [], 'records')
      holds(Boolean(page.NextShardIterator), 'no next iterator')
      equal(page.MillisBehindLatest, 0, 'MillisBehindLatest')
    },
  },
  {
    name: 'a page limit of 2 over five records',
    expected: 'pages of at most 2, nothing missing between them',
    why: "forward's batches are as large as it asks for",
    async run(stream) {
      const key = randomUUID()
      await put(
        stream,
        numbers(5).map(n => entry(key, String(n))),
      )
      const [first] = await recordsOf(stream, key, 5)
      const { shard, SequenceNumber } = present(first, 'the first record')
      let next: string | undefined = await iterator(stream, shard, {
        ShardIteratorType: 'AT_SEQUENCE_NUMBER',
        StartingSequenceNumber: SequenceNumber,
      })
      const texts: string[] = []
      while (texts.length < 5 && next) {
        const page: { Records: _Record[] | undefined; NextShardIterator?: string | undefined } =
          await stream.client.send(new GetRecordsCommand({ ShardIterator: next, Limit: 2 }))
        holds((page.Records?.length ?? 0) <= 2, `a page of ${page.Records?.length}`)
        texts.push(...(page.Records ?? []).map(textOf))
        next = page.NextShardIterator
      }
      equal(texts, ['0', '1', '2', '3', '4'], 'records')
    },
  },
  {
    name: 'a record of 1 MiB, and one byte more',
    expected: 'the first is stored whole, the second refused',
    why: 'larger changes travel as claim checks',
    async run(stream) {
      const key = randomUUID()
      const room = recordBytesMax - Buffer.byteLength(key)
      await stream.client.send(
        new PutRecordCommand({ StreamName: stream.name, PartitionKey: key, Data: Buffer.alloc(room, 'x') }),
      )
      equal((await recordsOf(stream, key, 1))[0]?.Data?.length, room, 'bytes')
      const larger = { StreamName: stream.name, PartitionKey: key, Data: Buffer.alloc(recordBytesMax + 1) }
      await refused(stream.client.send(new PutRecordCommand(larger)), tooLarge)
    },
  },
  {
    name: 'a batch of 500 records, and of 501',
    expected: 'the first is stored, the second refused as a whole',
    why: 'publish cuts its batches at the limit',
    async run(stream) {
      const key = randomUUID()
      const records = numbers(501).map(n => entry(key, String(n)))
      await refused(put(stream, records), tooLarge)
      await putAll(stream, records.slice(0, 500))
      equal(new Set((await recordsOf(stream, key, 500)).map(textOf)).size, 500, 'different records')
    },
  },
  {
    name: 'batches of more than a shard takes in a second',
    expected:
      'a partial failure: FailedRecordCount, an ErrorCode for each record left out, a sequence number for each one stored',
    why: 'publish puts only the failed records again',
    async run(stream) {
      const key = randomUUID()
      const large = Buffer.alloc(900_000, 'x')
      const request = () =>
        stream.client.send(
          new PutRecordsCommand({
            StreamName: stream.name,
            Records: numbers(5).map(() => ({ PartitionKey: key, Data: large })),
          }),
        )
      const answers = await Promise.all(numbers(4).map(request))
      const results = answers.flatMap(({ Records }) => Records ?? [])
      const failed = results.filter(({ ErrorCode }) => ErrorCode !== undefined)
      equal(
        answers.reduce((sum, { FailedRecordCount }) => sum + (FailedRecordCount ?? 0), 0),
        failed.length,
        'FailedRecordCount',
      )
      holds(failed.length > 0, 'every record was stored: nothing is throttled')
      equal(
        failed.find(({ SequenceNumber }) => SequenceNumber !== undefined),
        undefined,
        'stored, though failed',
      )
      equal([...new Set(failed.map(({ ErrorCode }) => ErrorCode))], ['ProvisionedThroughputExceededException'], 'codes')
    },
  },
]

function entry(PartitionKey: string, text: string) {
  return { PartitionKey, Data: Buffer.from(text) }
}

function textOf({ Data }: Pick<_Record, 'Data'>): string {
  return Buffer.from(Data ?? []).toString()
}

/** The sequence numbers. Throws where a record was left out. */
async function put({ client, name }: Stream, Records: ReturnType<typeof entry>[]): Promise<readonly string[]> {
  const answer = await client.send(new PutRecordsCommand({ StreamName: name, Records }))
  equal(answer.FailedRecordCount ?? 0, 0, 'records that failed')
  return answer.Records?.flatMap(({ SequenceNumber }) => SequenceNumber ?? []) ?? []
}

/** As publish does: what is left out is put again. */
async function putAll({ client, name }: Stream, records: ReturnType<typeof entry>[]): Promise<void> {
  for (let due = records; due.length > 0; ) {
    const { Records: results } = await client.send(new PutRecordsCommand({ StreamName: name, Records: due }))
    due = due.filter((_, index) => results?.[index]?.ErrorCode !== undefined)
    if (due.length > 0) await sleep(500)
  }
}

async function iterator({ client, name }: Stream, shard: string, start: Start): Promise<string> {
  const place = { StreamName: name, ShardId: shard }
  const { ShardIterator } = await client.send(new GetShardIteratorCommand({ ...place, ...start }))
  return present(ShardIterator, 'the iterator')
}

type ShardRecord = _Record & { readonly shard: string }

async function readShard({ client }: Stream, shard: string, start: string): Promise<readonly ShardRecord[]> {
  const records: ShardRecord[] = []
  for (let next: string | undefined = start; next; ) {
    const page: {
      Records: _Record[] | undefined
      NextShardIterator?: string | undefined
      MillisBehindLatest?: number | undefined
    } = await client.send(new GetRecordsCommand({ ShardIterator: next }))
    records.push(...(page.Records ?? []).map(record => ({ ...record, shard })))
    if ((page.MillisBehindLatest ?? 0) === 0 && !page.Records?.length) break
    next = page.NextShardIterator
  }
  return records
}

async function recordsOf(stream: Stream, key: string, count: number): Promise<readonly ShardRecord[]> {
  const records = await eventually(async () => {
    const all = await Promise.all(
      stream.shards.map(async shard => readShard(stream, shard, await iterator(stream, shard, trimHorizon))),
    )
    const found = all.flat().filter(({ PartitionKey }) => PartitionKey === key)
    holds(found.length >= count, `${found.length} records instead of ${count}`)
    return found
  }, recordsMsMax)
  equal(records.length, count, 'records')
  return records
}

export const kinesis = defineSuite<Stream>({
  service: 'kinesis',
  clients: ['@aws-sdk/client-kinesis'],
  creates: 'one provisioned Kinesis stream of 2 shards for some minutes; about 0.03 USD for the shard-hour, 20 MB',
  behaviours,
  async prepare({ environment, prefix, created }) {
    const client = new KinesisClient(awsSettings(environment, 'AWS_ENDPOINT_URL_KINESIS'))
    const name = `${prefix}-stream`
    created(`Kinesis stream ${name}`, () => removeStream(client, name))
    await client.send(
      new CreateStreamCommand({ StreamName: name, ShardCount: 2, StreamModeDetails: { StreamMode: 'PROVISIONED' } }),
    )
    await waitUntilStreamExists({ client, maxWaitTime: 120, minDelay: 1, maxDelay: 2 }, { StreamName: name })
    const { Shards } = await client.send(new ListShardsCommand({ StreamName: name }))
    return {
      client,
      name,
      shards: Shards?.flatMap(({ ShardId }) => ShardId ?? []) ?? [],
      async close() {
        client.destroy()
      },
    }
  },
})

async function removeStream(client: KinesisClient, name: string): Promise<void> {
  try {
    await client.send(new DeleteStreamCommand({ StreamName: name, EnforceConsumerDeletion: true }))
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error
  }
}
