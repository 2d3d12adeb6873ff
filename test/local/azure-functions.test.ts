/**
 * The functions of an Azure site as they deploy: bundled, run by the local host on the local Cosmos server and Azurite.
 * The application uses Cosmos' own client and knows nothing of us; the peer is a site in memory behind its own ingest.
 */
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createSigner } from '../../functions/common/session-signer.ts'
import type { Document } from '../../shared/document/json.ts'
import type { Peer } from '../../shared/ports/index.ts'
import { type RecordRef, recordName } from '../../shared/replicate/record-ref.ts'
import { recordsAtOnce } from '../../shared/replicate/side-by-side.ts'
import { createHttpPeer } from '../../shared/wire/http-peer.ts'
import { answerIngest } from '../../shared/wire/ingest-endpoint.ts'
import { batchEncoding, encodeBody } from '../../shared/wire/request-body.ts'
import { createVerifier, type Signed } from '../../shared/wire/token.ts'
import { bundleFunctions, projectRoot } from '../../tools/build/bundle-functions.ts'
import { createFunctionApp, type FunctionApp } from '../../tools/local/azure/functions-host.ts'
import { parseHostSettings } from '../../tools/local/azure/host-settings.ts'
import { type AppTriggers, startTriggers } from '../../tools/local/azure/start-triggers.ts'
import { type DeliveryFaults, noFaults } from '../../tools/local/runtime/delivery-faults.ts'
import { makeSiteKeys, type SiteKeys } from '../../tools/local/site-keys.ts'
import plan from '../carts-and-products.config.ts'
import { createCrowd } from '../crowd.ts'
import { type AzureAccount, azureSite, startAzureAccount } from './azure-account.ts'
import { eventually } from './azure-app.ts'
import { type CosmosProxy, startCosmosProxy } from './cosmos-proxy.ts'
import { createRemoteSite, type RemoteSite } from './remote-site.ts'

const peerId = 'aws-us-east-1'

interface RunningApp {
  readonly app: FunctionApp
  readonly triggers: AppTriggers
  readonly faults: DeliveryFaults
  readonly lines: string[]
  stop(): Promise<void>
}

let folder: string
let keys: Readonly<Record<'here' | 'peer' | 'stranger', SiteKeys>>
let account: AzureAccount
/** What capture asks the account. */
let asked: CosmosProxy
let aws: RemoteSite
let awsServer: Server
let awsUrl: string
/** What the peer answers instead of working. */
let awsOutage: number | undefined
const apps = new Map<string, RunningApp>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'azure-functions-'))
  await bundleFunctions({
    config: join(projectRoot, 'test/carts-and-products.config.ts'),
    out: folder,
    clouds: ['azure'],
    mayBeKept: true,
  })
  const [own, peer, stranger] = await Promise.all([makeSiteKeys(), makeSiteKeys(), makeSiteKeys()])
  keys = { here: own, peer, stranger }
  account = await startAzureAccount(plan)
  await startPeer()
  asked = await startCosmosProxy(account.server)
  apps.set('capture', await startApp('capture', { ...account, cosmosConnection: asked.connectionString }))
  for (const name of ['publish', 'forward', 'ingest']) apps.set(name, await startApp(name, account))
})
afterAll(async () => {
  for (const app of apps.values()) await app.stop()
  awsServer.close()
  await asked.stop()
  await account.stop()
  await rm(folder, { recursive: true })
})
afterEach(() => {
  awsOutage = undefined
  account.server.refuse(undefined)
  appNamed('publish').faults.paused = false
})

async function startPeer(): Promise<void> {
  aws = createRemoteSite(plan, peerId)
  const sign = createSigner(keys.peer.privateKey)
  const verify = await createVerifier(new Map([[azureSite, [keys.here.publicKey]]]))
  awsServer = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    if (awsOutage !== undefined) return void response.writeHead(awsOutage).end()
    const headers = request.headers as Record<string, string>
    const answer = await answerIngest({ headers, body: Buffer.concat(chunks) }, { ...aws, sign, verify })
    response.writeHead(answer.status, answer.headers).end(answer.body)
  })
  awsServer.listen(0, '127.0.0.1')
  await once(awsServer, 'listening')
  const address = awsServer.address()
  if (address === null || typeof address === 'string') throw new Error('the peer listens on a port')
  awsUrl = `http://127.0.0.1:${address.port}/`
}

async function createApp(name: string, { cosmosConnection, azurite }: AzureAccount) {
  const lines: string[] = []
  const onLog = (line: string) => void lines.push(line)
  const app = createFunctionApp({
    name,
    bundle: join(folder, 'azure', name, 'index.cjs'),
    environment: {
      TRIBUTARY_SITE: azureSite,
      TRIBUTARY_PEER: peerId,
      TRIBUTARY_PEERS: JSON.stringify({ [peerId]: { url: awsUrl, keys: [keys.peer.publicKey] } }),
      TRIBUTARY_SIGNING_KEY: JSON.stringify(keys.here.privateKey),
      TRIBUTARY_COSMOS: cosmosConnection,
      TRIBUTARY_STORAGE: azurite.connectionString,
      TRIBUTARY_RETRY_DELAY_MS: '5',
    },
    // Forward must not depend on how patient the host is: by default a message may fail five times.
    hostJson: name === 'forward' ? {} : await hostJson(),
    onLog,
  })
  return { app, lines, onLog }
}

async function startApp(name: string, at: AzureAccount): Promise<RunningApp> {
  const { app, lines, onLog } = await createApp(name, at)
  const faults = noFaults()
  const triggers = await startTriggers({ app, faults, onLog })
  return {
    app,
    triggers,
    faults,
    lines,
    async stop() {
      await triggers.stop()
      await app.stop()
    },
  }
}

async function hostJson(): Promise<unknown> {
  return JSON.parse(await readFile(join(projectRoot, 'functions/azure/host.json'), 'utf8'))
}

function appNamed(name: string): RunningApp {
  const app = apps.get(name)
  if (!app) throw new Error(`no app ${name}`)
  return app
}

const failuresIn = ({ lines }: Pick<RunningApp, 'lines'>) =>
  lines.flatMap(line => (line.startsWith('{"level":"error"') ? [JSON.parse(line)] : []))

let products = 0
const product = (): RecordRef => ({ type: 'products', key: [`p-${++products}`] })
const idOf = ({ key: [id = ''] }: RecordRef) => id
const items = () => account.container('products').items
const write = (ref: RecordRef, document: Document) =>
  items().upsert({ ...document, id: idOf(ref), product_id: idOf(ref) })

/** Everything in the partition of one product, without what Cosmos adds. */
async function partitionOf(ref: RecordRef): Promise<readonly Record<string, unknown>[]> {
  const { resources } = await items()
    .readAll<Record<string, unknown>>({ partitionKey: idOf(ref) })
    .fetchAll()
  return resources.map(({ _rid, _self, _etag, _attachments, _ts, ...item }) => item)
}

const ingestUrl = (app = appNamed('ingest')) => `${app.triggers.httpEndpoint}/api/ingest`

async function peerOfAzure(app?: RunningApp): Promise<Peer> {
  return createHttpPeer({
    site: peerId,
    peer: azureSite,
    url: ingestUrl(app),
    clock: aws.clock,
    sign: createSigner(keys.peer.privateKey),
    verify: await createVerifier(new Map([[azureSite, [keys.here.publicKey]]])),
  })
}

describe('from an application here to a peer', () => {
  test('an item written with the official client arrives, and beside it stands one sync item', async () => {
    const ref = product()
    await write(ref, { title: 'Tea ☕', price: 3.5, tags: ['green'], attributes: { organic: true, from: null } })
    const document = { title: 'Tea ☕', price: 3.5, tags: ['green'], attributes: { organic: true, from: null } }
    await eventually(() => expect(aws.document(ref)).toEqual(document))
    expect(await partitionOf(ref)).toEqual([
      { ...document, id: idOf(ref), product_id: idOf(ref) },
      expect.objectContaining({ id: `_tributary|products|${idOf(ref)}`, _tributary: 1 }),
    ])
  })

  test('every change of it arrives, and its deletion', async () => {
    const ref = product()
    await write(ref, { price: 1 })
    await eventually(() => expect(aws.document(ref)).toEqual({ price: 1 }))
    await items().upsert({ id: idOf(ref), product_id: idOf(ref), price: 2, title: 'New' })
    await eventually(() => expect(aws.document(ref)).toEqual({ price: 2, title: 'New' }))
    await account.container('products').item(idOf(ref), idOf(ref)).delete()
    await eventually(() => expect(aws.document(ref)).toBeUndefined())
    expect(await partitionOf(ref)).toEqual([expect.objectContaining({ id: `_tributary|products|${idOf(ref)}` })])
  })

  test('of tier 1 it arrives while nothing is published: capture itself told it', async () => {
    appNamed('publish').faults.paused = true
    const later = product()
    await write(later, { price: 1 })
    const cart: RecordRef = { type: 'carts', key: ['express'] }
    await account.container('carts').items.create({ id: 'express', customer_id: 'express', currency: 'EUR' })
    await eventually(() => expect(aws.document(cart)).toEqual({ currency: 'EUR' }))
    expect(aws.document(later)).toBeUndefined()
    appNamed('publish').faults.paused = false
    await eventually(() => expect(aws.document(later)).toEqual({ price: 1 }))
  })

  test('both data types flow, of every key', async () => {
    const keysOf = ['plain', 'with|bar', 'with/slash', '100%', 'ž🐎', 'two words']
    for (const key of keysOf) {
      await account.container('carts').items.create({
        ...{ id: key.replaceAll('/', '%2F'), customer_id: key },
        ...{ currency: 'EUR', items: { tea: { quantity: 2, note: '' } } },
      })
    }
    for (const key of keysOf) {
      const ref: RecordRef = { type: 'carts', key: [key] }
      await eventually(() => expect(aws.document(ref)).toMatchObject({ currency: 'EUR' }))
    }
  })

  test('an item too large for a message arrives whole', async () => {
    const ref = product()
    const text = Array.from({ length: 15_000 }, (_, index) => index.toString(36)).join(' ')
    await write(ref, { text })
    await eventually(() => expect(aws.document(ref)).toEqual({ text }))
  })

  test('while the peer is unavailable everything waits, nothing is moved aside, and all flows when it is back', async () => {
    awsOutage = 503
    const forward = appNamed('forward')
    const refs = Array.from({ length: 5 }, product)
    for (const ref of refs) await write(ref, { price: 7 })
    // Five failures, each of them logged twice, would be the end of a message that the host counts.
    const already = failuresIn(forward).length
    await eventually(() => expect(failuresIn(forward).length - already).toBeGreaterThan(12 * refs.length))
    expect(failuresIn(forward).at(-1)).toMatchObject({
      site: azureSite,
      function: `forward-${peerId}`,
      message: expect.stringContaining('status 503'),
    })
    for (const ref of refs) expect(aws.document(ref)).toBeUndefined()

    awsOutage = undefined
    for (const ref of refs) await eventually(() => expect(aws.document(ref)).toEqual({ price: 7 }))
    const queues: string[] = []
    for await (const { name } of account.queues.listQueues()) queues.push(name)
    expect(queues.filter(name => name.endsWith('-poison'))).toEqual([])
    expect(await account.messagesIn('tributary-dead-letters')).toEqual([])
  })

  test('while Cosmos is down capture fails, so that the host keeps the batch, and afterwards all flows', async () => {
    const ref = product()
    const { app, lines } = appNamed('capture')
    const hint = { current: {}, metadata: { id: idOf(ref), partitionKey: { product_id: idOf(ref) } } }
    await write(ref, { price: 9 })
    account.server.refuse(503)
    const result = await app.invoke('capture-products', { data: { json: JSON.stringify([hint, hint]) } })
    expect(result).toMatchObject({ succeeded: false, error: { message: '1 of 1 hints failed' } })
    await eventually(() =>
      expect(failuresIn({ lines })).toContainEqual(
        expect.objectContaining({ function: 'capture-products', record: recordName(ref), error: 'StoreUnavailable' }),
      ),
    )
    account.server.refuse(undefined)
    await eventually(() => expect(aws.document(ref)).toEqual({ price: 9 }))
  })

  test('of a page of the feed so many records are read at once and no more, and all of them', async () => {
    const proxy = await startCosmosProxy(account.server)
    const crowd = createCrowd(recordsAtOnce, 100)
    const { app } = await createApp('capture', { ...account, cosmosConnection: proxy.connectionString })
    try {
      const refs = Array.from({ length: 50 }, product)
      const read = new Set<string>()
      proxy.around = async ({ what, headers }, pass) => {
        if (what !== 'read') return pass()
        read.add(String(headers['x-ms-documentdb-partitionkey']))
        await crowd.visit(pass)
      }
      const hints = refs.map(ref => ({
        current: {},
        metadata: { id: idOf(ref), partitionKey: { product_id: idOf(ref) } },
      }))
      expect(await app.invoke('capture-products', { data: { json: JSON.stringify(hints) } })).toMatchObject({
        succeeded: true,
      })
      expect(crowd.most).toBe(recordsAtOnce)
      expect([...read].sort()).toEqual(refs.map(ref => JSON.stringify([idOf(ref)])).sort())
    } finally {
      await app.stop()
      await proxy.stop()
    }
  })

  test('an instance that is killed in the middle of anything loses nothing', async () => {
    const refs = Array.from({ length: 20 }, product)
    for (const [index, ref] of refs.entries()) {
      await write(ref, { index })
      if (index % 5 === 4) for (const { app } of apps.values()) await app.kill()
    }
    for (const [index, ref] of refs.entries()) await eventually(() => expect(aws.document(ref)).toEqual({ index }))
  })

  test('a document whose id is not its key is put aside by name, and its neighbours flow', async () => {
    const ref = product()
    await items().create({ id: 'some-guid', product_id: idOf(ref), price: 1 })
    await items().create({ id: `_tributary|products|${idOf(ref)}-x`, product_id: `${idOf(ref)}-x`, mine: true })
    await write(ref, { price: 2 })
    await eventually(() => expect(aws.document(ref)).toEqual({ price: 2 }))
    await eventually(async () => expect(await account.messagesIn('tributary-dead-letters')).toHaveLength(2))
    const letters = (await account.messagesIn('tributary-dead-letters')).map(text => JSON.parse(text))
    expect(letters).toContainEqual(
      expect.objectContaining({
        kind: 'document',
        field: 'id',
        reason: `the id is 'some-guid', product_id: "${idOf(ref)}"; these key fields ask for the id '${idOf(ref)}'`,
      }),
    )
    expect(letters).toContainEqual(
      expect.objectContaining({ reason: "ids that start with '_tributary|' are kept for Tributary" }),
    )
  })
})

describe('from a peer to this site', () => {
  test('a signed batch appears as plain items, each with exactly one sync item, and does not come back', async () => {
    const [one, two] = [product(), product()]
    const peer = await peerOfAzure()
    asked.takeCounts()
    const events = [...(await aws.write(one, { price: 1 })), ...(await aws.write(two, { price: 2, note: 'ž🐎' }))]
    expect(await peer.deliver(events)).toEqual([{ answer: 'applied' }, { answer: 'applied' }])
    expect(await partitionOf(one)).toEqual([
      expect.objectContaining({ id: `_tributary|products|${idOf(one)}`, _tributary: 1 }),
      { id: idOf(one), product_id: idOf(one), price: 1 },
    ])
    const after = await partitionOf(two)
    expect(after).toContainEqual({ id: idOf(two), product_id: idOf(two), price: 2, note: 'ž🐎' })
    expect(await peer.deliver(events)).toEqual([{ answer: 'duplicate' }, { answer: 'duplicate' }])

    // A write made after it has gone through all functions: so has the echo of the merge.
    const probe = product()
    await write(probe, { probe: true })
    await eventually(() => expect(aws.document(probe)).toEqual({ probe: true }))
    expect(await partitionOf(two)).toEqual(after)
    // The feed tells of both halves of a merge: capture reads what it captures, and nothing for the echoes.
    expect(asked.takeCounts()).toMatchObject({ read: 3, 'batch of 1': 1 })
  })

  test('a deletion there deletes the item here', async () => {
    const ref = product()
    const peer = await peerOfAzure()
    await peer.deliver(await aws.write(ref, { price: 1 }))
    expect(await peer.deliver(await aws.write(ref, undefined))).toEqual([{ answer: 'applied' }])
    expect(await partitionOf(ref)).toEqual([expect.objectContaining({ id: `_tributary|products|${idOf(ref)}` })])
  })

  test('of two concurrent writes one wins at both sites, and the other is in the audit', async () => {
    const ref = product()
    awsOutage = 503
    await write(ref, { title: 'from azure' })
    const theirs = await aws.write(ref, { title: 'from aws' })
    expect(await (await peerOfAzure()).deliver(theirs)).toEqual([{ answer: 'applied' }])
    awsOutage = undefined
    const audit = account.container('tributary-audit').items
    const query = {
      query: 'SELECT * FROM c WHERE c.record = @record',
      parameters: [{ name: '@record', value: recordName(ref) }],
    }
    const entry = await eventually(async () => {
      const { resources } = await audit.query(query).fetchAll()
      expect(resources).toHaveLength(1)
      return resources[0]
    })
    expect(entry).toMatchObject({ site: azureSite, origin: peerId, ttl: 90 * 86_400 })
    expect([entry.entry.local, entry.entry.remote]).toEqual([{ title: 'from azure' }, { title: 'from aws' }])
    await eventually(async () => {
      const [winner] = (await partitionOf(ref)).filter(({ id }) => id === idOf(ref))
      expect(aws.document(ref)).toEqual({ title: winner?.title })
    })
  })

  test('a document that Cosmos cannot hold is refused by name, and its neighbours are applied', async () => {
    const [tooLong, fine, badTtl]: RecordRef[] = [{ type: 'products', key: ['x'.repeat(2_100)] }, product(), product()]
    if (!tooLong || !fine || !badTtl) throw new Error('three records')
    const events = [
      ...(await aws.write(tooLong, { price: 1 })),
      ...(await aws.write(badTtl, { ttl: 'soon' })),
      ...(await aws.write(fine, { price: 1 })),
    ]
    const refused = (reason: string, detail: string) => ({
      answer: 'refused',
      reason,
      detail: expect.stringContaining(detail),
    })
    expect(await (await peerOfAzure()).deliver(events)).toEqual([
      refused('local_document_refused', 'a partition key on Cosmos DB is at most 2048 bytes'),
      refused('not_storable', `${recordName(badTtl)}: field '': Cosmos refuses it with 400`),
      { answer: 'applied' },
    ])
  })

  describe('what is wrong with a request is refused with its status and code', () => {
    const request = async (change: Partial<Signed> & { signer?: SiteKeys; sent?: Uint8Array; token?: string }) => {
      const body = change.sent ?? (await encodeBody([]))
      const sign = createSigner((change.signer ?? keys.peer).privateKey)
      const signed = { issuer: peerId, audience: azureSite, body, nowMs: Date.now(), ...change }
      const authorization = `Bearer ${change.token ?? (await sign(signed))}`
      const headers = { authorization, 'content-encoding': batchEncoding }
      const response = await fetch(ingestUrl(), { method: 'POST', body: new Uint8Array(body), headers })
      return { status: response.status, ...(JSON.parse(await response.text()) as { error?: string }) }
    }

    test.each<[string, () => Promise<Parameters<typeof request>[0]>, number, string]>([
      ['no token', async () => ({ token: ' ' }), 401, 'token_missing'],
      ['no token but a word', async () => ({ token: 'hello' }), 401, 'token_invalid'],
      ['signed by a stranger', async () => ({ signer: keys.stranger }), 401, 'token_invalid'],
      ['from nobody we know', async () => ({ issuer: 'gcp-us-central1' }), 401, 'token_unknown_issuer'],
      ['for another site', async () => ({ audience: 'gcp-us-central1' }), 401, 'token_wrong_audience'],
      ['an hour old', async () => ({ nowMs: Date.now() - 3_600_000 }), 401, 'token_expired'],
      [
        'another body than the one that was signed',
        async () => ({ body: await encodeBody(['{}']) }),
        400,
        'digest_mismatch',
      ],
      ['no brotli', async () => ({ sent: Buffer.from('{}') }), 400, 'body_malformed'],
      ['no JSON', async () => ({ sent: await encodeBody(['{']) }), 400, 'body_malformed'],
      ['over 1 MB', async () => ({ sent: new Uint8Array(1_000_001) }), 413, 'request_too_large'],
      [
        'a bomb',
        async () => ({ sent: await encodeBody([JSON.stringify('a'.repeat(9_000_000))]) }),
        413,
        'expands_too_large',
      ],
    ])('%s', async (_, change, status, error) => {
      expect(await request(await change())).toMatchObject({ status, error })
    })

    test('and a good one is answered', async () => {
      expect(await request({})).toEqual({ status: 200, answers: [] })
    })

    test('only POST is an ingest', async () => {
      expect((await fetch(ingestUrl())).status).toBe(404)
    })
  })
})

test('host.json is one that the host accepts, and is patient with messages', async () => {
  expect(parseHostSettings(await hostJson()).queues).toMatchObject({
    ...{ messageEncoding: 'base64', maxDequeueCount: 1000, maxPollingIntervalMs: 500, visibilityTimeoutMs: 5000 },
  })
})

test('an account on session consistency is refused by name: changes wait on both sides', async () => {
  const weak = await startAzureAccount(plan, { consistency: 'Session' })
  const [capture, ingest] = [await createApp('capture', weak), await startApp('ingest', weak)]
  try {
    const hint = { current: { id: 'p', product_id: 'p', price: 1 }, metadata: {} }
    const result = await capture.app.invoke('capture-products', { data: { json: JSON.stringify([hint]) } })
    expect(result).toMatchObject({ succeeded: false })
    await eventually(() =>
      expect(failuresIn(capture)).toContainEqual({
        ...{ level: 'error', site: azureSite, function: 'capture-products', record: 'products#p' },
        ...{ error: 'AccountUnsuited', message: expect.stringContaining('default consistency is Session') },
      }),
    )
    const [answer] = await (await peerOfAzure(ingest)).deliver(await aws.write(product(), { price: 1 }))
    expect(answer).toEqual({ answer: 'busy', reason: expect.stringContaining('--default-consistency-level') })
    expect(await weak.messagesIn('tributary-dead-letters')).toEqual([])
  } finally {
    await capture.app.stop()
    await ingest.stop()
    await weak.stop()
  }
})
