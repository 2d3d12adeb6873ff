import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  CreateTableCommand,
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type DynamoDbLocal,
  ensureDynamoDbLocal,
  requireJava,
  startDynamoDbLocal,
} from '../../tools/local/aws/dynamodb-local.ts'
import { createDynamoDbStreamSource } from '../../tools/local/aws/dynamodb-stream-source.ts'
import type { StreamSource } from '../../tools/local/aws/stream-source.ts'
import { lambdaFrom, until } from './aws-harness.ts'
import { credentials, mapTo, region, succeeds, whatOf } from './aws-mapping-harness.ts'

let dynamodb: DynamoDbLocal
let tables: DynamoDBClient
let tableStreams: DynamoDBStreamsClient

beforeAll(async () => {
  await requireJava()
  const { directory } = await ensureDynamoDbLocal()
  dynamodb = await startDynamoDbLocal({ directory, onLog: () => undefined })
  tables = new DynamoDBClient({ endpoint: dynamodb.endpoint, region, credentials })
  tableStreams = new DynamoDBStreamsClient({ endpoint: dynamodb.endpoint, region, credentials })
})

afterAll(async () => {
  for (const client of [tables, tableStreams]) client?.destroy()
  await dynamodb?.stop()
})

async function newTable(): Promise<{ tableName: string; source: StreamSource }> {
  const tableName = `items-${randomUUID()}`
  const { TableDescription: table } = await tables.send(
    new CreateTableCommand({
      TableName: tableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    }),
  )
  const source = createDynamoDbStreamSource({ client: tableStreams, streamArn: table?.LatestStreamArn ?? '', region })
  return { tableName, source }
}

async function putItems(tableName: string, ids: readonly string[]): Promise<void> {
  for (const id of ids) await tables.send(new PutItemCommand({ TableName: tableName, Item: { id: { S: id } } }))
}

describe('a mapping on a DynamoDB stream', () => {
  it('delivers put, update and delete in order, with both images, as Lambda shows them', async () => {
    const { tableName, source } = await newTable()
    const lambda = await lambdaFrom(`
      const seen = []
      exports.handler = async event => {
        if (!event.Records) return seen
        seen.push(...event.Records)
      }`)
    await mapTo(source, event => lambda.invoke(event), { startingPosition: 'LATEST' })

    const key = { id: { S: 'a' } }
    const photo = { B: Buffer.from([0, 255]) }
    const before = { ...key, photo, tags: { L: [{ M: { deep: photo } }, { NULL: true }] }, sizes: { NS: ['1', '2'] } }
    await tables.send(new PutItemCommand({ TableName: tableName, Item: before }))
    await tables.send(
      new UpdateItemCommand({
        TableName: tableName,
        Key: key,
        UpdateExpression: 'SET stock = :five REMOVE tags, sizes',
        ExpressionAttributeValues: { ':five': { N: '5' } },
      }),
    )
    await tables.send(new DeleteItemCommand({ TableName: tableName, Key: key }))

    let seen: unknown[] = []
    const startedAt = Date.now()
    while (seen.length < 3 && Date.now() - startedAt < 5_000) seen = [await lambda.invoke({})].flat()

    const oldImage = {
      id: { S: 'a' },
      photo: { B: 'AP8=' },
      tags: { L: [{ M: { deep: { B: 'AP8=' } } }, { NULL: true }] },
    }
    const newImage = { id: { S: 'a' }, photo: { B: 'AP8=' }, stock: { N: '5' } }
    expect(seen).toMatchObject([
      { eventName: 'INSERT', dynamodb: { NewImage: { ...oldImage, sizes: { NS: expect.any(Array) } } } },
      { eventName: 'MODIFY', dynamodb: { OldImage: oldImage, NewImage: newImage } },
      { eventName: 'REMOVE', dynamodb: { OldImage: newImage } },
    ])
    expect(seen[0]).not.toHaveProperty('dynamodb.OldImage')
    expect(seen[2]).not.toHaveProperty('dynamodb.NewImage')
    expect(seen[1]).toEqual({
      eventID: expect.any(String),
      eventName: 'MODIFY',
      eventVersion: '1.1',
      eventSource: 'aws:dynamodb',
      awsRegion: region,
      eventSourceARN: source.streamArn,
      dynamodb: {
        ApproximateCreationDateTime: expect.any(Number),
        Keys: key,
        OldImage: expect.any(Object),
        NewImage: newImage,
        SequenceNumber: expect.stringMatching(/^\d+$/),
        SizeBytes: expect.any(Number),
        StreamViewType: 'NEW_AND_OLD_IMAGES',
      },
    })
    const { ApproximateCreationDateTime: seconds } = Object(seen[1]).dynamodb
    expect(Math.abs(seconds - startedAt / 1_000)).toBeLessThan(5)
  })

  it('isolates a poison record by halving, gives up that one only, and goes on', async () => {
    const { tableName, source } = await newTable()
    const ids = ['a', 'b', 'c', 'd', 'poison', 'f', 'g', 'h']
    await putItems(tableName, ids)
    const lambda = await lambdaFrom(`exports.handler = async ({ Records }) => {
      if (Records.some(record => record.dynamodb.Keys.id.S === 'poison')) throw new Error('cannot digest')
    }`)

    const { mapping, batches, givenUp } = await mapTo(source, event => lambda.invoke(event), {
      bisectBatchOnFunctionError: true,
      maximumRetryAttempts: 1,
    })
    await until(() => batches.flat().at(-1)?.what === 'h' && givenUp.length > 0)

    // Halves in order; splitting cost the poison record none of its retries: once more alone, and again.
    expect(whatOf(batches)).toEqual([
      ids,
      ['a', 'b', 'c', 'd'],
      ['poison', 'f', 'g', 'h'],
      ['poison', 'f'],
      ['poison'],
      ['poison'],
      ['f'],
      ['g', 'h'],
    ])
    const poison = batches[4]?.[0]?.sequenceNumber
    expect(givenUp).toEqual([
      {
        version: '1.0',
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        requestContext: {
          requestId: expect.any(String),
          functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:under-test',
          condition: 'RetryAttemptsExhausted',
          approximateInvokeCount: expect.any(Number),
        },
        responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
        DDBStreamBatchInfo: {
          shardId: expect.stringMatching(/^shardId-/),
          startSequenceNumber: poison,
          endSequenceNumber: poison,
          approximateArrivalOfFirstRecord: expect.any(String),
          approximateArrivalOfLastRecord: expect.any(String),
          batchSize: 1,
          streamArn: source.streamArn,
        },
      },
    ])
    await until(() => mapping.status().lagMs === 0)
    expect(mapping.status()).toMatchObject({ failures: 5, lastError: 'Error: cannot digest' })
  })

  it('delivers a batch again whose worker was killed', async () => {
    const { tableName, source } = await newTable()
    const lambda = await lambdaFrom(`exports.handler = () => new Promise(resolve => setTimeout(resolve, 300))`)
    await lambda.warm()
    await putItems(tableName, ['a', 'b'])

    const { mapping, batches } = await mapTo(source, event => lambda.invoke(event))
    await until(() => batches.length === 1)
    await sleep(50)
    await lambda.kill()
    await until(() => Object.keys(mapping.status().checkpoints).length === 1)

    expect(whatOf(batches)).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ])
    expect(mapping.status().failures).toBe(1)
  })

  it('is with the function long before a poller of the cloud would be', async () => {
    const { tableName, source } = await newTable()
    const arrivals: number[] = []
    await mapTo(source, async () => void arrivals.push(performance.now()), { startingPosition: 'LATEST' })
    const delays: number[] = []
    for (let count = 1; count <= 20; count++) {
      await putItems(tableName, [`item-${count}`])
      const written = performance.now()
      await until(() => arrivals.length === count)
      delays.push((arrivals.at(-1) ?? 0) - written)
    }
    const median = delays.toSorted((a, b) => a - b)[10]
    expect(median).toBeLessThan(50)
  })

  it('misses none of what several writers put at a time', async () => {
    const { tableName, source } = await newTable()
    const { batches } = await mapTo(source, succeeds, { batchSize: 7 })
    const ids = Array.from({ length: 8 }, (_, writer) => Array.from({ length: 50 }, (_, n) => `${writer}-${n}`))
    await Promise.all(ids.map(own => putItems(tableName, own)))
    await until(() => batches.flat().length >= 400)
    expect(
      batches
        .flat()
        .map(({ what }) => what)
        .toSorted(),
    ).toEqual(ids.flat().toSorted())
  })
})
