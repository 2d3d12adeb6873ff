import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'
import {
  BatchWriteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type DynamoDbFront, startDynamoDbFront } from '../../tools/local/aws/dynamodb-front.ts'
import { type Listening, listenOnLoopback } from '../../tools/local/aws/listen.ts'

let database: Listening
let front: DynamoDbFront
let client: DynamoDBClient
let written: string[]
/** Tables that had been told of when the database began to answer. */
let toldBeforeAnswer: number

beforeEach(async () => {
  written = []
  database = await listenOnLoopback(
    createServer(async (request, response) => {
      const body = await buffer(request)
      toldBeforeAnswer = written.length
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' })
      response.end(JSON.stringify({ Attributes: { bytes: { N: String(body.length) } } }))
    }),
  )
  front = await startDynamoDbFront(database.url, table => written.push(table))
  client = new DynamoDBClient({
    region: 'us-east-1',
    endpoint: front.endpoint,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  })
})

afterEach(async () => {
  client.destroy()
  await front.stop()
  await database.stop()
})

const item = { id: { S: 'alice' } }

test('a write rings for its table, and not before the database has done it', async () => {
  await client.send(new PutItemCommand({ TableName: 'carts', Item: item }))
  expect(written).toEqual(['carts'])
  expect(toldBeforeAnswer).toBe(0)
})

test('a read rings for none, also on a connection that wrote before', async () => {
  await client.send(new PutItemCommand({ TableName: 'carts', Item: item }))
  await client.send(new GetItemCommand({ TableName: 'carts', Key: item }))
  expect(written).toEqual(['carts'])
})

test('writes of several tables ring for each of them', async () => {
  const Put = (TableName: string) => ({ Put: { TableName, Item: item } })
  await client.send(new TransactWriteItemsCommand({ TransactItems: [Put('carts'), Put('orders')] }))
  expect(new Set(written.splice(0))).toEqual(new Set(['carts', 'orders']))
  const puts = [{ PutRequest: { Item: item } }]
  await client.send(new BatchWriteItemCommand({ RequestItems: { profiles: puts, carts: puts } }))
  expect(new Set(written)).toEqual(new Set(['carts', 'profiles']))
})

test('a large item arrives whole', async () => {
  const { Attributes } = await client.send(
    new PutItemCommand({ TableName: 'carts', Item: { ...item, text: { S: 'x'.repeat(390_000) } } }),
  )
  expect(Number(Attributes?.bytes?.N)).toBeGreaterThan(390_000)
  expect(written).toEqual(['carts'])
})
