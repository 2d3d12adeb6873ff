/** The functions of a Google Cloud site as they deploy: bundled, in the real framework, behind the local triggers. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync } from 'node:zlib'
import { Firestore } from '@google-cloud/firestore'
import { type Message, PubSub } from '@google-cloud/pubsub'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createSigner } from '../../functions/common/session-signer.ts'
import { deadLettersName, forwardName, syncStoreName } from '../../shared/declare/resource-names.ts'
import type { Document } from '../../shared/document/json.ts'
import { MemoryDatabase } from '../../shared/ports/memory/memory-database.ts'
import type { Answer } from '../../shared/replicate/answer.ts'
import { capture } from '../../shared/replicate/capture.ts'
import { type ChangeEvent, changeEventOf, decodeChange } from '../../shared/replicate/change-event.ts'
import type { DeadLetter } from '../../shared/replicate/dead-letter.ts'
import { createHere } from '../../shared/replicate/here.ts'
import { wholeChange } from '../../shared/replicate/make-change.ts'
import { createHttpPeer } from '../../shared/wire/http-peer.ts'
import { answerTokenHeader } from '../../shared/wire/ingest-endpoint.ts'
import { expandedBytesMax, requestBytesMax, tokenLifetimeS } from '../../shared/wire/limits.ts'
import { batchContentType, decodeBody, encodeBody } from '../../shared/wire/request-body.ts'
import { createVerifier, digestOf, type Sign, type Verify } from '../../shared/wire/token.ts'
import { bundleFunctions, type functionNames, projectRoot } from '../../tools/build/bundle-functions.ts'
import { type CloudFunction, createCloudFunction } from '../../tools/local/gcp/cloud-function.ts'
import { startFirestoreTrigger } from '../../tools/local/gcp/firestore-trigger.ts'
import { type HttpFront, startHttpFront } from '../../tools/local/gcp/http-front.ts'
import { provisionGoogleSite } from '../../tools/local/gcp/provision.ts'
import { startPubSubTrigger } from '../../tools/local/gcp/pubsub-trigger.ts'
import { noFaults } from '../../tools/local/runtime/delivery-faults.ts'
import { type FirestoreServer, startFirestoreServer } from '../../tools/local/servers/firestore/server.ts'
import { type PubSubServer, startPubSubServer } from '../../tools/local/servers/pubsub/pubsub-server.ts'
import { makeSiteKeys } from '../../tools/local/site-keys.ts'
import plan from '../carts-and-products.config.ts'

const site = 'gcp-us-central1'
const remote = 'aws-us-east-1'
const project = 'local'
const clock = { now: () => Date.now(), sleep: async () => {} }

let folder: string
let firestore: FirestoreServer
let pubsub: PubSubServer
let peer: FakePeer
let application: Firestore
let operator: PubSub
let functions: Record<(typeof functionNames)[number], CloudFunction>
/** Capture as it deploys, with its peers. */
let expressCapture: CloudFunction
let front: HttpFront
let signAsRemote: Sign
let verifyAsRemote: Verify
let logged: string[] = []
const letters: DeadLetter[] = []
const faults = noFaults()
const ending: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none')
  folder = await mkdtemp(join(tmpdir(), 'gcp-site-'))
  await bundleFunctions({
    config: join(projectRoot, 'test/carts-and-products.config.ts'),
    out: folder,
    clouds: ['gcp'],
    mayBeKept: true,
  })
  ;[firestore, pubsub] = await Promise.all([startFirestoreServer(), startPubSubServer()])
  await provisionGoogleSite({ plan, site, project, pubsubHost: pubsub.host })

  const [here, there] = [await makeSiteKeys(), await makeSiteKeys()]
  signAsRemote = createSigner(there.privateKey)
  verifyAsRemote = await createVerifier(new Map([[site, [here.publicKey]]]))
  peer = await startFakePeer()
  const environment = {
    TRIBUTARY_SITE: site,
    TRIBUTARY_PEER: remote,
    TRIBUTARY_PEERS: JSON.stringify({ [remote]: { url: peer.url, keys: [there.publicKey] } }),
    TRIBUTARY_SIGNING_KEY: JSON.stringify(here.privateKey),
    GOOGLE_CLOUD_PROJECT: project,
    FIRESTORE_EMULATOR_HOST: firestore.host,
    PUBSUB_EMULATOR_HOST: pubsub.host,
    METADATA_SERVER_DETECTION: 'none',
  }
  const { TRIBUTARY_PEERS: _, ...withoutPeers } = environment
  const start = (name: string, variables: Readonly<Record<string, string>> = environment) =>
    createCloudFunction({
      name,
      target: name,
      bundle: join(folder, 'gcp', name, 'index.cjs'),
      environment: variables,
      // Failures: every batch has a line as well.
      onLog: line => void (line.includes('"level":"info"') || logged.push(line)),
    })
  expressCapture = start('capture')
  functions = {
    // Without peers it has no express lane, and every change is counted once.
    capture: start('capture', withoutPeers),
    publish: start('publish'),
    forward: start('forward'),
    ingest: start('ingest'),
    prune: start('prune'),
  }
  await Promise.all([expressCapture, ...Object.values(functions)].map(cloudFunction => cloudFunction.warm()))
  front = await startHttpFront({ cloudFunction: functions.ingest })
  startTriggers()
  application = new Firestore({ projectId: project, host: firestore.host, ssl: false })
  operator = new PubSub({ projectId: project, apiEndpoint: pubsub.host })
  operator.subscription(deadLettersName).on('message', (message: Message) => {
    message.ack()
    letters.push(JSON.parse(message.data.toString()))
  })
})

afterAll(async () => {
  for (const end of ending) await end()
  await front.stop()
  await Promise.all([expressCapture, ...Object.values(functions)].map(cloudFunction => cloudFunction.stop()))
  await operator.subscription(deadLettersName).close()
  await Promise.all([application.terminate(), operator.close(), peer.stop()])
  await Promise.all([firestore.stop(), pubsub.stop()])
  await rm(folder, { recursive: true, force: true })
  vi.unstubAllEnvs()
})

beforeEach(() => {
  logged = []
  letters.length = 0
  peer.received.length = 0
  peer.answer = undefined
  peer.down = false
})

function startTriggers(): void {
  const shared = { project, location: 'us-central1', faults, onLog: () => {} }
  const documents = { carts: functions.capture, products: functions.capture, [syncStoreName]: functions.publish }
  const triggers = [
    ...Object.entries(documents).map(([name, cloudFunction]) =>
      startFirestoreTrigger({ ...shared, name, firestore, cloudFunction, document: `${name}/{id}` }),
    ),
    startPubSubTrigger({
      name: 'forward',
      pubsub,
      cloudFunction: functions.forward,
      topic: `projects/${project}/topics/tributary-changes`,
      subscription: `projects/${project}/subscriptions/${forwardName(remote)}`,
      onLog: () => {},
    }),
  ]
  ending.push(() => Promise.all(triggers.map(trigger => trigger.stop())))
}

interface FakePeer {
  readonly url: string
  /** The subjects of the changes that came, in their order. */
  readonly received: { readonly subject: string; readonly event: unknown }[]
  /** What it answers to every change; default `applied`. */
  answer: Answer | undefined
  down: boolean
  stop(): Promise<void>
}

/** The other site's ingest endpoint: checks who sends, keeps what came, and signs its answer. */
async function startFakePeer(): Promise<FakePeer> {
  const server: Server = createServer(async (request, response) => {
    if (fake.down) return response.writeHead(503).end()
    const body = Buffer.concat(await request.toArray())
    const token = request.headers.authorization?.replace('Bearer ', '')
    const { issuer, digest } = await verifyAsRemote(token, remote, Date.now())
    expect({ issuer, digest }).toEqual({ issuer: site, digest: digestOf(body) })
    const events = await decodeBody(body, request.headers['content-encoding'])
    for (const event of events) fake.received.push({ subject: Object(event).subject, event })
    const answer = fake.answer ?? { answer: 'applied' }
    const text = Buffer.from(JSON.stringify({ answers: events.map(() => answer) }))
    const signed = { issuer: remote, audience: site, body: text, nowMs: Date.now(), inReplyTo: digest }
    response.setHeader(answerTokenHeader, await signAsRemote(signed)).end(text)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const fake: FakePeer = {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    received: [],
    answer: undefined,
    down: false,
    async stop() {
      server.close()
      server.closeAllConnections()
    },
  }
  return fake
}

const eventually = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 20 })
const subjects = () => peer.received.map(({ subject }) => subject)

describe('a document that the application writes', () => {
  test('arrives at the peer as a signed change, with what later writes make of it', async () => {
    const cart = application.doc('carts/alice')
    await cart.set({ customer_id: 'alice', currency: 'EUR', items: { 'sku.1': { quantity: 2 } } })
    await eventually(() => expect(subjects()).toEqual(['carts/alice']))
    const change = decodeChange(peer.received[0]?.event)
    expect(change).toMatchObject({ origin: site, operation: 'create', key: ['alice'], plan: plan.hash })
    expect(change.intervals[0]?.from).toBe(0)

    await cart.delete()
    await eventually(() => expect(subjects()).toHaveLength(2))
    expect(decodeChange(peer.received[1]?.event)).toMatchObject({ operation: 'delete' })
    expect((await cart.get()).exists).toBe(false)
    expect(logged).toEqual([])
  })

  test('of tier 1 is at the peer while nothing is published: capture itself told it', async () => {
    faults.paused = true
    const trigger = startFirestoreTrigger({
      ...{ project, location: 'us-central1', name: 'express', firestore, cloudFunction: expressCapture },
      ...{ document: '{collection}/{id}', onLog: () => {} },
    })
    try {
      await application.doc('products/later').set({ title: 'Lamp' })
      await application.doc('carts/express').set({ currency: 'EUR' })
      await eventually(() => expect(subjects()).toEqual(['carts/express']))
      const [{ event } = {}] = peer.received
      faults.paused = false
      await eventually(() => expect(subjects().sort()).toEqual(['carts/express', 'carts/express', 'products/later']))
      const again = peer.received.filter(({ subject }) => subject === 'carts/express')
      expect(decodeChange(again[1]?.event).intervals).toEqual(decodeChange(event).intervals)
    } finally {
      faults.paused = false
      await trigger.stop()
    }
  })

  test('with a value that cannot be carried goes to the dead letters by name; its neighbours pass', async () => {
    await Promise.all([
      application.doc('carts/before').set({ currency: 'EUR' }),
      application.doc('carts/odd').set({ currency: 'EUR', items: { sku: { quantity: 'many' } } }),
      application.doc('carts/after').set({ currency: 'EUR' }),
    ])
    await eventually(() => expect(subjects().sort()).toEqual(['carts/after', 'carts/before']))
    await eventually(() => expect(letters).toHaveLength(1))
    expect(letters[0]).toMatchObject({
      ...{ kind: 'document', site, ref: { type: 'carts', key: ['odd'] }, field: 'items.sku.quantity' },
      reason: expect.stringContaining('a counter holds a number'),
    })
  })

  test('waits while the peer is down, arrives when it is back, and is said to wait', async () => {
    peer.down = true
    await application.doc('products/p1').set({ title: 'Lamp' })
    // A slow store may have had something to say before.
    const said = () => logged.find(line => line.includes('"forward-aws-us-east-1"') && line.includes('status 503'))
    await eventually(() => expect(said()).toBeDefined())
    expect(JSON.parse(said() ?? '{}')).toMatchObject({ level: 'error', site })
    peer.down = false
    await eventually(() => expect(subjects()).toEqual(['products/p1']))
    expect(letters).toEqual([])
  })

  test('that the peer refuses for good goes to the dead letters with the whole change', async () => {
    peer.answer = { answer: 'refused', reason: 'internal', detail: 'no luck' }
    await application.doc('products/p2').set({ title: 'Chair' })
    await eventually(() => expect(letters).toHaveLength(1))
    expect(letters[0]).toMatchObject({ kind: 'change', peer: remote, reason: expect.stringContaining('no luck') })
    expect(letters[0]?.kind === 'change' && JSON.parse(letters[0].event).subject).toBe('products/p2')
  })

  test('survives a crash of the functions in the middle', async () => {
    const ids = Array.from({ length: 10 }, (_, index) => `crash-${index}`)
    await Promise.all(ids.map(id => application.doc(`carts/${id}`).set({ currency: 'EUR' })))
    await functions.capture.kill()
    await functions.publish.kill()
    await functions.forward.kill()
    await eventually(() => expect([...new Set(subjects())].sort()).toEqual(ids.map(id => `carts/${id}`)))
  })

  test.each(['store', 'bus'])('during an outage of the %s is captured and sent afterwards', async where => {
    faults.paused = true
    await application.doc(`carts/no-${where}`).set({ currency: 'EUR' })
    const server = where === 'store' ? firestore : pubsub
    server.refuse('UNAVAILABLE')
    faults.paused = false
    await eventually(() => expect(logged.join()).toContain('StoreUnavailable'))
    server.refuse(undefined)
    await eventually(() => expect(subjects()).toEqual([`carts/no-${where}`]))
    expect(letters).toEqual([])
  })
})

/** What the other site sends when its application has written this. */
async function changeElsewhere(type: string, key: string, document: Document): Promise<ChangeEvent> {
  const ref = { type, key: [key] }
  const here = createHere(plan, remote)
  const database = new MemoryDatabase('transactional', { documentWritten: () => {}, recordWritten: () => {} })
  const store = database.connect()
  database.write(ref, () => document)
  await capture(ref, { here, clock, store, deadLetters: { put: () => expect.unreachable() } })
  const stored = await store.readRecord(ref)
  if (!stored) throw new Error('nothing was captured')
  return changeEventOf(wholeChange(ref, stored.record, here, clock.now()))
}

const deliver = (events: readonly ChangeEvent[]) =>
  createHttpPeer({
    site: remote,
    peer: site,
    url: front.url,
    clock,
    sign: signAsRemote,
    verify: verifyAsRemote,
  }).deliver(events)

describe('a batch from another site', () => {
  test('appears as plain documents, nothing added, and is not sent back', async () => {
    const events = [
      await changeElsewhere('carts', 'bob', { currency: 'CZK', items: { sku: { quantity: 3 } } }),
      await changeElsewhere('products', 'p/9', { title: 'Lamp', price: 9.5, attributes: { tags: ['a'] } }),
    ]
    expect(await deliver(events)).toEqual([{ answer: 'applied' }, { answer: 'applied' }])
    expect((await application.doc('carts/bob').get()).data()).toEqual({
      ...{ customer_id: 'bob', currency: 'CZK', items: { sku: { quantity: 3 } } },
    })
    expect((await application.doc('products/p%2F9').get()).data()).toEqual({
      ...{ product_id: 'p/9', title: 'Lamp', price: 9.5, attributes: { tags: ['a'] } },
    })
    expect(await deliver(events)).toEqual([{ answer: 'duplicate' }, { answer: 'duplicate' }])

    // What is written afterwards has passed the same triggers as the echo of the merge.
    await application.doc('carts/last').set({ currency: 'EUR' })
    await eventually(() => expect(subjects()).toEqual(['carts/last']))
    expect(logged).toEqual([])
  })

  test('with a change that Firestore cannot hold: that one is refused by name, its neighbours are applied', async () => {
    const events = [
      await changeElsewhere('products', 'fits', { title: 'Lamp' }),
      await changeElsewhere('products', 'nested', { deep: JSON.parse(`${'{"a":'.repeat(25)}1${'}'.repeat(25)}`) }),
      await changeElsewhere('products', 'fits-too', { title: 'Chair' }),
    ]
    expect(await deliver(events)).toEqual([
      { answer: 'applied' },
      {
        answer: 'refused',
        reason: expect.any(String),
        detail: expect.stringContaining('nested more than 20 levels deep'),
      },
      { answer: 'applied' },
    ])
    expect((await application.doc('products/nested').get()).exists).toBe(false)
  })

  test('is answered per change', async () => {
    const good = await changeElsewhere('carts', 'carol', { currency: 'CZK' })
    const variant = (change: Partial<ChangeEvent['change']>) => changeEventOf({ ...good.change, ...change })
    const answers = await deliver([
      variant({ plan: 'another' }),
      variant({ type: 'unheard-of' }),
      variant({ origin: 'azure-eastus' }),
      variant({ key: ['carol', 'and', 'more'] }),
      good,
    ])
    expect(answers).toMatchObject([
      { answer: 'held' },
      { answer: 'refused', reason: 'unknown_type' },
      { answer: 'refused', reason: 'wrong_origin' },
      { answer: 'refused', reason: 'malformed' },
      { answer: 'applied' },
    ])
  })

  interface Posted {
    readonly body: Buffer
    readonly headers?: Record<string, string>
    /** Changes to what the token is made for. */
    readonly signed?: Partial<Parameters<Sign>[0]>
    readonly token?: string
  }

  async function post({ body, headers, signed, token }: Posted) {
    const bearer = token ?? (await signAsRemote({ issuer: remote, audience: site, body, nowMs: Date.now(), ...signed }))
    const response = await fetch(front.url, {
      method: 'POST',
      headers: { authorization: `Bearer ${bearer}`, 'content-type': batchContentType, ...headers },
      body: new Uint8Array(body),
    })
    return { status: response.status, answer: JSON.parse(await response.text()) }
  }

  const br = { 'content-encoding': 'br' }
  const nowMs = Date.now()
  test.each<[string, number, string, () => Posted | Promise<Posted>]>([
    ['no token', 401, 'token_missing', () => ({ body: Buffer.from('[]'), headers: { authorization: '' } })],
    ['a forged token', 401, 'token_invalid', () => ({ body: Buffer.from('[]'), token: 'forged' })],
    // Were it expanded before it is known who sends it, this would be a bad request, and a bomb would go off.
    ['no brotli, by nobody', 401, 'token_invalid', () => ({ body: Buffer.from('x'), headers: br, token: 'forged' })],
    ['an unknown sender', 401, 'token_unknown_issuer', () => ({ body: Buffer.from('[]'), signed: { issuer: 'eve' } })],
    ['another site', 401, 'token_wrong_audience', () => ({ body: Buffer.from('[]'), signed: { audience: remote } })],
    [
      'an old token',
      401,
      'token_expired',
      () => ({ body: Buffer.from('[]'), signed: { nowMs: nowMs - 3 * tokenLifetimeS * 1000 } }),
    ],
    [
      'another body than was signed',
      400,
      'digest_mismatch',
      async () => ({ body: await encodeBody(['{}']), headers: br, signed: { body: Buffer.from('[]') } }),
    ],
    ['no brotli', 400, 'body_malformed', () => ({ body: Buffer.from('plain'), headers: br })],
    [
      'an encoding that is not ours',
      400,
      'body_malformed',
      () => ({ body: Buffer.from('[]'), headers: { 'content-encoding': 'gzip' } }),
    ],
    ['no JSON', 400, 'body_malformed', () => ({ body: brotliCompressSync('{'), headers: br })],
    [
      'no JSON that says it is',
      400,
      'body_malformed',
      () => ({ body: Buffer.from('{'), headers: { 'content-type': 'application/json' } }),
    ],
    ['no batch', 400, 'body_malformed', () => ({ body: brotliCompressSync('{}'), headers: br })],
    ['no body', 400, 'body_malformed', () => ({ body: Buffer.alloc(0) })],
    ['too large a request', 413, 'request_too_large', () => ({ body: Buffer.alloc(requestBytesMax + 1, ' ') })],
    [
      'a bomb',
      413,
      'expands_too_large',
      () => ({ body: brotliCompressSync(Buffer.alloc(expandedBytesMax + 1, ' ')), headers: br }),
    ],
  ])('is refused as a whole: %s (%i %s)', async (_what, status, error, posted) => {
    expect(await post(await posted())).toMatchObject({ status, answer: { error } })
  })

  test('may come uncompressed, under any content type', async () => {
    const { text } = await changeElsewhere('carts', 'dave', { currency: 'CZK' })
    const body = Buffer.from(`[${text}]`)
    for (const type of ['application/json', 'text/plain', 'no type at all']) {
      const { status, answer } = await post({ body, headers: { 'content-type': type } })
      expect({ status, answers: answer.answers.length }).toEqual({ status: 200, answers: 1 })
    }
    expect((await application.doc('carts/dave').get()).exists).toBe(true)
  })
})
