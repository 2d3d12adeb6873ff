/** Firestore events from the official client's write to the function: through the local server and the real framework. */
import { setTimeout as sleep } from 'node:timers/promises'
import { FieldValue, Firestore, GeoPoint, Timestamp } from '@google-cloud/firestore'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type CloudFunction, createCloudFunction, type FunctionRequest } from '../../tools/local/gcp/cloud-function.ts'
import { decodeDocumentEventData } from '../../tools/local/gcp/document-event-data.ts'
import {
  type FirestoreTrigger,
  type FirestoreTriggerOptions,
  startFirestoreTrigger,
} from '../../tools/local/gcp/firestore-trigger.ts'
import { noFaults } from '../../tools/local/runtime/delivery-faults.ts'
import {
  type DocumentWrite,
  type FirestoreServer,
  startFirestoreServer,
} from '../../tools/local/servers/firestore/server.ts'
import { type BundleFolder, createBundleFolder } from './gcp-function-bundle.ts'

/** Fails a document as often as its field `failures` says, and takes as long as its field `workMs` says. */
const SOURCE = `
  import { cloudEvent } from '@google-cloud/functions-framework'
  import { decodeDocumentEventData } from './tools/local/gcp/document-event-data.ts'
  const attempts = new Map()
  const tell = record => console.log(JSON.stringify(record))
  cloudEvent('capture', async ({ data, ...attributes }) => {
    const event = decodeDocumentEventData(data)
    const { failures, workMs } = event.value?.fields ?? {}
    const attempt = (attempts.get(attributes.id) ?? 0) + 1
    attempts.set(attributes.id, attempt)
    tell({ kind: 'started', document: attributes.document })
    await new Promise(resolve => setTimeout(resolve, Number(workMs?.integerValue ?? 0)))
    if (attempt <= Number(failures?.integerValue ?? 0)) throw new Error('no luck with ' + attributes.document)
    tell({ kind: 'handled', document: attributes.document, attempt, attributes, event })
  })
`

interface Told {
  readonly kind: 'started' | 'handled'
  readonly document: string
  readonly attempt: number
  readonly attributes: Record<string, string>
  readonly event: unknown
}

const OK = { status: 204, headers: {}, body: Buffer.alloc(0) }

let folder: BundleFolder
let server: FirestoreServer
let firestore: Firestore
let capture: CloudFunction
let told: Told[] = []
let writes: DocumentWrite[] = []
let logged: string[] = []
const triggers: FirestoreTrigger[] = []
let forgetWrites: () => void
let collection = ''
let collections = 0

beforeAll(async () => {
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none')
  folder = await createBundleFolder()
  server = await startFirestoreServer()
  firestore = new Firestore({ projectId: 'local', host: server.host, ssl: false })
  capture = createCloudFunction({
    name: 'capture',
    bundle: await folder.bundle(SOURCE),
    target: 'capture',
    environment: {},
    onLog: line => line.startsWith('{') && told.push(JSON.parse(line)),
  })
  await capture.warm()
})

beforeEach(() => {
  told = []
  writes = []
  logged = []
  collection = `carts-${++collections}`
  forgetWrites = server.onWrite(write => writes.push(write))
})

afterEach(async () => {
  forgetWrites()
  await Promise.all(triggers.splice(0).map(trigger => trigger.stop()))
})

afterAll(async () => {
  await capture.stop()
  await firestore.terminate()
  await server.stop()
  await folder.remove()
  vi.unstubAllEnvs()
})

function start(options: Partial<FirestoreTriggerOptions> = {}): FirestoreTrigger {
  const trigger = startFirestoreTrigger({
    name: 'capture',
    firestore: server,
    cloudFunction: capture,
    document: `${collection}/{id}`,
    project: 'local',
    location: 'us-central1',
    onLog: line => logged.push(line),
    ...options,
  })
  triggers.push(trigger)
  return trigger
}

const cart = (id: string) => firestore.collection(collection).doc(id)

const handled = () => told.filter(({ kind }) => kind === 'handled')

const documentsHandled = () => handled().map(({ document }) => document.slice(collection.length + 1))

function eventually(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 15_000, interval: 10 })
}

/** As values look after the function has printed them. */
const printed = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe('what a function is told', () => {
  test('the decoded event equals the write, for every kind of value, creation, update and deletion', async () => {
    start()
    await cart('alice').set({
      customer_id: 'alice',
      big: 9007199254740993n,
      price: 3.5,
      none: null,
      open: true,
      since: new Timestamp(1_700_000_000, 123_456_000),
      raw: Buffer.from([0, 255, 128]),
      where: new GeoPoint(48.1, 11.5),
      friend: cart('bob'),
      items: { 'sku-1': { quantity: 1 }, empty: {} },
      tags: ['a', { b: 2 }],
      nothing: [],
    })
    await cart('alice').update({ 'items.sku-1.quantity': FieldValue.increment(2), open: FieldValue.delete() })
    await cart('alice').delete()
    await eventually(() => expect(handled()).toHaveLength(3))

    const [created, updated, deleted] = writes
    const events = handled().map(({ event }) => event)
    expect(events).toContainEqual(printed({ value: created?.after }))
    const fieldPaths = expect.toSatisfy((paths: string[]) => paths.sort().join() === 'items.`sku-1`.quantity,open')
    expect(events).toContainEqual({
      ...Object(printed({ value: updated?.after, oldValue: updated?.before })),
      updateMask: { fieldPaths },
    })
    expect(events).toContainEqual(printed({ oldValue: deleted?.before }))
    expect(created?.after?.fields.big).toEqual({ valueType: 'integerValue', integerValue: '9007199254740993' })
  })

  test('the attributes are those of Eventarc, an id of any characters included', async () => {
    start()
    await cart('älice 100%').set({ n: 1 })
    await eventually(() => expect(handled()).toHaveLength(1))
    const path = `${collection}/%C3%A4lice%20100%25`
    expect(handled()[0]?.attributes).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      specversion: '1.0',
      type: 'google.cloud.firestore.document.v1.written',
      source: '//firestore.googleapis.com/projects/local/databases/(default)',
      subject: `documents/${path}`,
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      document: path,
      project: 'local',
      database: '(default)',
      namespace: '(default)',
      location: 'us-central1',
    })
    const { seconds, nanos } = writes[0]?.commitTime ?? { seconds: '', nanos: 0 }
    const time = handled()[0]?.attributes.time ?? ''
    expect(Date.parse(time)).toBe(Number(seconds) * 1000 + Math.floor(nanos / 1e6))
    expect(decodeURIComponent(path)).toBe(`${collection}/älice 100%`)
  })

  test('only documents that fit the pattern, and only writes that change something', async () => {
    start()
    await firestore.doc(`${collection}/alice/notes/1`).set({ n: 1 })
    await firestore.doc(`other-${collection}/alice`).set({ n: 1 })
    await cart('alice').set({ n: 1 })
    await cart('alice').set({ n: 1 })
    await cart('last').set({ n: 1 })
    await eventually(() => expect(documentsHandled()).toContain('last'))
    expect(documentsHandled()).toEqual(['alice', 'last'])
  })

  test('a pattern with ** hears of subcollections too', async () => {
    start({ document: `${collection}/{path=**}` })
    await firestore.doc(`${collection}/alice/notes/1`).set({ n: 1 })
    await eventually(() => expect(documentsHandled()).toEqual(['alice/notes/1']))
  })

  test.each([
    ['created', { value: true, oldValue: false }],
    ['updated', { value: true, oldValue: true }],
    ['deleted', { value: false, oldValue: true }],
  ] as const)('a trigger on %s hears of that alone', async (kind, parts) => {
    const requests: FunctionRequest[] = []
    const request = async (given: FunctionRequest) => {
      requests.push(given)
      return OK
    }
    start({ kind, cloudFunction: { request } })
    await cart('alice').set({ n: 1 })
    await cart('alice').update({ n: 2 })
    await cart('alice').delete()
    await eventually(() => expect(requests).toHaveLength(1))
    const [only] = requests
    expect(only?.headers['ce-type']).toBe(`google.cloud.firestore.document.v1.${kind}`)
    const event = decodeDocumentEventData(only?.body ?? Buffer.alloc(0))
    expect({ value: 'value' in event, oldValue: 'oldValue' in event }).toEqual(parts)
  })
})

describe('a function that fails', () => {
  test('is given the event again until it passes, and its neighbours do not wait', async () => {
    const trigger = start({ maxInFlight: 2 })
    await cart('unlucky').set({ failures: 3 })
    await Promise.all(Array.from({ length: 10 }, (_, n) => cart(`lucky-${n}`).set({ n })))
    await eventually(() => expect(handled()).toHaveLength(11))
    expect(documentsHandled().at(-1)).toBe('unlucky')
    expect(handled().at(-1)?.attempt).toBe(4)
    await eventually(() => expect(trigger.status().backlog).toBe(0))
    expect(trigger.status()).toMatchObject({ failures: 3, lagMs: 0 })
    expect(trigger.status().lastError).toContain('no luck with')
  })

  test('is asked less and less often', async () => {
    const atMs: number[] = []
    const answers = [500, 429, 302, 404, 200]
    const request = async () => ({ ...OK, status: answers[atMs.push(Date.now()) - 1] ?? 200 })
    start({ cloudFunction: { request }, backoff: { firstMs: 50, longestMs: 200 }, random: () => 0 })
    await cart('alice').set({ n: 1 })
    await eventually(() => expect(atMs).toHaveLength(5))
    const gapsMs = atMs.slice(1).map((time, index) => time - (atMs[index] ?? 0))
    for (const [index, leastMs] of [50, 100, 200, 200].entries()) {
      expect(gapsMs[index]).toBeGreaterThanOrEqual(leastMs - 5)
      expect(gapsMs[index]).toBeLessThan(leastMs * 2 + 100)
    }
  })

  test('loses an event only after the retention, and that is said', async () => {
    const trigger = start({ retentionMs: 300, cloudFunction: { request: async () => ({ ...OK, status: 500 }) } })
    await cart('alice').set({ n: 1 })
    expect(trigger.status().backlog).toBe(1)
    await eventually(() => expect(trigger.status().backlog).toBe(0))
    expect(trigger.status().failures).toBeGreaterThan(1)
    expect(logged.at(-1)).toContain(`dropped documents/${collection}/alice`)
  })

  test('killed in the middle of events it gets them all again', async () => {
    const trigger = start()
    const before = capture.starts
    await Promise.all(Array.from({ length: 5 }, (_, n) => cart(`c-${n}`).set({ workMs: 400 })))
    await eventually(() => expect(told).toHaveLength(5))
    await capture.kill()
    await eventually(() => expect(handled()).toHaveLength(5))
    expect(documentsHandled().sort()).toEqual(['c-0', 'c-1', 'c-2', 'c-3', 'c-4'])
    expect(capture.starts).toBe(before + 1)
    expect(trigger.status()).toMatchObject({ failures: 5, lastError: expect.stringContaining('WorkerEnded') })
  })
})

describe('deliveries', () => {
  test('at most as many at a time as allowed', async () => {
    let running = 0
    let most = 0
    let done = 0
    const request = async () => {
      most = Math.max(most, ++running)
      await sleep(5)
      running -= 1
      done += 1
      return OK
    }
    start({ cloudFunction: { request }, maxInFlight: 3 })
    await Promise.all(Array.from({ length: 30 }, (_, n) => cart(`c-${n}`).set({ n })))
    await eventually(() => expect(done).toBe(30))
    expect(most).toBe(3)
  })

  test('are made twice on request, under one id', async () => {
    start({ faults: { ...noFaults(), duplicate: 1 } })
    await cart('alice').set({ n: 1 })
    await cart('bob').set({ n: 1 })
    await eventually(() => expect(documentsHandled().sort()).toEqual(['alice', 'alice', 'bob', 'bob']))
    expect(new Set(handled().map(({ attributes }) => attributes.id)).size).toBe(2)
  })

  test('overtake one another on request, and none is lost', async () => {
    const faults = noFaults()
    start({ faults, maxInFlight: 1 })
    const ids = Array.from({ length: 20 }, (_, n) => `c-${String(n).padStart(2, '0')}`)
    for (const id of ids) await cart(id).set({ n: 1 })
    await eventually(() => expect(documentsHandled()).toEqual(ids))

    told = []
    faults.reorder = 1
    for (const id of ids) await cart(id).update({ n: 2 })
    await eventually(() => expect(handled()).toHaveLength(20))
    expect(documentsHandled()).not.toEqual(ids)
    expect(documentsHandled().sort()).toEqual(ids)
  })

  test('are late on request', async () => {
    start({ faults: { ...noFaults(), delayMs: 400 } })
    const beganMs = Date.now()
    await cart('alice').set({ n: 1 })
    await eventually(() => expect(handled()).toHaveLength(1))
    expect(Date.now() - beganMs).toBeGreaterThanOrEqual(395)
  })

  test('wait while paused, more of them than may be in flight', async () => {
    const faults = { ...noFaults(), paused: true }
    const trigger = start({ faults, maxInFlight: 2 })
    await Promise.all(Array.from({ length: 5 }, (_, n) => cart(`c-${n}`).set({ n })))
    await sleep(200)
    expect(told).toEqual([])
    expect(trigger.status().backlog).toBe(5)
    expect(trigger.status().lagMs).toBeGreaterThan(150)
    faults.paused = false
    await eventually(() => expect(handled()).toHaveLength(5))
  })

  test('end with the trigger: the call in flight is waited for, what waits is given up', async () => {
    const trigger = start({ maxInFlight: 1 })
    await cart('alice').set({ workMs: 300 })
    await cart('bob').set({ n: 1 })
    await eventually(() => expect(told).toHaveLength(1))
    await trigger.stop()
    await cart('carol').set({ n: 1 })
    await eventually(() => expect(documentsHandled()).toEqual(['alice']))
    await sleep(100)
    expect(told).toHaveLength(2)
  })
})
