import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  CreateStreamCommand,
  DescribeStreamCommand,
  type KinesisClient,
  PutRecordCommand,
  PutRecordsCommand,
  SplitShardCommand,
  waitUntilStreamExists,
} from '@aws-sdk/client-kinesis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kinesisStreamArn } from '../../tools/local/aws/aws-names.ts'
import { createKinesisClient, type KinesisLocal, startKinesisLocal } from '../../tools/local/aws/kinesis-local.ts'
import { createKinesisSource } from '../../tools/local/aws/kinesis-source.ts'
import type { StreamSource } from '../../tools/local/aws/stream-source.ts'
import { noFaults } from '../../tools/local/runtime/delivery-faults.ts'
import { lambdaFrom, until } from './aws-harness.ts'
import { mapTo, region, seenIn, succeeds, whatOf } from './aws-mapping-harness.ts'

let kinesisLocal: KinesisLocal
let kinesis: KinesisClient

beforeAll(async () => {
  kinesisLocal = await startKinesisLocal()
  kinesis = createKinesisClient(kinesisLocal.endpoint, region)
})

afterAll(async () => {
  kinesis?.destroy()
  await kinesisLocal?.stop()
})

async function newStream(): Promise<{ streamName: string; source: StreamSource }> {
  const streamName = `changes-${randomUUID()}`
  await kinesis.send(new CreateStreamCommand({ StreamName: streamName, ShardCount: 1 }))
  await waitUntilStreamExists({ client: kinesis, maxWaitTime: 5, minDelay: 0.01 }, { StreamName: streamName })
  const source = createKinesisSource({ client: kinesis, streamArn: kinesisStreamArn(region, streamName), region })
  return { streamName, source }
}

async function putData(streamName: string, data: readonly string[]): Promise<void> {
  const records = data.map(text => ({ PartitionKey: text.slice(0, 256), Data: Buffer.from(text) }))
  await kinesis.send(new PutRecordsCommand({ StreamName: streamName, Records: records }))
}

describe('a mapping on Kinesis', () => {
  it('shows records as Lambda does', async () => {
    const { streamName, source } = await newStream()
    const lambda = await lambdaFrom(`exports.handler = async event => event`)
    const echoed: unknown[] = []
    await mapTo(source, async event => void echoed.push(await lambda.invoke(event)))
    const { SequenceNumber: sequenceNumber } = await kinesis.send(
      new PutRecordCommand({ StreamName: streamName, PartitionKey: 'cart/1', Data: Buffer.from([0, 255]) }),
    )
    await until(() => echoed.length === 1)
    expect(echoed[0]).toEqual({
      Records: [
        {
          kinesis: {
            kinesisSchemaVersion: '1.0',
            partitionKey: 'cart/1',
            sequenceNumber,
            data: 'AP8=',
            approximateArrivalTimestamp: expect.any(Number),
          },
          eventSource: 'aws:kinesis',
          eventVersion: '1.0',
          eventID: `shardId-000000000000:${sequenceNumber}`,
          eventName: 'aws:kinesis:record',
          invokeIdentityArn: expect.stringMatching(/^arn:aws:iam::/),
          awsRegion: region,
          eventSourceARN: `arn:aws:kinesis:us-east-1:000000000000:stream/${streamName}`,
        },
      ],
    })
  })

  it('tries again from the lowest record that the function reported', async () => {
    const { streamName, source } = await newStream()
    await putData(streamName, ['a', 'b', 'c', 'd', 'e'])
    const lambda = await lambdaFrom(`
      let calls = 0
      exports.handler = async ({ Records }) => {
        if (++calls > 1) return { batchItemFailures: [] }
        const failed = Records.filter(({ kinesis }) => ['c', 'e'].includes(atob(kinesis.data)))
        return { batchItemFailures: failed.reverse().map(({ kinesis }) => ({ itemIdentifier: kinesis.sequenceNumber })) }
      }`)
    const { mapping, batches } = await mapTo(source, event => lambda.invoke(event), { reportBatchItemFailures: true })
    await until(() => batches.length === 2)
    expect(whatOf(batches)).toEqual([
      ['a', 'b', 'c', 'd', 'e'],
      ['c', 'd', 'e'],
    ])
    const last = batches[1]?.at(-1)?.sequenceNumber
    await until(() => Object.values(mapping.status().checkpoints)[0] === last)
  })

  it('gives up the rest of a batch when the retries are used up, and tells that no error was thrown', async () => {
    const { streamName, source } = await newStream()
    await putData(streamName, ['a', 'b', 'c'])
    const { batches, givenUp } = await mapTo(
      source,
      async event => {
        const failed = seenIn(event).find(({ what }) => what === 'b')
        return failed && { batchItemFailures: [{ itemIdentifier: failed.sequenceNumber }] }
      },
      { reportBatchItemFailures: true, maximumRetryAttempts: 2 },
    )
    await until(() => givenUp.length === 1)
    await putData(streamName, ['d'])
    await until(() => batches.flat().at(-1)?.what === 'd')
    expect(whatOf(batches)).toEqual([['a', 'b', 'c'], ['b', 'c'], ['b', 'c'], ['d']])
    expect(givenUp[0]).toMatchObject({
      requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 3 },
      KinesisBatchInfo: { batchSize: 2, startSequenceNumber: batches[1]?.[0]?.sequenceNumber },
    })
    expect(givenUp[0]?.responseContext).toEqual({ statusCode: 200, executedVersion: '$LATEST' })
  })

  it('cuts a batch at the reported record when it bisects too, and spares the records behind it', async () => {
    const { streamName, source } = await newStream()
    await putData(streamName, ['a', 'b', 'poison', 'd'])
    const { batches, givenUp } = await mapTo(
      source,
      async event => {
        const failed = seenIn(event).find(({ what }) => what === 'poison')
        return failed && { batchItemFailures: [{ itemIdentifier: failed.sequenceNumber }] }
      },
      { reportBatchItemFailures: true, bisectBatchOnFunctionError: true, maximumRetryAttempts: 1 },
    )
    await until(() => batches.flat().at(-1)?.what === 'd' && givenUp.length === 1)
    expect(whatOf(batches)).toEqual([['a', 'b', 'poison', 'd'], ['poison', 'd'], ['poison'], ['poison'], ['d']])
    expect(givenUp[0]?.KinesisBatchInfo?.batchSize).toBe(1)
  })

  it('waits before each delivery on request', async () => {
    const { streamName, source } = await newStream()
    const arrivals: number[] = []
    const faults = { ...noFaults(), delayMs: 200 }
    await mapTo(source, async () => void arrivals.push(Date.now()), { faults })
    const startedAt = Date.now()
    await putData(streamName, ['a'])
    await until(() => arrivals.length === 1)
    expect((arrivals[0] ?? 0) - startedAt).toBeGreaterThanOrEqual(190)
  })

  it('ignores reports of failures unless told to read them', async () => {
    const { streamName, source } = await newStream()
    await putData(streamName, ['a'])
    const { mapping, batches } = await mapTo(source, async event => ({
      batchItemFailures: seenIn(event).map(({ sequenceNumber }) => ({ itemIdentifier: sequenceNumber })),
    }))
    await until(() => Object.keys(mapping.status().checkpoints).length === 1)
    expect(whatOf(batches)).toEqual([['a']])
  })

  it('gives up records that are too old, without calling the function', async () => {
    const { streamName, source } = await newStream()
    await putData(streamName, ['old'])
    await sleep(400)
    await putData(streamName, ['new'])
    const { batches, givenUp } = await mapTo(source, succeeds, { maximumRecordAgeMs: 300 })
    await until(() => batches.length > 0)
    expect(whatOf(batches)).toEqual([['new']])
    expect(givenUp).toMatchObject([
      {
        requestContext: { condition: 'RecordAgeExceeded', approximateInvokeCount: 0 },
        KinesisBatchInfo: { batchSize: 1 },
      },
    ])
    expect(givenUp[0]).not.toHaveProperty('responseContext')
  })

  it('delivers every batch twice on request, in order', async () => {
    const { streamName, source } = await newStream()
    await putData(streamName, ['a', 'b', 'c'])
    const { batches } = await mapTo(source, succeeds, { batchSize: 2, faults: { ...noFaults(), duplicate: 1 } })
    await until(() => batches.length === 4)
    await sleep(50)
    expect(whatOf(batches)).toEqual([['a', 'b'], ['a', 'b'], ['c'], ['c']])
  })

  it('holds everything back while paused, tells of the lag, and delivers afterwards', async () => {
    const { streamName, source } = await newStream()
    const faults = { ...noFaults(), paused: true }
    const { mapping, batches } = await mapTo(source, succeeds, { faults })
    await putData(streamName, ['a', 'b'])
    await sleep(200)
    expect(batches).toEqual([])
    expect(mapping.status().lagMs).toBeGreaterThan(100)
    faults.paused = false
    await until(() => batches.flat().length === 2)
    expect(batches.flat().map(({ what }) => what)).toEqual(['a', 'b'])
  })

  it('gathers a batch for as long as the window says', async () => {
    const { streamName, source } = await newStream()
    const { batches } = await mapTo(source, succeeds, { batchWindowMs: 400, batchSize: 4 })
    for (const text of ['a', 'b', 'c']) {
      await putData(streamName, [text])
      await sleep(20)
    }
    await until(() => batches.length > 0)
    // Full before the window ends.
    const startedAt = Date.now()
    await putData(streamName, ['d', 'e', 'f', 'g'])
    await until(() => batches.length > 1)
    expect(whatOf(batches)).toEqual([
      ['a', 'b', 'c'],
      ['d', 'e', 'f', 'g'],
    ])
    expect(Date.now() - startedAt).toBeLessThan(300)
  })

  it('sends no more than Lambda takes in one event', async () => {
    const { streamName, source } = await newStream()
    // 1 MB each, a third more in Base64: four fit into 6 MB.
    const large = Array.from({ length: 6 }, (_, n) => String(n).repeat(1_000_000))
    for (const text of large) await putData(streamName, [text])
    const lambda = await lambdaFrom(`exports.handler = async ({ Records }) => Records.length`)
    const sizes: unknown[] = []
    await mapTo(source, async event => void sizes.push(await lambda.invoke(event)))
    await until(() => sizes.length === 2)
    expect(sizes).toEqual([4, 2])
  })

  it('sees from LATEST only what comes after its start', async () => {
    const { streamName, source } = await newStream()
    await putData(streamName, ['before'])
    const { batches } = await mapTo(source, succeeds, { startingPosition: 'LATEST' })
    await putData(streamName, ['after'])
    await until(() => batches.length > 0)
    expect(whatOf(batches)).toEqual([['after']])
  })

  it('reads the shards that a shard was split into, after it', async () => {
    const { streamName, source } = await newStream()
    const before = Array.from({ length: 10 }, (_, n) => `before-${n}`)
    const after = Array.from({ length: 10 }, (_, n) => `after-${n}`)
    await putData(streamName, before)
    const { mapping, batches } = await mapTo(source, () => sleep(100), {
      batchSize: 5,
      startingPosition: 'TRIM_HORIZON',
    })
    await kinesis.send(
      new SplitShardCommand({
        StreamName: streamName,
        ShardToSplit: 'shardId-000000000000',
        NewStartingHashKey: (2n ** 127n).toString(),
      }),
    )
    await until3Shards(streamName)
    await putData(streamName, after)
    await until(() => batches.flat().length === 20)
    const seen = batches.flat().map(({ what }) => what)
    expect(seen.slice(0, 10)).toEqual(before)
    expect(seen.slice(10).toSorted()).toEqual(after)
    await until(() => Object.keys(mapping.status().checkpoints).length === 3)
  })

  it('waits for the batch in flight when it stops, and delivers nothing afterwards', async () => {
    const { streamName, source } = await newStream()
    await putData(streamName, ['a', 'b'])
    let finished = 0
    const { mapping, batches } = await mapTo(
      source,
      async () => {
        await sleep(150)
        finished += 1
      },
      { batchSize: 1 },
    )
    await until(() => batches.length === 1)
    await mapping.stop()
    expect(finished).toBe(1)
    await sleep(50)
    expect(whatOf(batches)).toEqual([['a']])
  })

  it('survives a function that is killed in the middle of a request to Kinesis', async () => {
    const { streamName, source } = await newStream()
    const { batches } = await mapTo(source, succeeds)
    const { hostname, port } = new URL(kinesisLocal.endpoint)
    const lambda = await lambdaFrom(
      `exports.handler = () => new Promise(() => {
         const request = require('node:http').request({ host: '${hostname}', port: ${port}, method: 'POST',
           headers: { 'content-length': 1000, 'content-type': 'application/x-amz-json-1.1' } })
         request.write('{')
       })`,
    )
    const underWay = Promise.allSettled([lambda.invoke({})])
    await sleep(200)
    await lambda.kill()
    await underWay
    await putData(streamName, ['still there'])
    await until(() => batches.length === 1)
  })
})

async function until3Shards(streamName: string): Promise<void> {
  for (;;) {
    const { StreamDescription: stream } = await kinesis.send(new DescribeStreamCommand({ StreamName: streamName }))
    if (stream?.Shards?.length === 3) return
    await sleep(10)
  }
}
