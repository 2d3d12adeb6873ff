/** The adapters of Google Cloud against the local Firestore and Pub/Sub, through the official clients. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { FieldPath, FieldValue, Firestore, GeoPoint, Timestamp } from '@google-cloud/firestore'
import { type Message, PubSub } from '@google-cloud/pubsub'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { unpackParts } from '../../functions/common/packed-parts.ts'
import { createFirestoreAuditLog } from '../../functions/gcp/audit-log.ts'
import { createFirestoreAuditStore } from '../../functions/gcp/audit-store.ts'
import { createPubSubBus } from '../../functions/gcp/bus.ts'
import { captureDocument } from '../../functions/gcp/capture-document.ts'
import { createFirestoreControlStore } from '../../functions/gcp/control-store.ts'
import { createPubSubDeadLetters } from '../../functions/gcp/dead-letters.ts'
import { readDocumentEvent } from '../../functions/gcp/document-event.ts'
import { createFirestore } from '../../functions/gcp/firestore-client.ts'
import { createPubSub } from '../../functions/gcp/pubsub-client.ts'
import { createFirestoreRecordStore } from '../../functions/gcp/record-store.ts'
import { createFirestoreTombstones } from '../../functions/gcp/tombstones.ts'
import { auditStoreName, deadLettersName, forwardName, syncStoreName } from '../../shared/declare/resource-names.ts'
import type { Document, Json } from '../../shared/document/json.ts'
import { documentPath } from '../../shared/place/gcp-place.ts'
import { type RecordStore, StoreUnavailable, ValueRefused } from '../../shared/ports/index.ts'
import { MemoryAdoptionStore } from '../../shared/ports/memory/memory-adoption-store.ts'
import { MemoryDatabase } from '../../shared/ports/memory/memory-database.ts'
import { auditShard } from '../../shared/replicate/audit-place.ts'
import { capture } from '../../shared/replicate/capture.ts'
import type { ChangeEvent } from '../../shared/replicate/change-event.ts'
import { type DeadLetter, refusedDocument } from '../../shared/replicate/dead-letter.ts'
import type { TellLeft } from '../../shared/replicate/echo.ts'
import { createHere, dataTypeOf } from '../../shared/replicate/here.ts'
import { ingest } from '../../shared/replicate/ingest.ts'
import { publish } from '../../shared/replicate/publish.ts'
import { keyText, type RecordRef } from '../../shared/replicate/record-ref.ts'
import type { Resolution } from '../../shared/replicate/resolution.ts'
import { encodeRecord, noRecord } from '../../shared/replicate/sync-record.ts'
import { encodeDocumentEventData } from '../../tools/local/gcp/document-event-data.ts'
import { provisionGoogleSite } from '../../tools/local/gcp/provision.ts'
import { type FirestoreServer, startFirestoreServer } from '../../tools/local/servers/firestore/server.ts'
import { type PubSubServer, startPubSubServer } from '../../tools/local/servers/pubsub/pubsub-server.ts'
import retail from '../carts-and-products.config.ts'
import { describeAuditLog } from '../contracts/audit-log-contract.ts'
import { describeControlStore } from '../contracts/control-store-contract.ts'
import { type Application, contractPlan, describeRecordStore } from '../contracts/record-store-contract.ts'
import { describeTombstones } from '../contracts/tombstones-contract.ts'
import { randomText } from '../random-text.ts'

const site = 'gcp-us-central1'
const clock = { now: () => Date.now(), sleep: (ms: number) => sleep(ms) }

let server: FirestoreServer
let plain: Firestore
let client: Firestore
/** The documents that were asked for and written, in order. */
let requests: string[] = []

beforeAll(async () => {
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none')
  server = await startFirestoreServer()
  plain = new Firestore({ projectId: 'local', host: server.host, ssl: false, useBigInt: true })
  client = createFirestore({
    projectId: 'local',
    host: server.host,
    ssl: false,
    grpcOptions: { 'grpc.callInvocationTransformer': noteRequest },
  })
})

afterAll(async () => {
  await Promise.all([plain.terminate(), client.terminate()])
  await server.stop()
  vi.unstubAllEnvs()
})

interface Call {
  readonly argument: { readonly documents?: readonly string[]; readonly writes?: readonly object[] }
}

function noteRequest(call: Call): Call {
  requests.push(...(call.argument.documents ?? []).map(() => 'read'))
  requests.push(...(call.argument.writes ?? []).map(() => 'write'))
  return call
}

/** An application that keeps the key fields in its documents, as most do. */
function applicationOf(plan: typeof contractPlan): Application {
  const types = createHere(plan, site)
  const at = (ref: RecordRef) => plain.doc(documentPath(ref, dataTypeOf(types, ref.type).plan))
  const keyFields = (ref: RecordRef) => {
    const names = plan.types.find(({ name }) => name === ref.type)?.key ?? []
    return Object.fromEntries(names.map((name, index) => [name, ref.key[index]]))
  }
  return {
    async put(ref, document) {
      await at(ref).set({ ...document, ...keyFields(ref) })
    },
    async patch(ref, fields) {
      const [[name, value] = ['', null], ...others] = Object.entries(fields)
      const rest = others.flatMap(([other, inner]) => [new FieldPath(other), inner])
      await at(ref).update(new FieldPath(name), value, ...rest)
    },
    async remove(ref) {
      await at(ref).delete()
    },
    async read(ref) {
      const data = (await at(ref).get()).data()
      if (!data) return undefined
      const { document } = await createFirestoreRecordStore({
        client,
        here: createHere({ ...plan, types: plan.types.map(type => ({ ...type, omit: [] })) }, site),
      }).readDocument(ref)
      expect(data).toMatchObject(keyFields(ref))
      return document
    },
  }
}

describe('as every record store', () => {
  /** They write what Firestore refuses, an array in an array or a name `__proto__`: see "values" for what it takes. */
  const impossible = [
    'reads every JSON value that an application wrote, as it was',
    'leaves the document alone',
    'adds, changes and removes fields of an indivisible document',
    'adds, changes and removes fields of a divisible document',
    'deletes the document and keeps the record',
  ]
  beforeEach(({ task, skip }) => {
    skip(impossible.includes(task.name) || task.name.includes('__proto__'), 'Firestore cannot hold it')
  })

  describeRecordStore('Firestore', async () => ({
    store: createFirestoreRecordStore({ client, here: createHere(contractPlan, site) }),
    application: applicationOf(contractPlan),
    close: async () => {},
  }))

  describeControlStore('Firestore', async () => ({
    control: createFirestoreControlStore(client),
    close: async () => {},
  }))

  describeAuditLog('Firestore', async () => ({
    audit: createFirestoreAuditStore(client),
    log: createFirestoreAuditLog(client),
    close: async () => {},
  }))

  describeTombstones('Firestore', async () => ({
    store: createFirestoreRecordStore({ client, here: createHere(contractPlan, site) }),
    tombstones: createFirestoreTombstones(client),
    close: async () => {},
  }))
})

const here = createHere(retail, site)
let carts = 0
let ref: RecordRef = { type: 'carts', key: [''] }
let store: RecordStore
const at = (place: RecordRef = ref) => plain.collection(place.type).doc(keyText(place.key))
const recordAt = () => plain.collection(syncStoreName).doc(`carts#${keyText(ref.key)}`)

beforeEach(() => {
  ref = { type: 'carts', key: [`customer-${++carts}`] }
  store = createFirestoreRecordStore({ client, here })
  requests = []
})

async function merge(after: Document | undefined, place = ref) {
  const stored = await store.readRecord(place)
  const read = await store.readDocument(place)
  const document = { read, after, indivisible: false, declared: [] }
  return store.commit({ ref: place, record: { ...noRecord, hlc: 1 }, expected: stored?.revision, document })
}

describe('values', () => {
  const holdable: Document = {
    text: 'žluťoučký 🐎 \u0000 " \\ line\nbreak',
    ...{ empty: '', none: null, yes: true, no: false, emptyList: [], emptyObject: {} },
    numbers: [0, -1, 0.1, 1e-7, 9007199254740991, -9007199254740991, 1e21, 1.5e100],
    lists: [{ inner: [1, { deep: ['er'] }] }, null],
    ...{ 'a.b': 'dotted', 'with space': 1, ünïcode: 2, '#hash': 3, ':colon': 4, '`tick`': 5, '9lives': 6 },
    ...{ constructor: { name: 'Moment' }, hasOwnProperty: 'so is this', toProto: 1, _protoValueType: 'ProtoValue' },
  }

  test('every value that Firestore holds comes and goes as it is', async () => {
    await at().set({ ...holdable, customer_id: ref.key[0] })
    expect((await store.readDocument(ref)).document).toEqual(holdable)

    const other: RecordRef = { type: 'carts', key: [`${ref.key[0]}-copy`] }
    expect(await merge(holdable, other)).toBe('committed')
    expect((await at(other).get()).data()).toEqual({ ...(await at().get()).data(), customer_id: other.key[0] })
  })

  test('a merge adds, changes and removes fields, and then the document', async () => {
    await at().set({ ...holdable, customer_id: ref.key[0] })
    const { text, none, 'a.b': _dotted, ...rest } = holdable
    const after = { ...rest, text: '', 'x.y': { added: [1] }, yes: [{ deep: 1 }], numbers: 7 }
    expect(await merge(after)).toBe('committed')
    expect((await store.readDocument(ref)).document).toEqual(after)
    expect(await merge(undefined)).toBe('committed')
    expect((await at().get()).exists).toBe(false)
  })

  test('a whole number stays an integer, so that increments count in integers', async () => {
    await merge({ whole: 5, negativeZero: -0, fraction: 0.5, large: 2 ** 60 })
    await at().update({ whole: FieldValue.increment(2) })
    expect((await at().get()).data()).toMatchObject({ whole: 7n, negativeZero: 0n, fraction: 0.5, large: 2n ** 60n })
    expect((await store.readDocument(ref)).document).toMatchObject({ whole: 7, large: 2 ** 60 })
  })

  test.each<[string, () => unknown, Json]>([
    ['a timestamp', () => new Timestamp(0, 123_456_000), { $timestamp: '1970-01-01T00:00:00.123456Z' }],
    ['bytes', () => Buffer.from('x'), { $bytes: 'eA==' }],
    ['a point', () => new GeoPoint(1, -2.5), { $geopoint: [1, -2.5] }],
    ['a reference', () => plain.doc('carts/other'), { $reference: 'carts/other' }],
    ['a vector', () => FieldValue.vector([1, 2.5]), { $vector: [1, 2.5] }],
    ['NaN', () => Number.NaN, { $number: 'NaN' }],
    ['infinity', () => Number.NEGATIVE_INFINITY, { $number: '-Infinity' }],
    ['an integer beyond 2^53', () => 9007199254740993n, { $number: '9007199254740993' }],
    ['an array in an array, as it is held', () => ({ list: [1, { $array: [2] }] }), { list: [1, [2]] }],
    ['a map that reads like bytes', () => ({ $bytes: 'eA==' }), { $map: { $bytes: 'eA==' } }],
    ['a name that it reserves, as it is held', () => ({ $__name__: 1, $empty: 2 }), { __name__: 1, '': 2 }],
  ])('%s is read as a tagged value, and written back as it was', async (_kind, value, portable) => {
    await at().set({ items: [{ 'the.value': value() }], customer_id: ref.key[0] })
    const { document } = await store.readDocument(ref)
    expect(document).toEqual({ items: [{ 'the.value': portable }] })
    const other: RecordRef = { type: 'carts', key: [`${ref.key[0]}-copy`] }
    expect(await merge(document, other)).toBe('committed')
    expect((await at(other).get()).data()).toEqual({ ...(await at().get()).data(), customer_id: other.key[0] })
  })

  const nested = (levels: number): Json => (levels === 0 ? 'leaf' : { level: nested(levels - 1) })
  test.each<[string, Document, string, RegExp]>([
    [
      'arrays in arrays beyond its depth',
      { a: [[[[[[[[[[[1]]]]]]]]]]] },
      ['a', ...Array(10).fill('0')].join('.'),
      /20 levels/,
    ],
    ['a long name', { ['é'.repeat(751)]: 1 }, 'é'.repeat(751), /1500 bytes/],
    ['deep nesting', { a: nested(20) }, ['a', ...Array(20).fill('level')].join('.'), /20 levels/],
    ['half a surrogate pair', { text: '\ud83d' }, 'text', /surrogate/],
    ['more than a document holds', { text: 'x'.repeat(1_048_576) }, '', /at most 1048576/],
    ['what only the server can count', { text: 'x'.repeat(1_048_500) }, '', /Firestore refuses it/],
  ])(
    '%s cannot be merged into Firestore: refused by name, and nothing is written',
    async (_what, after, field, reason) => {
      const refusal = await merge(after).catch((error: unknown) => error)
      expect(refusal).toBeInstanceOf(ValueRefused)
      expect(refusal).toMatchObject({ ref, field, reason: expect.stringMatching(reason) })
      expect((await recordAt().get()).exists).toBe(false)
    },
  )

  test('a sync record that has grown too large is refused', async () => {
    const resolution = { lost: 'x'.repeat(1_048_576) } as unknown as Resolution
    const commit = store.commit({ ref, record: { ...noRecord, resolutions: [resolution] }, expected: undefined })
    await expect(commit).rejects.toThrow(ValueRefused)
  })

  test.each(['__reserved__', '.', '..'])('a key that Firestore takes for no id has one of its own: %s', async part => {
    const place = { type: 'carts', key: [part] }
    expect(await store.readDocument(place)).toMatchObject({ document: undefined })
  })

  test('what fits to the last level and byte is written', async () => {
    expect(await merge({ a: nested(19), text: 'x'.repeat(1_048_000) })).toBe('committed')
  })
})

describe('keys and places', () => {
  test('the key fields are in the document, and not in what travels', async () => {
    const place: RecordRef = { type: 'lines', key: ['order/1', 'a|b'] }
    store = createFirestoreRecordStore({ client, here: createHere(contractPlan, site) })
    await merge({ note: 'x' }, place)
    const stored = await plain.doc('lines/order%2F1|a|b').get()
    expect(stored.data()).toEqual({ order_id: 'order/1', line_id: 'a|b', note: 'x' })
    expect((await store.readDocument(place)).document).toEqual({ note: 'x' })
  })

  test('an application may leave them out: a merge adds them', async () => {
    await at().set({ currency: 'EUR' })
    expect((await store.readDocument(ref)).document).toEqual({ currency: 'EUR' })
    await merge({ currency: 'CZK' })
    expect((await at().get()).data()).toEqual({ customer_id: ref.key[0], currency: 'CZK' })
  })

  test.each([['another'], [5]])('a key field that contradicts the id is refused: %j', async customer_id => {
    await at().set({ customer_id })
    await expect(store.readDocument(ref)).rejects.toMatchObject({ name: 'ValueRefused', field: 'customer_id' })
  })

  test('a sync record is one text, under the name of its record', async () => {
    await store.commit({ ref, record: noRecord, expected: undefined })
    expect((await recordAt().get()).data()).toEqual({ record: encodeRecord(noRecord) })
  })
})

describe('a document named to capture', () => {
  const adoptions = new MemoryAdoptionStore().connect()
  const noLetters = { put: async () => undefined }
  const eventOf = (id: string, parts: 'value' | 'oldValue' = 'value') => {
    const time = { seconds: '0', nanos: 0 }
    const name = `projects/local/databases/(default)/documents/${id}`
    return encodeDocumentEventData({ [parts]: { name, fields: {}, createTime: time, updateTime: time } })
  }

  test.each(['value', 'oldValue'] as const)('is found in the payload: %s', part => {
    expect(readDocumentEvent(eventOf('carts/a%2Fb', part))).toMatchObject({ path: 'carts/a%2Fb', id: 'a%2Fb' })
  })

  const nothingTold = { before: () => [], left: () => [] }

  test('may stand below another document, in a collection of no type', async () => {
    const event = readDocumentEvent(eventOf('carts/alice/notes/1'))
    expect(event).toMatchObject({ path: 'carts/alice/notes/1', id: '1' })
    const ports = { here, clock, store, deadLetters: noLetters, adoptions }
    await expect(captureDocument(event, ports, nothingTold)).rejects.toThrow(
      "holds no data type in the collection of 'carts/alice/notes/1'",
    )
  })

  test.each(['o', '|l', 'o|'])('whose id is the text of no key goes to the dead letters: %s', async id => {
    const letters: DeadLetter[] = []
    const deadLetters = { put: async (letter: DeadLetter) => void letters.push(letter) }
    const lines = createHere(contractPlan, site)
    await plain.doc(`lines/${id}`).set({ currency: 'EUR' })
    const ports = { here: lines, clock, store, deadLetters, adoptions }
    await captureDocument(readDocumentEvent(eventOf(`lines/${id}`)), ports, nothingTold)
    expect(letters).toMatchObject([{ kind: 'document', ref: { type: 'lines' }, reason: expect.stringContaining(id) }])
    expect(
      (await plain.collection(syncStoreName).where('record', '!=', '').get()).docs.map(doc => doc.id),
    ).not.toContain(`lines#${id}`)
  })
})

const resolution: Resolution = {
  ...{ id: 'an-id', site, type: 'carts', key: ['alice'], origin: 'aws-us-east-1', from: 0, to: 1, atMs: 86_400_000 },
  vectors: { local: {}, remote: { 'aws-us-east-1': 1 }, merged: { 'aws-us-east-1': 1 } },
  clocks: { local: 0, remote: 1 },
  local: { lists: [[1], [2]], __name__: 'kept' },
  arbitrations: [],
}

function expectUnavailable(outcomes: readonly PromiseSettledResult<unknown>[]): void {
  expect(outcomes.map(outcome => outcome.status === 'rejected' && outcome.reason)).toEqual(
    outcomes.map(() => expect.any(StoreUnavailable)),
  )
}

describe('a store that cannot be reached', () => {
  afterEach(() => server.refuse(undefined))

  test.each(['UNAVAILABLE', 'RESOURCE_EXHAUSTED'] as const)('%s is told within five seconds', async outage => {
    server.refuse(outage)
    const startMs = Date.now()
    const given = await Promise.allSettled([
      store.readRecord(ref),
      store.readDocument(ref),
      store.commit({ ref, record: noRecord, expected: undefined }),
      createFirestoreAuditStore(client).put([resolution]),
    ])
    expect(Date.now() - startMs).toBeLessThan(5000)
    expectUnavailable(given)
  })

  test('a commit that was given up never lands afterwards', async () => {
    server.refuse('UNAVAILABLE')
    await expect(store.commit({ ref, record: noRecord, expected: undefined })).rejects.toThrow(StoreUnavailable)
    server.refuse(undefined)
    requests = []
    await sleep(3000)
    expect(requests).not.toContain('write')
    expect((await recordAt().get()).exists).toBe(false)
  })

  test('a short outage is not noticed', async () => {
    server.refuse('UNAVAILABLE')
    const committed = store.commit({ ref, record: noRecord, expected: undefined })
    await sleep(200)
    server.refuse(undefined)
    expect(await committed).toBe('committed')
  })

  test('one that takes the call and never answers is given up within five seconds', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : 0
    const lost = createFirestore({ projectId: 'local', host: `127.0.0.1:${port}`, ssl: false })
    // The client is left alone: its reads go on for a while, unheard, and complain if they find it terminated.
    onTestFinished(() => void silent.close())
    const away = createFirestoreRecordStore({ client: lost, here })
    const startMs = Date.now()
    const given = await Promise.allSettled([
      away.readRecord(ref),
      away.readDocument(ref),
      away.commit({ ref, record: noRecord, expected: undefined }),
    ])
    expect(Date.now() - startMs).toBeLessThan(5000)
    expectUnavailable(given)
  })
})

describe('what a change costs', () => {
  const counted = () => ({
    reads: requests.filter(request => request === 'read').length,
    writes: requests.filter(request => request === 'write').length,
  })
  const deadLetters = { put: async () => expect.unreachable('nothing is refused here') }
  const audit = { put: async () => expect.unreachable('few resolutions ride along') }
  const captureHere = (left?: TellLeft) => capture(ref, { here, clock, store, deadLetters, ...(left && { left }) })

  /** What another site sends of its own write to the same record. */
  async function changeElsewhere(document: Document) {
    const remote = 'aws-us-east-1'
    const there = createHere(retail, remote)
    const versions: { ref: RecordRef; text: string; previous: undefined }[] = []
    const database = new MemoryDatabase('transactional', {
      documentWritten: () => {},
      recordWritten: written => versions.push({ ref: written.ref, text: written.after, previous: undefined }),
    })
    database.write(ref, () => document)
    await capture(ref, { here: there, clock, store: database.connect(), deadLetters })
    const events: ChangeEvent[] = []
    const bus = { publish: async (published: readonly ChangeEvent[]) => void events.push(...published) }
    await publish(versions, { here: there, clock, bus, audit, deadLetters })
    return { changes: events.map(({ change }) => change), remote }
  }

  async function ingestFrom({ changes, remote }: Awaited<ReturnType<typeof changeElsewhere>>) {
    return ingest(changes, remote, { here, clock, store, audit })
  }

  test('capture: 3 reads and 1 write; a hint without news: 2 reads', async () => {
    await at().set({ currency: 'EUR' })
    const left = () => [{ document: { currency: 'EUR' } }]
    expect(await captureHere(left)).toBe('captured')
    expect(counted()).toEqual({ reads: 3, writes: 1 })
    requests = []
    expect(await captureHere(left)).toBe('unchanged')
    expect(counted()).toEqual({ reads: 2, writes: 0 })
  })

  test('ingest without a conflict: 2 reads and 2 writes; its echo: 1 read', async () => {
    const change = await changeElsewhere({ currency: 'EUR' })
    expect(await ingestFrom(change)).toEqual([{ answer: 'applied' }])
    expect(counted()).toEqual({ reads: 2, writes: 2 })
    requests = []
    expect(await captureHere(() => [{ document: { currency: 'EUR' } }])).toBe('unchanged')
    expect(counted()).toEqual({ reads: 1, writes: 0 })
    requests = []
    expect(await ingestFrom(change)).toEqual([{ answer: 'duplicate' }])
    expect(counted()).toEqual({ reads: 2, writes: 0 })
  })

  test('ingest with a conflict that changes the document: 2 reads and 2 writes', async () => {
    await at().set({ currency: 'EUR' })
    await captureHere()
    const change = await changeElsewhere({ currency: 'CZK' })
    requests = []
    expect(await ingestFrom(change)).toEqual([{ answer: 'applied' }])
    expect(counted()).toEqual({ reads: 2, writes: 2 })
    expect((await store.readRecord(ref))?.record.resolutions).toHaveLength(1)
  })

  test('ingest of a change that loses: 2 reads and 1 write', async () => {
    const change = await changeElsewhere({ currency: 'CZK' })
    await sleep(2)
    await at().set({ currency: 'EUR' })
    await captureHere()
    requests = []
    expect(await ingestFrom(change)).toEqual([{ answer: 'applied' }])
    expect(counted()).toEqual({ reads: 2, writes: 1 })
    expect((await at().get()).data()).toEqual({ currency: 'EUR' })
  })

  test('ingest into a document that was not captured yet: 4 reads and 3 writes', async () => {
    const change = await changeElsewhere({ currency: 'CZK', note: 'new' })
    await at().set({ currency: 'EUR' })
    expect(await ingestFrom(change)).toEqual([{ answer: 'applied' }])
    expect(counted()).toEqual({ reads: 4, writes: 3 })
  })
})

describe('the audit store', () => {
  test('keeps a resolution whole, whatever it holds, until it expires; a repeated put changes nothing', async () => {
    const audit = createFirestoreAuditStore(client)
    await audit.put([resolution, { ...resolution, id: 'another-id' }])
    const written = vi.fn()
    const forget = server.onWrite(written)
    await audit.put([resolution])
    forget()
    expect(written).not.toHaveBeenCalled()

    const found = await plain.collection(auditStoreName).where('record', '==', 'carts#alice').orderBy('at').get()
    expect(found.docs.map(({ id }) => id)).toEqual(['an-id', 'another-id'])
    const entry = found.docs[0]?.data()
    expect(entry).toMatchObject({
      shard: auditShard(resolution),
      at: '1970-01-02T00:00:00.000Z#an-id',
      rules: ['merged'],
    })
    expect(entry?.expiresAt).toEqual(Timestamp.fromMillis(91 * 86_400_000))
    expect(JSON.parse(entry?.resolution)).toEqual(resolution)
  })

  test('keeps one that is larger than a document whole', async () => {
    const large = {
      ...{ ...resolution, id: 'large' },
      ...{ local: { text: randomText(900_000, 1) }, remote: { text: randomText(900_000, 2) } },
    }
    await createFirestoreAuditStore(client).put([large])
    const { docs } = await plain.collection(auditStoreName).where('id', '==', 'large').orderBy('part').get()
    expect(docs.map(({ id }) => id)).toEqual(['large', 'large.1'])
    expect(JSON.parse(await unpackParts(docs.map(document => document.get('packed'))))).toEqual(large)
  })
})

describe('Pub/Sub', () => {
  let pubsub: PubSubServer
  let publisher: PubSub
  let reader: PubSub

  beforeAll(async () => {
    pubsub = await startPubSubServer()
    vi.stubEnv('PUBSUB_EMULATOR_HOST', pubsub.host)
    publisher = createPubSub('local')
    reader = new PubSub({ projectId: 'local' })
    const resources = { plan: retail, site, project: 'local', pubsubHost: pubsub.host }
    await provisionGoogleSite(resources)
    await provisionGoogleSite(resources)
  })

  afterAll(async () => {
    await Promise.all([publisher.close(), reader.close()])
    await pubsub.stop()
  })

  afterEach(() => pubsub.refuse(undefined))

  async function taken(subscription: string, count: number): Promise<Message[]> {
    const messages: Message[] = []
    const pulled = reader.subscription(subscription)
    pulled.on('message', (message: Message) => {
      message.ack()
      messages.push(message)
    })
    await vi.waitFor(() => expect(messages).toHaveLength(count), { timeout: 10_000 })
    await pulled.close()
    return messages
  }

  const events = ['one', 'two'].map(id => ({
    text: JSON.stringify({ id }),
    change: { type: 'carts', origin: site } as ChangeEvent['change'],
  }))

  test('provisioning gives every peer a subscription of its own, which hands back soon', async () => {
    const [subscriptions] = await reader.getSubscriptions()
    expect(subscriptions.map(({ name }) => name.split('/').at(-1)).sort()).toEqual(
      [deadLettersName, forwardName('aws-us-east-1'), forwardName('azure-eastus')].sort(),
    )
    const [metadata] = await reader.subscription(forwardName('azure-eastus')).getMetadata()
    expect(metadata).toMatchObject({ ackDeadlineSeconds: 600, deadLetterPolicy: null })
    expect(metadata.retryPolicy?.minimumBackoff).toMatchObject({ nanos: 50_000_000 })
  })

  test('the bus carries changes as they are written, to every peer', async () => {
    await createPubSubBus(publisher).publish(events)
    for (const peer of ['aws-us-east-1', 'azure-eastus']) {
      const messages = await taken(forwardName(peer), 2)
      expect(messages.map(({ data }) => data.toString()).sort()).toEqual(events.map(({ text }) => text))
      expect(messages[0]?.attributes).toEqual({ type: 'carts', origin: site })
    }
  })

  test('a dead letter waits whole in its subscription', async () => {
    const letter = refusedDocument({ site, ref, field: 'at', reason: 'a timestamp', atMs: 5 })
    await createPubSubDeadLetters(publisher).put(letter)
    const [message] = await taken(deadLettersName, 1)
    expect(JSON.parse(message?.data.toString() ?? '')).toEqual(letter)
    expect(message?.attributes).toEqual({ kind: 'document', id: letter.id })
  })

  test('an outage is told within five seconds', async () => {
    pubsub.refuse('UNAVAILABLE')
    const startMs = Date.now()
    await expect(createPubSubBus(publisher).publish(events)).rejects.toThrow(StoreUnavailable)
    expect(Date.now() - startMs).toBeLessThan(5000)
  })
})
