/**
 * The AWS site of this project's declaration on the local servers, where each function has its bundle, the environment and
 * the permissions of its template, and nothing else: does everything still work, and is what it may do what it needs?
 */
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb'
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { createDynamoDbControlStore } from '../../functions/aws/control-store.ts'
import { createDynamoDbRecordStore } from '../../functions/aws/record-store.ts'
import { functionName, syncStoreName } from '../../shared/declare/resource-names.ts'
import type { Document } from '../../shared/document/json.ts'
import { capture } from '../../shared/replicate/capture.ts'
import { flowName } from '../../shared/replicate/flow-control.ts'
import { flowText, openFlow, paused } from '../../shared/replicate/flow-settings.ts'
import { createHere } from '../../shared/replicate/here.ts'
import { pruneAfterMs } from '../../shared/replicate/message-age.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { carriedBytesMax } from '../../shared/replicate/resolution-retention.ts'
import { createVerifier } from '../../shared/wire/token.ts'
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
import { type Gate, startGate } from './aws-gate.ts'
import { allowedTo, functionNamed, pointsTo, type Template, textOf } from './cloudformation.ts'
import { forwards, functionNames, peers, plan, site, typeNames } from './retail-site.ts'
import { planWith, type RunningPeer, startRunningPeer } from './running-peer.ts'
import { synthesise } from './synthesise.ts'

const region = 'us-east-1'
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
const bundles = inject('bundles')

/** Not known at the peers, as if they had another version of the code: what is refused there. */
const strange = 'vendors'
/** Held back on its way to the peers. */
const held = 'promotions'

const longGone: RecordRef = { type: 'products', key: ['long-gone'] }

// A whole site starts here, perhaps beside others that do.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })

const stops: (() => unknown)[] = []
const running = new Map<string, RunningPeer>()
let template: Template
let gate: Gate
let provisioned: Provisioned
let tables: DynamoDBClient
let queues: SQSClient
let ingestUrl: string
const lambdas = new Map<string, LambdaFunction>()
const lines: string[] = []

beforeAll(async () => {
  await requireJava()
  const { directory } = await ensureDynamoDbLocal()
  const [dynamodb, kinesis, sqs] = await Promise.all([
    startDynamoDbLocal({ directory, onLog: () => undefined }),
    startKinesisLocal(),
    startSqsLocal(),
  ])
  stops.push(() => Promise.all([dynamodb.stop(), kinesis.stop(), sqs.stop()]))
  const endpoints = { dynamodb: dynamodb.endpoint, kinesis: kinesis.endpoint, sqs: sqs.endpoint }
  provisioned = await provisionAws({ plan, site, region, endpoints })
  tables = new DynamoDBClient({ endpoint: endpoints.dynamodb, region, credentials })
  queues = new SQSClient({ endpoint: endpoints.sqs, region, credentials })
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const verify = await createVerifier(new Map([[site, [own.publicKey.export({ format: 'jwk' })]]]))
  const known = { ...plan, types: plan.types.filter(({ name }) => name !== strange) }
  for (const id of peers) running.set(id, await startRunningPeer(known, id, verify))
  stops.push(() => running.forEach(peer => void peer.stop()))
  const folder = mkdtempSync(join(tmpdir(), 'tributary-infra-'))
  stops.push(() => rmSync(folder, { recursive: true, force: true }))
  template = synthesise(planWith(plan, running), bundles, folder)(site)
  const permissions = new Map(functionNames.map(name => [name, new Set(allowedTo(template, name))]))
  gate = await startGate({ allowed: by => permissions.get(by) ?? new Set(), endpoints, rootKey: own.privateKey })
  stops.push(() => gate.stop())
  for (const name of functionNames) lambdas.set(name, lambda(name))
  await Promise.all([...lambdas.values()].map(fn => fn.warm()))
  const flow = flowText(paused(openFlow, held, Date.now() + 3_600_000, Date.now()))
  for (const peer of peers) await createDynamoDbControlStore(tables).write(flowName(peer), flow)
  await deleteLongAgo(longGone)
  await connect(endpoints)
})

afterAll(async () => {
  for (const stop of stops.reverse()) await stop()
})

/** Its bundle, the variables of its template, the region, and the credentials of its role. */
function lambda(name: string): LambdaFunction {
  const deployed = (reference: string) => {
    const [id = '', attribute] = reference.split('.')
    const named = pointsTo(template, { Ref: id })
    return attribute === 'Arn'
      ? `arn:aws:kms:${region}:111122223333:key/${named}`
      : `${gate.endpoint}/000000000000/${named}`
  }
  const { Environment, Timeout } = functionNamed(template, name).Properties
  const variables = Object.entries<unknown>(Environment.Variables).map(([key, value]) => [key, textOf(value, deployed)])
  const bundle = /^tributary-([a-z]+)/.exec(name)?.[1] ?? ''
  const created = createLambda({
    name,
    bundle: join(bundles, bundle, 'index.cjs'),
    environment: {
      ...Object.fromEntries(variables),
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: name,
      AWS_SECRET_ACCESS_KEY: 'of its role',
      AWS_ENDPOINT_URL: gate.endpoint,
    },
    timeoutMs: Timeout * 1000,
    onLog: line => void lines.push(line),
  })
  stops.push(() => created.stop())
  return created
}

function named(name: string): LambdaFunction {
  const found = lambdas.get(name)
  if (!found) throw new Error(`no function ${name}`)
  return found
}

/** Triggers read as Lambda does: with what the role allows for it, which is compared below. */
async function connect(endpoints: { readonly dynamodb: string; readonly kinesis: string }): Promise<void> {
  const streams = new DynamoDBStreamsClient({ endpoint: endpoints.dynamodb, region, credentials })
  const kinesis = createKinesisClient(endpoints.kinesis, region)
  stops.push(() => {
    for (const client of [tables, queues, streams, kinesis]) client.destroy()
  })
  const map = async (source: StreamSource, name: string, reportBatchItemFailures = true) => {
    const mapping = await startEventSourceMapping({
      source,
      functionArn: functionArn(region, name),
      invoke: event => named(name).invoke(event),
      startingPosition: 'TRIM_HORIZON',
      reportBatchItemFailures,
    })
    stops.push(() => mapping.stop())
  }
  const table = (streamArn: string) => createDynamoDbStreamSource({ client: streams, streamArn, region })
  for (const streamArn of provisioned.tableStreamArns.values()) await map(table(streamArn), functionName('capture'))
  await map(table(provisioned.syncStreamArn), functionName('publish'), false)
  for (const name of forwards) {
    await map(createKinesisSource({ client: kinesis, streamArn: provisioned.changesStreamArn, region }), name)
  }
  const api = await startRestApi({ invoke: event => named(functionName('ingest')).invoke(event) })
  stops.push(() => api.stop())
  ingestUrl = `${api.url}/ingest`
}

/** What Lambda itself does as the function: reads what triggers it, writes its log, notes what it gives up. */
const lambdasOwn =
  /:(Describe|GetRecords|GetShardIterator|List|SubscribeToShard)|^logs:|^sqs:(Receive|Delete|GetQueueAttributes)|given-up/

const eventually = <Result>(check: () => Result | Promise<Result>) =>
  vi.waitFor(check, { timeout: 90_000, interval: 50 })

const put = (table: string, Item: PutItemCommand['input']['Item']) =>
  tables.send(new PutItemCommand({ TableName: table, Item }))

async function item(table: string, Key: GetItemCommand['input']['Key']) {
  return (await tables.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }))).Item
}

function peerNamed(id: string | undefined): RunningPeer {
  const found = running.get(id ?? '')
  if (!found) throw new Error(`no peer ${id}`)
  return found
}

const fromPeer = (ref: RecordRef, document: Document | undefined) =>
  peerNamed(peers[0]).deliver(ref, document, { site, url: ingestUrl })

/** Before anything is triggered: a deletion whose whole life is over. */
async function deleteLongAgo(ref: RecordRef): Promise<void> {
  const here = createHere(plan, site)
  const store = createDynamoDbRecordStore({ client: tables, here })
  const clock = { now: () => Date.now() - 2 * pruneAfterMs, sleep: async () => {} }
  const deadLetters = { put: async () => {} }
  const Key = { product_id: { S: ref.key[0] ?? '' } }
  await put('products', { ...Key, title: { S: 'once' } })
  await capture(ref, { here, clock, store, deadLetters })
  await tables.send(new DeleteItemCommand({ TableName: 'products', Key }))
  await capture(ref, { here, clock, store, deadLetters })
}

const product = (id: string): RecordRef => ({ type: 'products', key: [id] })

describe('with what the template gives it, and nothing else,', () => {
  it('a write here arrives at every peer, by the express lane and by the bus', async () => {
    await put('carts', { customer_id: { S: 'alice' }, currency: { S: 'EUR' } })
    await put('products', { product_id: { S: 'p1' }, title: { S: 'Teapot' } })
    for (const id of peers) {
      const { site: remote } = peerNamed(id)
      await eventually(() => expect(remote.document({ type: 'carts', key: ['alice'] })).toEqual({ currency: 'EUR' }))
      await eventually(() => expect(remote.document(product('p1'))).toEqual({ title: 'Teapot' }))
    }
    await eventually(() =>
      expect(gate.used.get(functionName('capture'))).toContain('kms:Sign on alias/tributary-root-first.Arn'),
    )
  })

  it('what comes together is read together', async () => {
    const batchRead = (table: string) => `dynamodb:BatchGetItem on ${table}.Arn`
    let round = 0
    await eventually(async () => {
      round++
      const items = Array.from({ length: 20 }, (_, index) => ({
        PutRequest: { Item: { customer_id: { S: `many ${round} ${index}` }, currency: { S: 'EUR' } } },
      }))
      await tables.send(new BatchWriteItemCommand({ RequestItems: { carts: items } }))
      expect(gate.used.get(functionName('capture'))).toContain(batchRead(syncStoreName))
    })
    const theirs = ['many', 'more', 'most'].map(product)
    await peerNamed(peers[0]).deliverMany(theirs, { title: 'of many' }, { site, url: ingestUrl })
    for (const table of [syncStoreName, 'products']) {
      expect(gate.used.get(functionName('ingest'))).toContain(batchRead(table))
    }
  })

  it('what belongs to Tributary in a document is put right', async () => {
    await put('reservations', { sku_id: { S: 'sku' }, stock: { N: '5' } })
    await eventually(async () =>
      expect(await item('reservations', { sku_id: { S: 'sku' } })).toHaveProperty('available'),
    )
  })

  it('what cannot be carried, cannot be read, or is refused by a peer becomes a dead letter', async () => {
    await put('carts', { customer_id: { S: 'odd' }, items: { M: { tea: { M: { quantity: { S: 'many' } } } } } })
    await put(syncStoreName, { name: { S: 'products#odd' }, revision: { N: '1' }, record: { S: '[99]\n' } })
    await put(strange, { vendor_id: { S: 'v1' }, product_id: { S: 'p1' } })
    const send = 'sqs:SendMessage on tributary-dead-letters.Arn'
    for (const name of [functionName('capture'), functionName('publish'), ...forwards]) {
      await eventually(() => expect(gate.used.get(name), name).toContain(send))
    }
  })

  it('what is held back waits in the queue of its peer', async () => {
    await put(held, { promo_id: { S: 'spring' }, version: { N: '1' } })
    for (const QueueUrl of provisioned.waitingUrls.values()) {
      await eventually(async () => {
        const { Messages = [] } = await queues.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }))
        expect(Messages.length).toBeGreaterThan(0)
      })
    }
  })

  it('a peer’s change is merged: made, changed, taken away, and audited where it meets another', async () => {
    const Key = { product_id: { S: 'theirs' } }
    await fromPeer(product('theirs'), { title: 'one' })
    await fromPeer(product('theirs'), { title: 'two' })
    expect(await item('products', Key)).toMatchObject({ title: { S: 'two' } })
    await fromPeer(product('theirs'), undefined)
    expect(await item('products', Key)).toBeUndefined()
    // Of the first the audit is told by way of the sync record; of the second by ingest itself: a record holds no more.
    for (const [id, text] of [
      ['both', ''],
      ['both-large', 'x'.repeat(2 * carriedBytesMax)],
    ] as const) {
      await put('products', { product_id: { S: id }, title: { S: `ours ${text}` } })
      await fromPeer(product(id), { title: `theirs ${text}` })
    }
    const audited = 'dynamodb:BatchWriteItem on tributary-audit.Arn'
    for (const name of ['ingest', 'publish'] as const) {
      await eventually(() => expect(gate.used.get(functionName(name)), name).toContain(audited))
    }
  })

  it('what was deleted everywhere long ago is forgotten, step by step', async () => {
    for (const { site: remote } of running.values()) {
      await eventually(async () => expect(await remote.store.readRecord(longGone)).toBeDefined())
    }
    const pruned = () => lines.flatMap(line => (line.includes('"stripped"') ? [JSON.parse(line)] : []))
    await eventually(() => named(functionName('prune')).invoke({}))
    expect(pruned()).toContainEqual(expect.objectContaining({ stripped: 1 }))
  })
})

describe('nothing', () => {
  it('was denied', () => {
    expect(gate.denied).toEqual([])
  })

  it('is granted that nobody needs', () => {
    const ofTable = (text: string) =>
      typeNames.reduce((words, name) => words.replace(` on ${name}.Arn`, ' on a table'), text)
    const unused = functionNames.flatMap(name => {
      const used = new Set([...(gate.used.get(name) ?? [])].map(ofTable))
      const granted = new Set(allowedTo(template, name).map(ofTable))
      return [...granted].flatMap(action => (used.has(action) || lambdasOwn.test(action) ? [] : [`${name}: ${action}`]))
    })
    expect(unused.toSorted()).toEqual([
      // Where another site is the authority of a type, a write of it here is taken back.
      'tributary-capture: dynamodb:DeleteItem on a table',
      'tributary-capture: dynamodb:PutItem on a table',
      // Several gaps, several tombstones at a time.
      ...forwards.toSorted().map(name => `${name}: dynamodb:BatchGetItem on tributary-sync.Arn`),
      'tributary-prune: dynamodb:BatchGetItem on a table',
      'tributary-prune: dynamodb:BatchGetItem on tributary-sync.Arn',
      // The second step, after as long again: an expired document that is still there keeps its record.
      'tributary-prune: dynamodb:DeleteItem on tributary-sync.Arn',
      'tributary-prune: dynamodb:GetItem on a table',
    ])
  })
})
