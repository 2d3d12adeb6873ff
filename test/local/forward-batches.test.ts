/**
 * Pub/Sub and Storage queues hand forward one message at a time. A burst must not become one request each: counted at
 * the peer, with the functions as they deploy and real documents.
 */
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createQueueBus } from '../../functions/azure/bus.ts'
import { createQueueService } from '../../functions/azure/queue-client.ts'
import { createSigner } from '../../functions/common/session-signer.ts'
import { createPubSubBus } from '../../functions/gcp/bus.ts'
import { createPubSub } from '../../functions/gcp/pubsub-client.ts'
import { changesName, forwardName } from '../../shared/declare/resource-names.ts'
import type { Bus } from '../../shared/ports/index.ts'
import { batchChangesMax } from '../../shared/replicate/batches.ts'
import type { ChangeEvent } from '../../shared/replicate/change-event.ts'
import { createHere } from '../../shared/replicate/here.ts'
import { answerTokenHeader } from '../../shared/wire/ingest-endpoint.ts'
import { decodeBody } from '../../shared/wire/request-body.ts'
import { digestOf } from '../../shared/wire/token.ts'
import { bundleFunctions, projectRoot } from '../../tools/build/bundle-functions.ts'
import { createFunctionApp } from '../../tools/local/azure/functions-host.ts'
import { startTriggers } from '../../tools/local/azure/start-triggers.ts'
import { createCloudFunction } from '../../tools/local/gcp/cloud-function.ts'
import { provisionGoogleSite } from '../../tools/local/gcp/provision.ts'
import { startPubSubTrigger } from '../../tools/local/gcp/pubsub-trigger.ts'
import { noFaults } from '../../tools/local/runtime/delivery-faults.ts'
import { startFirestoreServer } from '../../tools/local/servers/firestore/server.ts'
import { startPubSubServer } from '../../tools/local/servers/pubsub/pubsub-server.ts'
import { makeSiteKeys, type SiteKeys } from '../../tools/local/site-keys.ts'
import plan from '../carts-and-products.config.ts'
import { startAzureAccount } from './azure-account.ts'
import { createRemoteSite } from './remote-site.ts'

const peerId = 'aws-us-east-1'
const burst = 1_000
/** So many changes in a hundred are not taken at first. */
const busyPercent = 2
/** A round trip to another cloud. */
const roundTripMs = 100

let folder: string
let keys: Readonly<Record<'here' | 'peer', SiteKeys>>
const ending: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none')
  folder = await mkdtemp(join(tmpdir(), 'forward-batches-'))
  await bundleFunctions({
    config: join(projectRoot, 'test/carts-and-products.config.ts'),
    out: folder,
    clouds: ['gcp', 'azure'],
    mayBeKept: true,
  })
  keys = { here: await makeSiteKeys(), peer: await makeSiteKeys() }
})

afterAll(async () => {
  for (const end of ending.reverse()) await end()
  await rm(folder, { recursive: true })
  vi.unstubAllEnvs()
})

interface CountingPeer {
  readonly url: string
  readonly requests: number[]
  bytes: number
  /** How often each was taken. */
  readonly taken: Map<string, number>
}

async function startPeer(sender: string): Promise<CountingPeer> {
  const sign = createSigner(keys.peer.privateKey)
  const peer = { url: '', requests: [] as number[], bytes: 0, taken: new Map<string, number>() }
  const asked = new Set<string>()
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray())
    const events = await decodeBody(body, request.headers['content-encoding'])
    peer.requests.push(events.length)
    peer.bytes += body.length
    const answers = events.map(event => {
      const subject = String(Object(event).subject)
      const isBusy = !asked.has(subject) && asked.size % (100 / busyPercent) === 0
      asked.add(subject)
      if (isBusy) return { answer: 'busy', reason: 'throttled' }
      peer.taken.set(subject, (peer.taken.get(subject) ?? 0) + 1)
      return { answer: 'applied' }
    })
    await new Promise(resume => setTimeout(resume, roundTripMs))
    const text = Buffer.from(JSON.stringify({ answers }))
    const signed = { issuer: peerId, audience: sender, body: text, nowMs: Date.now(), inReplyTo: digestOf(body) }
    response.setHeader(answerTokenHeader, await sign(signed)).end(text)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ending.push(async () => server.close().closeAllConnections())
  const address = server.address()
  peer.url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`
  return peer
}

/** Changes of documents that no one here wrote, and how long these are as JSON. */
async function changesOf(
  site: string,
): Promise<{ readonly events: readonly ChangeEvent[]; readonly jsonBytes: number }> {
  const text = await readFile(join(projectRoot, 'node_modules/vega-datasets/data/movies.json'), 'utf8')
  const movies = JSON.parse(text).slice(0, burst)
  const origin = createRemoteSite(plan, site)
  const events: ChangeEvent[] = []
  for (const [index, movie] of movies.entries())
    events.push(...(await origin.write({ type: 'products', key: [`movie ${index}`] }, movie)))
  const jsonBytes = movies.reduce((sum: number, movie: object) => sum + Buffer.byteLength(JSON.stringify(movie)), 0)
  return { events, jsonBytes }
}

const environmentOf = (site: string, peer: CountingPeer) => ({
  TRIBUTARY_SITE: site,
  TRIBUTARY_PEER: peerId,
  TRIBUTARY_PEERS: JSON.stringify({ [peerId]: { url: peer.url, keys: [keys.peer.publicKey] } }),
  TRIBUTARY_SIGNING_KEY: JSON.stringify(keys.here.privateKey),
})

async function publishAll(bus: Bus, events: readonly ChangeEvent[]): Promise<void> {
  for (let start = 0; start < events.length; start += 50) await bus.publish(events.slice(start, start + 50))
}

async function expectBatches(peer: CountingPeer, jsonBytes: number): Promise<void> {
  await vi.waitFor(() => expect(peer.taken.size).toBe(burst), { timeout: 60_000, interval: 50 })
  const figures = `${peer.requests.length} requests (${peer.requests.join(' ')}), ${(peer.bytes / jsonBytes).toFixed(3)} of the JSON`
  expect(peer.requests.length, figures).toBeLessThan(burst / 20)
  // What was taken is not sent again because its neighbours were not.
  expect([...peer.taken.values()].filter(times => times > 1)).toEqual([])
  expect(Math.max(...peer.requests)).toBeLessThanOrEqual(batchChangesMax)
  expect(peer.bytes / jsonBytes, figures).toBeLessThan(0.25)
}

test(`Google Cloud: ${burst} changes at once are far fewer requests`, async () => {
  const site = 'gcp-us-central1'
  const pubsub = await startPubSubServer()
  ending.push(() => pubsub.stop())
  const firestore = await startFirestoreServer()
  ending.push(() => firestore.stop())
  await provisionGoogleSite({ plan, site, project: 'local', pubsubHost: pubsub.host })
  const peer = await startPeer(site)
  const forward = createCloudFunction({
    name: 'forward',
    target: 'forward',
    bundle: join(folder, 'gcp', 'forward', 'index.cjs'),
    environment: {
      ...environmentOf(site, peer),
      GOOGLE_CLOUD_PROJECT: 'local',
      FIRESTORE_EMULATOR_HOST: firestore.host,
      PUBSUB_EMULATOR_HOST: pubsub.host,
      METADATA_SERVER_DETECTION: 'none',
    },
    onLog: () => {},
  })
  ending.push(() => forward.stop())
  await forward.warm()
  const { events, jsonBytes } = await changesOf(site)
  vi.stubEnv('PUBSUB_EMULATOR_HOST', pubsub.host)
  const client = createPubSub('local')
  ending.push(() => client.close())
  await publishAll(createPubSubBus(client), events)
  const trigger = startPubSubTrigger({
    name: 'forward',
    pubsub,
    cloudFunction: forward,
    topic: `projects/local/topics/${changesName}`,
    subscription: `projects/local/subscriptions/${forwardName(peerId)}`,
    maxInFlight: batchChangesMax,
    onLog: () => {},
  })
  ending.push(() => trigger.stop())
  await expectBatches(peer, jsonBytes)
})

test(`Azure: ${burst} changes at once are far fewer requests`, async () => {
  const site = 'azure-eastus'
  const account = await startAzureAccount(plan)
  ending.push(() => account.stop())
  const peer = await startPeer(site)
  const { events, jsonBytes } = await changesOf(site)
  await publishAll(createQueueBus(createQueueService(account.azurite.connectionString), createHere(plan, site)), events)
  const app = createFunctionApp({
    name: 'forward',
    bundle: join(folder, 'azure', 'forward', 'index.cjs'),
    environment: {
      ...environmentOf(site, peer),
      TRIBUTARY_COSMOS: account.cosmosConnection,
      TRIBUTARY_STORAGE: account.azurite.connectionString,
    },
    hostJson: JSON.parse(await readFile(join(projectRoot, 'functions/azure/host.json'), 'utf8')),
    onLog: () => {},
  })
  ending.push(() => app.stop())
  const triggers = await startTriggers({ app, faults: noFaults(), onLog: () => {} })
  ending.push(() => triggers.stop())
  await expectBatches(peer, jsonBytes)
})
