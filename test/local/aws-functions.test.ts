/** The functions of AWS as they deploy: bundled, in the local Lambda, behind their triggers, with a peer in the test. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { brotliCompressSync } from 'node:zlib'
import {
  type AttributeValue,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { auditStoreName, syncStoreName } from '../../shared/declare/resource-names.ts'
import { auditShard } from '../../shared/replicate/audit-place.ts'
import { recordsAtOnce } from '../../shared/replicate/side-by-side.ts'
import { touchedBy } from '../../shared/resolve/touched.ts'
import { answerTokenHeader } from '../../shared/wire/ingest-endpoint.ts'
import { createVerifier, digestOf } from '../../shared/wire/token.ts'
import { bundleFunctions, type FunctionName } from '../../tools/build/bundle-functions.ts'
import { functionArn } from '../../tools/local/aws/aws-names.ts'
import { ensureDynamoDbLocal, requireJava, startDynamoDbLocal } from '../../tools/local/aws/dynamodb-local.ts'
import { createDynamoDbStreamSource } from '../../tools/local/aws/dynamodb-stream-source.ts'
import { startEventSourceMapping } from '../../tools/local/aws/event-source-mapping.ts'
import { createKinesisClient, startKinesisLocal } from '../../tools/local/aws/kinesis-local.ts'
import { createKinesisSource } from '../../tools/local/aws/kinesis-source.ts'
import { createLambda, type LambdaFunction } from '../../tools/local/aws/lambda.ts'
import { type Provisioned, provisionAws } from '../../tools/local/aws/provision.ts'
import { startRestApi } from '../../tools/local/aws/rest-api.ts'
import { startSqsLocal } from '../../tools/local/aws/sqs-s3-local.ts'
import type { StreamSource } from '../../tools/local/aws/stream-source.ts'
import { noFaults } from '../../tools/local/runtime/delivery-faults.ts'
import plan from '../carts-and-products.config.ts'
import { until } from './aws-harness.ts'
import { credentials, region } from './aws-mapping-harness.ts'
import { changeOf, type KeyPair, newKeyPair, type Peer, requestOf, startPeer } from './aws-peer.ts'

const site = 'aws-us-east-1'
const projectConfig = new URL('../carts-and-products.config.ts', import.meta.url).pathname

const stops: (() => unknown)[] = []
const publishFaults = noFaults()
const lines: string[] = []
let siteKeys: KeyPair
let peer: Peer
let dynamoDbEndpoint: string
let provisioned: Provisioned
let bundles: string
let environment: Record<string, string>
let tables: DynamoDBClient
let queue: SQSClient
let ingestUrl: string

beforeAll(async () => {
  await requireJava()
  const { directory } = await ensureDynamoDbLocal()
  const [dynamodb, kinesis, sqs] = await Promise.all([
    startDynamoDbLocal({ directory, onLog: () => undefined }),
    startKinesisLocal(),
    startSqsLocal(),
  ])
  stops.push(() => Promise.all([dynamodb.stop(), kinesis.stop(), sqs.stop()]))
  dynamoDbEndpoint = dynamodb.endpoint
  siteKeys = newKeyPair()
  peer = await startPeer('gcp-us-central1', site, siteKeys.publicKey)
  stops.push(() => peer.stop())
  const endpoints = { dynamodb: dynamodb.endpoint, kinesis: kinesis.endpoint, sqs: sqs.endpoint }
  provisioned = await provisionAws({ plan, site, region, endpoints })
  bundles = await mkdtemp(join(tmpdir(), 'tributary-test-'))
  stops.push(() => rm(bundles, { recursive: true }))
  await bundleFunctions({ config: projectConfig, out: bundles, clouds: ['aws'], mayBeKept: true })
  environment = {
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
    AWS_ENDPOINT_URL_KINESIS: endpoints.kinesis,
    AWS_ENDPOINT_URL_SQS: endpoints.sqs,
    TRIBUTARY_SITE: site,
    TRIBUTARY_PEER: peer.id,
    TRIBUTARY_PEERS: JSON.stringify({ [peer.id]: { url: peer.url, keys: [peer.keys.publicKey] } }),
    TRIBUTARY_SIGNING_KEY: JSON.stringify(siteKeys.privateKey),
    TRIBUTARY_DEAD_LETTERS_URL: provisioned.deadLettersUrl,
    TRIBUTARY_WAITING_URL: provisioned.waitingUrls.get(peer.id) ?? '',
  }
  tables = new DynamoDBClient({ endpoint: endpoints.dynamodb, region, credentials })
  queue = new SQSClient({ endpoint: endpoints.sqs, region, credentials })
  await connect(endpoints)
})

afterAll(async () => {
  for (const stop of stops.reverse()) await stop()
})

function lambda(name: FunctionName, changed: Record<string, string> = {}): LambdaFunction {
  const created = createLambda({
    name,
    bundle: join(bundles, 'aws', name, 'index.cjs'),
    environment: { ...environment, ...changed },
    timeoutMs: 20_000,
    // Failures: every batch has a line as well.
    onLog: line => void (line.includes('"level":"info"') || lines.push(line)),
  })
  stops.push(() => created.stop())
  return created
}

/** The triggers, as infrastructure will set them up. */
async function connect(endpoints: { readonly dynamodb: string; readonly kinesis: string }): Promise<void> {
  const streams = new DynamoDBStreamsClient({ endpoint: endpoints.dynamodb, region, credentials })
  const kinesis = createKinesisClient(endpoints.kinesis, region)
  stops.push(() => {
    for (const client of [tables, queue, streams, kinesis]) client.destroy()
  })
  const map = async (source: StreamSource, to: LambdaFunction, faults = noFaults()) => {
    const mapping = await startEventSourceMapping({
      source,
      functionArn: functionArn(region, to.name),
      invoke: event => to.invoke(event),
      startingPosition: 'TRIM_HORIZON',
      reportBatchItemFailures: true,
      faults,
    })
    stops.push(() => mapping.stop())
  }
  const table = (streamArn: string) => createDynamoDbStreamSource({ client: streams, streamArn, region })
  const capture = lambda('capture')
  for (const streamArn of provisioned.tableStreamArns.values()) await map(table(streamArn), capture)
  await map(table(provisioned.syncStreamArn), lambda('publish'), publishFaults)
  await map(
    createKinesisSource({ client: kinesis, streamArn: provisioned.changesStreamArn, region }),
    lambda('forward'),
  )
  const ingest = lambda('ingest')
  const api = await startRestApi({ invoke: event => ingest.invoke(event) })
  stops.push(() => api.stop())
  ingestUrl = `${api.url}/ingest`
}

const arrivedOf = (id: string) => peer.arrived.filter(({ key }) => key[0] === id)

async function put(id: string, fields: Record<string, object> = { title: { S: id } }): Promise<void> {
  await tables.send(new PutItemCommand({ TableName: 'products', Item: { product_id: { S: id }, ...fields } as never }))
}

async function product(id: string) {
  const Key = { product_id: { S: id } }
  return (await tables.send(new GetItemCommand({ TableName: 'products', Key, ConsistentRead: true }))).Item
}

async function syncRecord(name: string) {
  const Key = { name: { S: name } }
  return (await tables.send(new GetItemCommand({ TableName: syncStoreName, Key, ConsistentRead: true }))).Item
}

/** The next dead letter of this kind about `about`. */
async function deadLetter(about: string): Promise<unknown> {
  const deadline = Date.now() + 10_000
  while (Date.now() < deadline) {
    const { Messages = [] } = await queue.send(
      new ReceiveMessageCommand({ QueueUrl: provisioned.deadLettersUrl, WaitTimeSeconds: 1 }),
    )
    for (const { Body = '', ReceiptHandle } of Messages) {
      await queue.send(new DeleteMessageCommand({ QueueUrl: provisioned.deadLettersUrl, ReceiptHandle }))
      if (Body.includes(about)) return JSON.parse(Body)
    }
  }
  throw new Error(`no dead letter about ${about} within 10 s`)
}

describe('what an application writes into its own table', () => {
  it('reaches the peer in a signed batch: created, changed, deleted', async () => {
    await put('bicycle', { title: { S: 'Bicycle' }, price: { N: '249.5' } })
    await until(() => arrivedOf('bicycle').length === 1)
    const key = { product_id: { S: 'bicycle' } }
    const [created] = arrivedOf('bicycle')
    expect(created).toMatchObject({ type: 'products', key: ['bicycle'], origin: site, operation: 'create' })
    expect(JSON.stringify(created?.state)).toContain('"price":249.5')

    await tables.send(
      new UpdateItemCommand({
        TableName: 'products',
        Key: key,
        UpdateExpression: 'SET price = :p',
        ExpressionAttributeValues: { ':p': { N: '199' } },
      }),
    )
    await until(() => arrivedOf('bicycle').length === 2)
    await tables.send(new DeleteItemCommand({ TableName: 'products', Key: key }))
    await until(() => arrivedOf('bicycle').length === 3)
    expect(arrivedOf('bicycle').map(({ operation }) => operation)).toEqual(['create', 'update', 'delete'])
  })

  it('of tier 1 is at the peer while nothing is published: capture itself told it', async () => {
    publishFaults.paused = true
    try {
      await put('later')
      const cart = { customer_id: { S: 'express' }, currency: { S: 'EUR' } }
      await tables.send(new PutItemCommand({ TableName: 'carts', Item: cart }))
      await until(() => arrivedOf('express').length === 1)
      expect(arrivedOf('later')).toEqual([])
    } finally {
      publishFaults.paused = false
    }
    await until(() => arrivedOf('express').length === 2 && arrivedOf('later').length === 1)
    const [express, durable] = arrivedOf('express')
    expect(durable?.intervals).toEqual(express?.intervals)
  })

  it('travels as the part that changed', async () => {
    const key = { customer_id: { S: 'c1' } }
    const items = { M: { a: { M: { quantity: { N: '2' } } }, b: { M: { quantity: { N: '1' } } } } }
    await tables.send(new PutItemCommand({ TableName: 'carts', Item: { ...key, currency: { S: 'EUR' }, items } }))
    await until(() => arrivedOf('c1').length >= 1)
    await tables.send(
      new UpdateItemCommand({
        TableName: 'carts',
        Key: key,
        UpdateExpression: 'ADD #i.a.quantity :three',
        ExpressionAttributeNames: { '#i': 'items' },
        ExpressionAttributeValues: { ':three': { N: '3' } },
      }),
    )
    // The express lane sends the creation along.
    const parts = () => arrivedOf('c1').flatMap(({ state }) => (state?.whole ? [] : [touchedBy(state ?? null)]))
    await until(() => parts().length === 1)
    expect(parts()).toEqual([{ document: { items: { a: { quantity: true } } } }])
  })

  it('waits while the peer is down, is logged in one line of JSON, and arrives afterwards', async () => {
    peer.down = true
    await put('patience')
    const failureLine = () => lines.find(line => line.includes('"function":"forward"') && line.includes('status 503'))
    await until(() => failureLine() !== undefined)
    expect(JSON.parse(failureLine() ?? '')).toMatchObject({ level: 'error', site, function: 'forward' })
    expect(arrivedOf('patience')).toEqual([])
    peer.down = false
    await until(() => arrivedOf('patience').length > 0)
  })

  it('becomes a dead letter where it cannot be carried, and its neighbours pass', async () => {
    const cart = (quantity: AttributeValue) => {
      const items: AttributeValue = { M: { tea: { M: { quantity } } } }
      return tables.send(new PutItemCommand({ TableName: 'carts', Item: { customer_id: { S: 'odd' }, items } }))
    }
    await Promise.all([put('before'), cart({ S: 'many' }), put('after')])
    expect(await deadLetter('"odd"')).toMatchObject({
      kind: 'document',
      site,
      ref: { type: 'carts', key: ['odd'] },
      field: 'items.tea.quantity',
      reason: expect.stringContaining('a counter holds a number'),
    })
    await until(() => arrivedOf('before').length === 1 && arrivedOf('after').length === 1)
    // Mended, it is captured like anything else.
    await cart({ N: '2' })
    await until(() => arrivedOf('odd').length >= 1)
  })

  it('is held up by no sync record that this version cannot read', async () => {
    const Item = { name: { S: 'products#odd' }, revision: { N: '1' }, record: { S: '[99]\n' } }
    await tables.send(new PutItemCommand({ TableName: syncStoreName, Item }))
    await tables.send(new PutItemCommand({ TableName: syncStoreName, Item: { name: { S: 'no name of a record %' } } }))
    await put('behind-it')
    expect(await deadLetter('encoding 99')).toMatchObject({ kind: 'message', site, text: '[99]\n' })
    await until(() => arrivedOf('behind-it').length === 1)
  })
})

/** DynamoDB, but for what concerns a poisoned record. What concerns another one passes by `asked`. */
function poisonedDynamoDb(asked: (body: string, pass: () => Promise<void>) => Promise<void>): Promise<string> {
  return listening(
    createServer(async (request, response) => {
      const body = await buffer(request)
      if (body.includes('poisoned')) return void response.writeHead(500).end('{}')
      await asked(body.toString(), async () => {
        const names = ['authorization', 'content-type', 'x-amz-date', 'x-amz-target'] as const
        const headers = names.map((name): [string, string] => [name, String(request.headers[name])])
        const answer = await fetch(dynamoDbEndpoint, { method: 'POST', headers, body: new Uint8Array(body) })
        response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()))
      })
    }),
  )
}

describe('a batch of hints', () => {
  it('fails from its first failing record on, and captures everything else in it', async () => {
    const looked = new Set<string>()
    const proxy = await poisonedDynamoDb(async (body, pass) => {
      for (const [id] of body.matchAll(/batch-\w+/g)) looked.add(id)
      await pass()
    })
    const ids = ['first', 'poisoned-1', 'second', 'poisoned-1', 'first', 'poisoned-2', 'third']
    const Records = ids.map((id, index) => ({
      eventSourceARN: provisioned.tableStreamArns.get('products'),
      dynamodb: { Keys: { product_id: { S: `batch-${id}` } }, SequenceNumber: String(100 + index) },
    }))
    lines.length = 0
    const reply = await lambda('capture', { AWS_ENDPOINT_URL_DYNAMODB: proxy }).invoke({ Records })
    expect(reply).toEqual({ batchItemFailures: [{ itemIdentifier: '101' }] })
    expect([...looked].sort()).toEqual(['batch-first', 'batch-second', 'batch-third'])
    await until(() => lines.length === 2)
    expect(lines.map(line => JSON.parse(line))).toMatchObject([
      { site, function: 'capture', record: 'products#batch-poisoned-1', error: 'StoreUnavailable' },
      { site, function: 'capture', record: 'products#batch-poisoned-2', error: 'StoreUnavailable' },
    ])
  })

  it('asks the store for so many records at once and no more, and for all of them', async () => {
    const looked = new Set<string>()
    let [asked, most] = [0, 0]
    const proxy = await poisonedDynamoDb(async (body, pass) => {
      const ids = new Set([...body.matchAll(/crowd-\d+/g)].map(([id]) => id))
      for (const id of ids) looked.add(id)
      asked += ids.size
      most = Math.max(most, asked)
      // One too many would show meanwhile.
      await sleep(100)
      await pass()
      asked -= ids.size
    })
    const ids = Array.from({ length: 50 }, (_, index) => (index === 30 ? 'poisoned-crowd' : `crowd-${index}`))
    const Records = ids.map((id, index) => ({
      eventSourceARN: provisioned.tableStreamArns.get('products'),
      dynamodb: { Keys: { product_id: { S: id } }, SequenceNumber: String(200 + index) },
    }))
    lines.length = 0
    const reply = await lambda('capture', { AWS_ENDPOINT_URL_DYNAMODB: proxy }).invoke({ Records })
    expect(reply).toEqual({ batchItemFailures: [{ itemIdentifier: '230' }] })
    expect(most).toBe(recordsAtOnce)
    expect(looked.size).toBe(49)
    await until(() => lines.length === 1)
  })

  it('of a table that is not the declared one fails as a whole, by name', async () => {
    const eventSourceARN = `arn:aws:dynamodb:${region}:000000000000:table/products/stream/2026`
    const Records = [{ eventSourceARN, dynamodb: { Keys: { product_id: { N: '1' } }, SequenceNumber: '1' } }]
    await expect(lambda('capture').invoke({ Records })).rejects.toThrow(
      /key attribute 'product_id' is not as declared, but N/,
    )
  })
})

describe('ingest', () => {
  it('writes a plain item, answers with its own signature, and sends nothing back', async () => {
    const ref = { type: 'products', key: ['lamp'] }
    const document = { title: 'Lámpa', price: 12.5, tags: ['a', null], deep: { yes: true } }
    const request = await requestOf([await changeOf(plan, peer.id, ref, document)], peer, site)
    const response = await fetch(ingestUrl, { method: 'POST', ...request })
    const body = Buffer.from(await response.arrayBuffer())
    expect([response.status, JSON.parse(body.toString())]).toEqual([200, { answers: [{ answer: 'applied' }] }])
    const verify = await createVerifier(new Map([[site, [siteKeys.publicKey]]]))
    const token = await verify(
      response.headers.get(answerTokenHeader) ?? undefined,
      peer.id,
      Date.now(),
      'tributary-answer',
    )
    expect(token).toMatchObject({ issuer: site, digest: digestOf(body), inReplyTo: digestOf(request.body) })

    expect(await product('lamp')).toEqual({
      product_id: { S: 'lamp' },
      title: { S: 'Lámpa' },
      price: { N: '12.5' },
      tags: { L: [{ S: 'a' }, { NULL: true }] },
      deep: { M: { yes: { BOOL: true } } },
    })
    // A write that comes later has passed capture, publish and forward behind the echo.
    await put('behind-lamp')
    await until(() => arrivedOf('behind-lamp').length === 1)
    expect(arrivedOf('lamp')).toEqual([])
  })

  it('of a concurrent write keeps the losing value in the audit store', async () => {
    const ref = { type: 'products', key: ['contested'] }
    const theirs = await changeOf(plan, peer.id, ref, { title: 'theirs' })
    await put('contested', { title: { S: 'ours' } })
    await until(() => arrivedOf('contested').length === 1)
    await fetch(ingestUrl, { method: 'POST', ...(await requestOf([theirs], peer, site)) })
    expect(await product('contested')).toMatchObject({ title: { S: 'ours' } })
    let found: string | undefined
    for (const deadline = Date.now() + 10_000; !found && Date.now() < deadline; ) {
      const { Items = [] } = await tables.send(
        new QueryCommand({
          TableName: auditStoreName,
          KeyConditionExpression: '#t = :t',
          ExpressionAttributeNames: { '#t': 'shard' },
          ExpressionAttributeValues: { ':t': { S: auditShard(ref) } },
        }),
      )
      found = Items.find(({ record }) => record?.S === 'products#contested')?.resolution?.S
    }
    expect(JSON.parse(found ?? '')).toMatchObject({
      site,
      origin: peer.id,
      outcome: { title: 'ours' },
      arbitrations: [{ rule: 'latest-write-wins', lost: [{ site: peer.id, value: { title: 'theirs' } }] }],
    })
  })
})

describe('ingest refuses, before any store is touched,', () => {
  let url: string
  let storeRequests = 0

  beforeAll(async () => {
    const store = await listening(
      createServer((_, response) => {
        storeRequests += 1
        response.writeHead(500).end('{}')
      }),
    )
    const ingest = lambda('ingest', { AWS_ENDPOINT_URL_DYNAMODB: store })
    const api = await startRestApi({ invoke: event => ingest.invoke(event) })
    stops.push(() => api.stop())
    url = api.url
  })

  const ref = { type: 'products', key: ['refused'] }
  const good = async (audience = site) => requestOf([await changeOf(plan, peer.id, ref, { a: 1 })], peer, audience)
  async function signed(body: Uint8Array<ArrayBuffer>, nowMs = Date.now(), issuer = peer.id) {
    const token = await peer.sign({ issuer, audience: site, body, nowMs })
    return { body, headers: { authorization: `Bearer ${token}`, 'content-encoding': 'br' } }
  }
  const compressed = (text: string | Buffer) => new Uint8Array(brotliCompressSync(text))

  const rows: readonly [string, number, string, () => Promise<{ body: Uint8Array<ArrayBuffer>; headers: object }>][] = [
    ['no token', 401, 'token_missing', async () => ({ ...(await good()), headers: {} })],
    ['a token for another site', 401, 'token_wrong_audience', () => good('azure-eastus')],
    [
      'a token of a stranger',
      401,
      'token_unknown_issuer',
      () => signed(compressed('[]'), Date.now(), 'nobody-anywhere'),
    ],
    ['an expired token', 401, 'token_expired', () => signed(compressed('[]'), Date.now() - 120_000)],
    [
      'a token that is none',
      401,
      'token_invalid',
      async () => ({ ...(await good()), headers: { authorization: 'Bearer x' } }),
    ],
    [
      'a body that is not the signed one',
      400,
      'digest_mismatch',
      async () => ({ ...(await good()), body: compressed('[{}]') }),
    ],
    ['a body over the limit', 413, 'request_too_large', () => signed(new Uint8Array(1_000_001))],
    ['a bomb', 413, 'expands_too_large', () => signed(compressed(Buffer.alloc(9_000_000)))],
    ['a body that is no JSON', 400, 'body_malformed', () => signed(compressed('{'))],
    ['a body that is no batch', 400, 'body_malformed', () => signed(compressed('{}'))],
    [
      'a body that is not compressed as it says',
      400,
      'body_malformed',
      () => signed(new Uint8Array(Buffer.from('[]'))),
    ],
  ]
  it.each(rows)('%s: %i %s', async (_, status, error, request) => {
    storeRequests = 0
    const response = await fetch(url, { method: 'POST', ...((await request()) as RequestInit) })
    expect(await response.json()).toMatchObject({ error, detail: expect.any(String) })
    expect([response.status, storeRequests]).toEqual([status, 0])
  })

  it('and answers change by change where only one is wrong', async () => {
    const change = await changeOf(plan, peer.id, ref, { a: 1 })
    const changes = [
      { ...change, type: 'unheard-of' },
      { ...change, plan: 'another-plan' },
      { ...change, origin: 'azure-eastus' },
    ]
    storeRequests = 0
    const response = await fetch(url, { method: 'POST', ...(await requestOf(changes, peer, site)) })
    const { answers } = Object(await response.json())
    expect(answers).toMatchObject([
      { answer: 'refused', reason: 'unknown_type' },
      { answer: 'held' },
      { answer: 'refused', reason: 'wrong_origin' },
    ])
    expect(storeRequests).toBe(0)
  })

  it('but a store that does not serve makes a change busy, within seconds', async () => {
    const startedAt = Date.now()
    const response = await fetch(url, { method: 'POST', ...(await good()) })
    expect(await response.json()).toMatchObject({ answers: [{ answer: 'busy' }] })
    expect(Date.now() - startedAt).toBeLessThan(6000)
    expect(await syncRecord('products#refused')).toBeUndefined()
  })
})

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stops.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${Object(server.address()).port}`
}
