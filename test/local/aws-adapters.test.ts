/** The adapters of AWS against DynamoDB Local, kinesalite and fauxqs, with the official clients. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import {
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { GetRecordsCommand, GetShardIteratorCommand, ListShardsCommand } from '@aws-sdk/client-kinesis'
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createDynamoDbAuditLog } from '../../functions/aws/audit-log.ts'
import { createDynamoDbAuditStore } from '../../functions/aws/audit-store.ts'
import { createKinesisBus } from '../../functions/aws/bus.ts'
import { createDynamoDb } from '../../functions/aws/clients.ts'
import { createDynamoDbControlStore } from '../../functions/aws/control-store.ts'
import { createSqsDeadLetters } from '../../functions/aws/dead-letters.ts'
import { keyItem } from '../../functions/aws/item-place.ts'
import { createDynamoDbRecordStore } from '../../functions/aws/record-store.ts'
import { createDynamoDbTombstones } from '../../functions/aws/tombstones.ts'
import { documentToItem, type Item, itemToDocument } from '../../functions/aws/values.ts'
import { unpackParts } from '../../functions/common/packed-parts.ts'
import { systemClock } from '../../functions/common/system-clock.ts'
import { auditStoreName, changesName, syncStoreName } from '../../shared/declare/resource-names.ts'
import type { Document, Json } from '../../shared/document/json.ts'
import { type RecordStore, StoreUnavailable } from '../../shared/ports/index.ts'
import { MemoryDatabase } from '../../shared/ports/memory/memory-database.ts'
import { auditShard } from '../../shared/replicate/audit-place.ts'
import { capture } from '../../shared/replicate/capture.ts'
import type { Change } from '../../shared/replicate/change.ts'
import { changeEventOf } from '../../shared/replicate/change-event.ts'
import { refusedDocument, unreadableMessage } from '../../shared/replicate/dead-letter.ts'
import type { TellLeft } from '../../shared/replicate/echo.ts'
import { createHere, dataTypeOf } from '../../shared/replicate/here.ts'
import { ingest } from '../../shared/replicate/ingest.ts'
import { wholeChange } from '../../shared/replicate/make-change.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import type { Resolution } from '../../shared/replicate/resolution.ts'
import { decodeRecord, noRecord } from '../../shared/replicate/sync-record.ts'
import { NamedCells } from '../../shared/resolve/named-cells.ts'
import {
  type DynamoDbLocal,
  ensureDynamoDbLocal,
  requireJava,
  startDynamoDbLocal,
} from '../../tools/local/aws/dynamodb-local.ts'
import { createKinesisClient, type KinesisLocal, startKinesisLocal } from '../../tools/local/aws/kinesis-local.ts'
import { type Provisioned, provisionAws } from '../../tools/local/aws/provision.ts'
import { type SqsLocal, startSqsLocal } from '../../tools/local/aws/sqs-s3-local.ts'
import { describeAuditLog } from '../contracts/audit-log-contract.ts'
import { describeControlStore } from '../contracts/control-store-contract.ts'
import { type Application, contractPlan, describeRecordStore } from '../contracts/record-store-contract.ts'
import { describeTombstones } from '../contracts/tombstones-contract.ts'
import { randomText } from '../random-text.ts'

const site = 'aws-us-east-1'
const region = 'us-east-1'
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
const here = createHere(contractPlan, site)

let dynamodb: DynamoDbLocal
let kinesis: KinesisLocal
let sqs: SqsLocal
let provisioned: Provisioned
let tables: DynamoDBClient
let store: RecordStore

function provision(): Promise<Provisioned> {
  const endpoints = { dynamodb: dynamodb.endpoint, kinesis: kinesis.endpoint, sqs: sqs.endpoint }
  return provisionAws({ plan: contractPlan, site, region, endpoints })
}

beforeAll(async () => {
  await requireJava()
  const { directory } = await ensureDynamoDbLocal()
  dynamodb = await startDynamoDbLocal({ directory, onLog: () => undefined })
  kinesis = await startKinesisLocal()
  sqs = await startSqsLocal()
  provisioned = await provision()
  tables = new DynamoDBClient({ endpoint: dynamodb.endpoint, region, credentials })
  store = createDynamoDbRecordStore({ client: tables, here })
})

afterAll(async () => {
  tables?.destroy()
  await Promise.all([dynamodb?.stop(), kinesis?.stop(), sqs?.stop()])
})

function placeOf(ref: RecordRef) {
  const { plan } = dataTypeOf(here, ref.type)
  return { TableName: plan.at.aws.table, Key: keyItem(ref, plan) }
}

/** Writes and reads plain items with the official client, as an application does. */
const application: Application = {
  async put(ref, document) {
    const { TableName, Key } = placeOf(ref)
    const fields = Object.entries(document).map(([name, value]) => [name, plainAttribute(value)])
    const Item: Item = Object.assign(Object.fromEntries(fields), Key)
    await tables.send(new PutItemCommand({ TableName, Item }))
  },
  async patch(ref, fields) {
    const names = Object.keys(fields)
    await tables.send(
      new UpdateItemCommand({
        ...placeOf(ref),
        UpdateExpression: `SET ${names.map((_, index) => `#n${index}=:v${index}`).join(', ')}`,
        ExpressionAttributeNames: Object.fromEntries(names.map((name, index) => [`#n${index}`, name])),
        ExpressionAttributeValues: Object.fromEntries(
          names.map((name, index) => [`:v${index}`, plainAttribute(fields[name])]),
        ),
      }),
    )
  },
  async remove(ref) {
    await tables.send(new DeleteItemCommand(placeOf(ref)))
  },
  async read(ref) {
    const { Item } = await tables.send(new GetItemCommand({ ...placeOf(ref), ConsistentRead: true }))
    return Item && itemToDocument(ref, { ...dataTypeOf(here, ref.type).plan, omit: [] }, Item)
  },
}

/** Written apart from the adapter, so that the two cannot share a mistake. */
function plainAttribute(value: unknown): Item[string] {
  if (value === null) return { NULL: true }
  if (typeof value === 'string') return { S: value }
  if (typeof value === 'number') return { N: String(value) }
  if (typeof value === 'boolean') return { BOOL: value }
  if (Array.isArray(value)) return { L: value.map(plainAttribute) }
  return { M: Object.fromEntries(Object.entries(Object(value)).map(([name, inner]) => [name, plainAttribute(inner)])) }
}

describeRecordStore('DynamoDB', async () => ({ store, application, close: async () => {} }))
describeTombstones('DynamoDB', async () => ({
  store,
  tombstones: createDynamoDbTombstones(tables),
  close: async () => {},
}))
describeControlStore('DynamoDB', async () => ({ control: createDynamoDbControlStore(tables), close: async () => {} }))
describeAuditLog('DynamoDB', async () => ({
  audit: createDynamoDbAuditStore({ client: tables, clock: systemClock }),
  log: createDynamoDbAuditLog(tables),
  close: async () => {},
}))

let serial = 0
function article(): RecordRef {
  return { type: 'articles', key: [`adapter-${++serial}`] }
}

async function commitDocument(ref: RecordRef, after: Document): Promise<string> {
  const document = { read: await store.readDocument(ref), after, indivisible: true, declared: [] }
  const expected = (await store.readRecord(ref))?.revision
  return store.commit({ ref, record: noRecord, expected, document })
}

describe('a value that JSON cannot hold exactly is read as a tagged value', () => {
  const rows: readonly [string, Item[string], Json][] = [
    ['a string set', { SS: ['b', 'a'] }, { $set: ['a', 'b'] }],
    [
      'a number set',
      { NS: ['10', '9', '12345678901234567890'] },
      { $numberSet: [9, 10, { $number: '12345678901234567890' }] },
    ],
    ['a binary set', { BS: [new Uint8Array([1])] }, { $bytesSet: ['AQ=='] }],
    ['bytes deep inside', { M: { a: { L: [{ B: new Uint8Array([1]) }] } } }, { a: [{ $bytes: 'AQ==' }] }],
    ['an integer beyond 2^53', { N: '9007199254740993' }, { $number: '9007199254740993' }],
    [
      '38 digits',
      { N: '0.12345678901234567890123456789012345678' },
      { $number: '0.12345678901234567890123456789012345678' },
    ],
    ['a negative one in a list', { L: [{ N: '-9007199254740993' }] }, [{ $number: '-9007199254740993' }]],
    ['a map that reads like bytes', { M: { $bytes: { S: 'AQ==' } } }, { $map: { $bytes: 'AQ==' } }],
  ]
  it.each(rows)('%s', async (_, value, portable) => {
    const ref = article()
    const { TableName, Key } = placeOf(ref)
    await tables.send(new PutItemCommand({ TableName, Item: { ...Key, neighbour: { S: 'fine' }, f: value } }))
    expect((await store.readDocument(ref)).document).toEqual({ neighbour: 'fine', f: portable })
    // And compared as such, where a merge asks for it as it was read.
    expect(await commitDocument(ref, { f: portable })).toBe('committed')
    const { Item } = await tables.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }))
    expect(Item && itemToDocument(ref, dataTypeOf(here, ref.type).plan, Item)).toEqual({ f: portable })
  })

  it.each([
    ['1000000000000000000000', 1e21],
    ['0.1', 0.1],
    ['1E+100', 1e100],
    ['1.50', 1.5],
    ['9007199254740992', 2 ** 53],
    ['-0', 0],
    ['1e-130', 1e-130],
  ])('but not the number %s', async (text, number) => {
    const ref = article()
    const { TableName, Key } = placeOf(ref)
    await tables.send(new PutItemCommand({ TableName, Item: { ...Key, n: { N: text } } }))
    expect((await store.readDocument(ref)).document).toEqual({ n: number })
  })
})

describe('a document that DynamoDB cannot hold is refused with its place, and nothing is written', () => {
  let nested: Document = {}
  for (let depth = 0; depth < 33; depth++) nested = { nested }
  const rows: readonly [string, Document, string, RegExp][] = [
    ['half a surrogate pair', { a: 'x\ud800' }, 'a', /surrogate/],
    ['a key field', { article_id: 'elsewhere' }, 'article_id', /key field/],
    ['more than 400 KB', { a: 'x'.repeat(410_000) }, '', /Item size .*has exceeded/],
    ['too deep nesting', nested, '', /Nesting Levels/],
  ]
  for (const [title, document, field, reason] of rows) {
    it(`${title}, created or changed`, async () => {
      const created = article()
      const changed = article()
      await application.put(changed, { before: 1 })
      for (const ref of [created, changed]) {
        const before = await application.read(ref)
        await expect(commitDocument(ref, document)).rejects.toMatchObject({
          name: 'ValueRefused',
          ref,
          field,
          reason: expect.stringMatching(reason),
        })
        expect(await application.read(ref)).toEqual(before)
        expect(await store.readRecord(ref)).toBeUndefined()
      }
    })
  }

  it('a sync record of more than 400 KB', async () => {
    const ref = article()
    // What compresses would fit.
    const cells = NamedCells.of({ a: [['gcp-us-central1', 1, 1, randomBytes(410_000).toString('base64')]] })
    const record = { ...noRecord, state: { present: [], cells } }
    await expect(store.commit({ ref, record, expected: undefined })).rejects.toMatchObject({ name: 'ValueRefused' })
  })

  it('compares up to 150 fields of an indivisible document, and says so beyond', async () => {
    const wide = (count: number, value: number): Document =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${index}`, value]))
    const widest = article()
    await application.put(widest, wide(150, 1))
    expect(await commitDocument(widest, wide(150, 2))).toBe('committed')
    expect(await application.read(widest)).toEqual(wide(150, 2))

    const tooWide = article()
    await application.put(tooWide, wide(151, 1))
    const refusal = { name: 'ValueRefused', reason: expect.stringMatching(/compare 151 of its fields.*into an object/) }
    await expect(commitDocument(tooWide, { ...wide(151, 1), f0: 2 })).rejects.toMatchObject(refusal)
    expect(await application.read(tooWide)).toEqual(wide(151, 1))
  })
})

describe('when DynamoDB does not serve, a flow hears of it within seconds', () => {
  /** A store whose DynamoDB is `answer`: status and body of every response; undefined: none comes. */
  async function storeAgainst(answer: { status: number; body: object } | undefined) {
    const requests: string[] = []
    const server = createServer((request, response) => {
      requests.push(String(request.headers['x-amz-target']).replace('DynamoDB_20120810.', ''))
      request.resume()
      if (!answer) return
      response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' })
      response.end(JSON.stringify(answer.body))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', `http://127.0.0.1:${Object(address).port}`)
    stubRegion()
    const client = createDynamoDb()
    onTestFinished(async () => {
      vi.unstubAllEnvs()
      client.destroy()
      server.closeAllConnections()
      server.close()
    })
    return { store: createDynamoDbRecordStore({ client, here }), requests }
  }

  const ref: RecordRef = { type: 'articles', key: ['a'] }
  const record = { ref, record: noRecord, expected: undefined }
  const read = { document: undefined, revision: '' }
  const both = { ...record, document: { read, after: { a: 1 }, indivisible: true, declared: [] } }
  const failure = (name: string, more: object = {}) => ({
    status: 400,
    body: { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'because', ...more },
  })
  const cancelled = (...codes: string[]) =>
    failure('TransactionCanceledException', {
      CancellationReasons: codes.map(Code => ({ Code, Message: 'Item size has exceeded the maximum allowed size' })),
    })

  it.each([
    ['throttles', failure('ThrottlingException')],
    ['has no throughput left', failure('ProvisionedThroughputExceededException')],
    ['has an internal error', { status: 500, body: { __type: 'x#InternalServerError' } }],
    ['forbids it', failure('AccessDeniedException')],
    ['has no such table', failure('ResourceNotFoundException')],
  ])('unavailable: it %s', async (_, answer) => {
    const { store, requests } = await storeAgainst(answer)
    const calls = [
      store.readRecord(ref),
      store.readDocument(ref),
      store.readBoth?.(ref),
      store.commit(record),
      store.commit(both),
    ]
    for (const { reason } of (await Promise.allSettled(calls)).map(result => Object(result))) {
      expect(reason).toBeInstanceOf(StoreUnavailable)
    }
    // Three attempts each, and three for both reads together where one of them may be what fails.
    expect(requests.length).toBeLessThanOrEqual(18)
  })

  it('unavailable: nothing listens', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', 'http://127.0.0.1:1')
    stubRegion()
    onTestFinished(() => void vi.unstubAllEnvs())
    const store = createDynamoDbRecordStore({ client: createDynamoDb(), here })
    await expect(store.readRecord(ref)).rejects.toBeInstanceOf(StoreUnavailable)
  })

  it('unavailable: no answer comes, known after three attempts and less than 6 s', async () => {
    const { store, requests } = await storeAgainst(undefined)
    const startedAt = Date.now()
    await expect(store.commit(record)).rejects.toBeInstanceOf(StoreUnavailable)
    expect(Date.now() - startedAt).toBeLessThan(6000)
    expect(requests).toEqual(['PutItem', 'PutItem', 'PutItem'])
  })

  it.each([
    ['one item is not as it was read', cancelled('ConditionalCheckFailed', 'None')],
    ['another transaction holds one', cancelled('None', 'TransactionConflict')],
  ])('raced: %s', async (_, answer) => {
    const { store } = await storeAgainst(answer)
    expect(await store.commit(both)).toBe('raced')
    expect(await store.readBoth?.(ref)).toBe('raced')
  })

  it('raced: a transaction holds the sync record that is put alone', async () => {
    const { store } = await storeAgainst(failure('TransactionConflictException'))
    expect(await store.commit(record)).toBe('raced')
  })

  it('a cancelled transaction is told apart by its reasons', async () => {
    const throttled = await storeAgainst(cancelled('None', 'ThrottlingError'))
    await expect(throttled.store.commit(both)).rejects.toBeInstanceOf(StoreUnavailable)
    const tooLarge = await storeAgainst(cancelled('None', 'ValidationError'))
    await expect(tooLarge.store.commit(both)).rejects.toMatchObject({ name: 'ValueRefused', ref })
  })
})

function stubRegion(): void {
  vi.stubEnv('AWS_REGION', region)
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'local')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local')
}

/** Requests by name that a client sends while `work` runs. */
async function requestsOf(client: DynamoDBClient, work: () => Promise<unknown>): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  const name = 'counting'
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      args => {
        const request = commandName.replace('Command', '')
        counts[request] = (counts[request] ?? 0) + 1
        return next(args)
      },
    { step: 'initialize', name },
  )
  try {
    await work()
  } finally {
    client.middlewareStack.remove(name)
  }
  return counts
}

describe('what a change costs in requests', () => {
  const deadLetters = {
    put: async () => {
      throw new Error('nothing is refused here')
    },
  }
  const audit = { put: async () => undefined }
  const remote = createHere(contractPlan, 'gcp-us-central1')

  /** What another site sends after its application wrote `document`. */
  async function changeFrom(ref: RecordRef, document: Document): Promise<Change> {
    const database = new MemoryDatabase('versioned', { documentWritten: () => {}, recordWritten: () => {} })
    database.write(ref, () => document)
    await capture(ref, { here: remote, clock: systemClock, store: database.connect(), deadLetters })
    return wholeChange(ref, decodeRecord(database.record(ref) ?? ''), remote, systemClock.now())
  }

  const captureHere = (ref: RecordRef, left?: TellLeft) =>
    capture(ref, { here, clock: systemClock, store, deadLetters, ...(left && { left }) })
  async function ingestHere(change: Change): Promise<string | undefined> {
    const [answer] = await ingest([change], 'gcp-us-central1', { here, clock: systemClock, store, audit })
    return answer?.answer
  }

  it('capture: three reads and one of both to be sure, one put', async () => {
    const ref = article()
    await application.put(ref, { a: 1 })
    const cost = await requestsOf(tables, async () => expect(await captureHere(ref)).toBe('captured'))
    expect(cost).toEqual({ GetItem: 3, TransactGetItems: 1, PutItem: 1 })
  })

  it('capture of a write that its event tells of: one read less, as it is told that something differs', async () => {
    const ref = article()
    await application.put(ref, { a: 1 })
    const left = () => [{ document: { a: 1 } }]
    const cost = await requestsOf(tables, async () => expect(await captureHere(ref, left)).toBe('captured'))
    expect(cost).toEqual({ GetItem: 2, TransactGetItems: 1, PutItem: 1 })
  })

  it('what is read in one moment, of whatever tables, is one request', async () => {
    const refs = Array.from({ length: 30 }, article)
    const cost = await requestsOf(tables, async () => {
      await Promise.all(refs.flatMap(ref => [store.readRecord(ref), store.readDocument(ref)]))
    })
    // Of 60 items, 40 and 20.
    expect(cost).toEqual({ BatchGetItem: 2 })
  })

  it('ingest: two reads, one transaction; its echo: one read; what tells of no write: two', async () => {
    const ref = article()
    const change = await changeFrom(ref, { a: 1 })
    const cost = await requestsOf(tables, async () => expect(await ingestHere(change)).toBe('applied'))
    expect(cost).toEqual({ GetItem: 2, TransactWriteItems: 1 })
    const left = () => [{ document: { a: 1 } }]
    const echo = await requestsOf(tables, async () => expect(await captureHere(ref, left)).toBe('unchanged'))
    expect(echo).toEqual({ GetItem: 1 })
    const hint = await requestsOf(tables, async () => expect(await captureHere(ref)).toBe('unchanged'))
    expect(hint).toEqual({ GetItem: 2 })
    const again = await requestsOf(tables, async () => expect(await ingestHere(change)).toBe('duplicate'))
    expect(again).toEqual({ GetItem: 2 })
  })

  it('ingest that changes nothing an application sees: two reads, one put', async () => {
    const ref = article()
    const change = await changeFrom(ref, { a: 'early' })
    await application.put(ref, { a: 'late' })
    await captureHere(ref)
    const cost = await requestsOf(tables, async () => expect(await ingestHere(change)).toBe('applied'))
    expect(cost).toEqual({ GetItem: 2, PutItem: 1 })
    expect(await application.read(ref)).toEqual({ a: 'late' })
  })

  it('ingest beside an uncaptured write: captures it first', async () => {
    const ref = article()
    await application.put(ref, { a: 'mine' })
    const change = await changeFrom(ref, { a: 'theirs, and later' })
    const cost = await requestsOf(tables, async () => expect(await ingestHere(change)).toBe('applied'))
    expect(cost).toMatchObject({ GetItem: 4, TransactGetItems: 1 })
    expect((cost.PutItem ?? 0) + (cost.TransactWriteItems ?? 0)).toBe(2)
  })
})

/** A whole second, not long ago: the table removes by itself what is older than 90 days. */
const auditedFromMs = Math.floor(Date.now() / 1000) * 1000 - 60_000

function resolution(number: number, atMs = auditedFromMs + number): Resolution {
  return {
    id: `resolution-${number}`,
    site,
    type: 'articles',
    key: ['a|b'],
    origin: 'gcp-us-central1',
    from: number,
    to: number + 1,
    atMs,
    vectors: { local: {}, remote: {}, merged: {} },
    clocks: { local: 0, remote: 0 },
    local: { lost: 1e300 },
    arbitrations: [],
  }
}

describe('the audit store', () => {
  const auditStore = () => createDynamoDbAuditStore({ client: tables, clock: systemClock })

  async function entries(): Promise<Item[]> {
    const found: Item[] = []
    let ExclusiveStartKey: Item | undefined
    do {
      const page = await tables.send(
        new QueryCommand({
          TableName: auditStoreName,
          KeyConditionExpression: '#t = :t',
          ExpressionAttributeNames: { '#t': 'shard' },
          ExpressionAttributeValues: { ':t': { S: auditShard({ type: 'articles', key: ['a|b'] }) } },
          ConsistentRead: true,
          ExclusiveStartKey,
        }),
      )
      found.push(...(page.Items ?? []))
      ExclusiveStartKey = page.LastEvaluatedKey
    } while (ExclusiveStartKey)
    return found
  }

  it('keeps every resolution once, whole, in the order of time, for 90 days', async () => {
    const resolutions = Array.from({ length: 60 }, (_, number) => resolution(number))
    await auditStore().put([...resolutions].reverse())
    await auditStore().put([...resolutions.slice(0, 3), ...resolutions.slice(0, 3)])
    const found = await entries()
    expect(found.map(({ resolution }) => JSON.parse(resolution?.S ?? ''))).toEqual(resolutions)
    expect(found[0]).toMatchObject({
      at: { S: `${new Date(auditedFromMs).toISOString()}#resolution-0` },
      expiresAtS: { N: String(auditedFromMs / 1000 + 90 * 86_400) },
      record: { S: 'articles#a%7Cb' },
    })
  })

  it('keeps a resolution that is larger than an item whole: two documents of 390 KB that do not compress', async () => {
    const [local, remote] = [1, 2].map(seed => ({ text: randomText(390_000, seed) }))
    const large: Resolution = { ...resolution(200), ...(local && { local }), ...(remote && { remote }) }
    await auditStore().put([large])
    await auditStore().put([large])
    const items = (await entries()).filter(({ id }) => id?.S === large.id)
    expect(items.map(({ part }) => part?.N)).toEqual(['0', '1'])
    expect(items[0]).toMatchObject({ record: { S: 'articles#a%7Cb' }, site: expect.anything() })
    expect(items.map(({ expiresAtS }) => expiresAtS)).toEqual([items[0]?.expiresAtS, items[0]?.expiresAtS])
    const parts = items.map(({ packed }) => packed?.B ?? new Uint8Array())
    expect(JSON.parse(await unpackParts(parts))).toEqual(large)
  })

  it('writes again what DynamoDB left unprocessed, and says so when it stays', async () => {
    let refused = 0
    const leaving = (times: number) => {
      const client = new DynamoDBClient({ endpoint: dynamodb.endpoint, region, credentials })
      onTestFinished(() => client.destroy())
      client.middlewareStack.add(
        next => async args => {
          const input = args.input as { RequestItems?: Record<string, { PutRequest: object }[]> }
          const requests = input.RequestItems?.[auditStoreName]
          if (!requests || refused++ >= times) return next(args)
          const [first, ...rest] = requests
          if (rest.length > 0) await next({ ...args, input: { RequestItems: { [auditStoreName]: rest } } as never })
          return { output: { UnprocessedItems: { [auditStoreName]: [first] }, $metadata: {} } as never, response: {} }
        },
        { step: 'initialize', name: 'leaving' },
      )
      return createDynamoDbAuditStore({ client, clock: { ...systemClock, sleep: async () => undefined } })
    }
    await leaving(2).put([resolution(100), resolution(101), resolution(102)])
    const ids = (await entries()).map(({ at }) => at?.S?.split('#')[1])
    expect(ids).toEqual(expect.arrayContaining(['resolution-100', 'resolution-101', 'resolution-102']))
    refused = 0
    await expect(leaving(Number.POSITIVE_INFINITY).put([resolution(103)])).rejects.toBeInstanceOf(StoreUnavailable)
  })
})

describe('the bus', () => {
  const changeNumbered = (number: number, text = ''): Change => ({
    type: 'articles',
    key: [`${'long-'.repeat(60)}${number % 7}`],
    origin: site,
    plan: contractPlan.hash,
    operation: 'update',
    vector: { [site]: number + 1 },
    hlc: number,
    asOfMs: number,
    intervals: [],
    state: { present: [[site, number + 1]], cells: NamedCells.of({ note: [[site, number + 1, 1, text]] }) },
  })

  async function texts(): Promise<string[]> {
    const client = createKinesisClient(kinesis.endpoint, region)
    onTestFinished(() => client.destroy())
    const { Shards: [shard] = [] } = await client.send(new ListShardsCommand({ StreamName: changesName }))
    const start = await client.send(
      new GetShardIteratorCommand({
        StreamName: changesName,
        ShardId: shard?.ShardId,
        ShardIteratorType: 'TRIM_HORIZON',
      }),
    )
    const found: string[] = []
    let iterator = start.ShardIterator
    for (;;) {
      const page = await client.send(new GetRecordsCommand({ ShardIterator: iterator }))
      for (const { Data } of page.Records ?? []) found.push(Buffer.from(Data ?? []).toString())
      if (page.MillisBehindLatest === 0 && page.Records?.length === 0) return found
      iterator = page.NextShardIterator
    }
  }

  it('takes more than one request holds, by count and by size, and entries that the stream refused at first', async () => {
    const client = createKinesisClient(kinesis.endpoint, region)
    onTestFinished(() => client.destroy())
    const sizes: number[] = []
    client.middlewareStack.add(
      next => async args => {
        const { Records } = args.input as { Records: { Data: Uint8Array; PartitionKey: string }[] }
        sizes.push(Records.length)
        if (sizes.length !== 1) return next(args)
        await next({ ...args, input: { StreamName: changesName, Records: Records.slice(1) } as never })
        const refusal = { ErrorCode: 'ProvisionedThroughputExceededException' }
        const taken = Records.slice(1).map(() => ({ SequenceNumber: '1' }))
        return { output: { FailedRecordCount: 1, Records: [refusal, ...taken], $metadata: {} } as never, response: {} }
      },
      { step: 'initialize', name: 'refusing' },
    )
    const events = [
      ...Array.from({ length: 1100 }, (_, number) => changeEventOf(changeNumbered(number))),
      ...Array.from({ length: 14 }, (_, number) => changeEventOf(changeNumbered(2000 + number, 'x'.repeat(400_000)))),
    ]
    await createKinesisBus({ client, clock: systemClock }).publish(events)
    expect((await texts()).sort()).toEqual(events.map(({ text }) => text).sort())
    expect(sizes).toEqual([500, 1, 500, 112, 2])
  })

  it('fails when the stream goes on refusing', async () => {
    const client = createKinesisClient(kinesis.endpoint, region)
    onTestFinished(() => client.destroy())
    client.middlewareStack.add(
      () => async () => ({
        output: { Records: [{ ErrorCode: 'InternalFailure' }], $metadata: {} } as never,
        response: {},
      }),
      { step: 'initialize', name: 'refusing' },
    )
    const clock = { ...systemClock, sleep: async () => undefined }
    const published = createKinesisBus({ client, clock }).publish([changeEventOf(changeNumbered(1))])
    await expect(published).rejects.toMatchObject({ name: 'BusUnavailable', message: /InternalFailure/ })
  })
})

describe('the dead letters', () => {
  it('keep a letter whole, whatever its size and characters', async () => {
    const client = new SQSClient({ endpoint: sqs.endpoint, region, credentials, requestHandler: new NodeHttpHandler() })
    onTestFinished(() => client.destroy())
    const QueueUrl = provisioned.deadLettersUrl
    const small = refusedDocument({ site, ref: article(), field: 'a.b', reason: 'a set \ufffe\uffff', atMs: 1 })
    const large = unreadableMessage({ site, reason: 'large', atMs: 2, text: `"x${'🐎ž'.repeat(90_000)}` })
    const deadLetters = createSqsDeadLetters({ client, queueUrl: QueueUrl })
    await deadLetters.put(small)
    await deadLetters.put(large)

    const parts = new Map<string, string[]>()
    for (let received = 1; received > 0; ) {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] }),
      )
      received = Messages.length
      for (const { Body = '', MessageAttributes, ReceiptHandle } of Messages) {
        expect(Buffer.byteLength(Body)).toBeLessThanOrEqual(256_000)
        const id = MessageAttributes?.id?.StringValue ?? ''
        const [part, count] = (MessageAttributes?.part?.StringValue ?? '').split('/').map(Number)
        const bodies = parts.get(id) ?? Array.from({ length: count ?? 0 }, () => '')
        bodies[(part ?? 0) - 1] = Body
        parts.set(id, bodies)
        await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
      }
    }
    expect(parts.get(small.id)?.map(body => JSON.parse(body))).toEqual([small])
    expect(parts.get(large.id)?.length).toBeGreaterThan(1)
    expect(JSON.parse(parts.get(large.id)?.join('') ?? '')).toEqual(large)
  })
})

describe('provisioning', () => {
  it('leaves what is there as it is', async () => {
    const ref = article()
    await application.put(ref, { a: 1 })
    expect(await provision()).toEqual(provisioned)
    expect(await application.read(ref)).toEqual({ a: 1 })
    expect([...provisioned.tableStreamArns.keys()]).toEqual(['articles', 'lines'])
    expect(provisioned.syncStreamArn).toContain(`table/${syncStoreName}/stream/`)
  })
})

describe('an item', () => {
  it('carries its key fields, and the document does not', () => {
    const ref: RecordRef = { type: 'lines', key: ['o', 'l'] }
    const { plan } = dataTypeOf(here, 'lines')
    const item = documentToItem(ref, plan, { n: 1 })
    expect({ ...item }).toEqual({ order_id: { S: 'o' }, line_id: { S: 'l' }, n: { N: '1' } })
    expect({ ...itemToDocument(ref, plan, item) }).toEqual({ n: 1 })
  })
})
