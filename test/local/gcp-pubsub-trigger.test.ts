/** Pub/Sub messages from the official client's publish to the function: through the local server and the real framework. */
import { setTimeout as sleep } from 'node:timers/promises'
import { PubSub } from '@google-cloud/pubsub'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type CloudFunction, createCloudFunction } from '../../tools/local/gcp/cloud-function.ts'
import {
  type PubSubTrigger,
  type PubSubTriggerOptions,
  startPubSubTrigger,
} from '../../tools/local/gcp/pubsub-trigger.ts'
import { noFaults } from '../../tools/local/runtime/delivery-faults.ts'
import { type PubSubServer, startPubSubServer } from '../../tools/local/servers/pubsub/pubsub-server.ts'
import { type BundleFolder, createBundleFolder } from './gcp-function-bundle.ts'

/** Fails a message as often as its attribute `failures` says, and takes as long as its attribute `workMs` says. */
const SOURCE = `
  import { cloudEvent } from '@google-cloud/functions-framework'
  const tell = record => console.log(JSON.stringify(record))
  cloudEvent('forward', async event => {
    const { message, deliveryAttempt } = event.data
    const { failures = 0, workMs = 0 } = message.attributes
    const text = Buffer.from(message.data, 'base64').toString()
    tell({ kind: 'started', text })
    await new Promise(resolve => setTimeout(resolve, Number(workMs)))
    if (deliveryAttempt <= Number(failures)) throw new Error('no luck with ' + text)
    tell({ kind: 'handled', text, event })
  })
`

interface Told {
  readonly kind: 'started' | 'handled'
  readonly text: string
  readonly event: unknown
}

let folder: BundleFolder
let server: PubSubServer
let pubsub: PubSub
let forward: CloudFunction
let told: Told[] = []
const triggers: PubSubTrigger[] = []
let topicName = ''
let subscriptionName = ''
let names = 0

beforeAll(async () => {
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none')
  folder = await createBundleFolder()
  server = await startPubSubServer()
  pubsub = new PubSub({ projectId: 'local', apiEndpoint: server.host })
  forward = createCloudFunction({
    name: 'forward',
    bundle: await folder.bundle(SOURCE),
    target: 'forward',
    environment: {},
    onLog: line => line.startsWith('{') && told.push(JSON.parse(line)),
  })
  await forward.warm()
})

beforeEach(async () => {
  told = []
  names += 1
  const [topic] = await pubsub.createTopic(`changes-${names}`)
  const [subscription] = await topic.createSubscription(`forward-${names}`, {
    enableMessageOrdering: true,
    ackDeadlineSeconds: 600,
    retryPolicy: { minimumBackoff: { nanos: 50_000_000 }, maximumBackoff: { seconds: 3 } },
  })
  topicName = topic.name
  subscriptionName = subscription.name
})

afterEach(async () => {
  await Promise.all(triggers.splice(0).map(trigger => trigger.stop()))
})

afterAll(async () => {
  await forward.stop()
  await pubsub.close()
  await server.stop()
  await folder.remove()
  vi.unstubAllEnvs()
})

function start(options: Partial<PubSubTriggerOptions> = {}): PubSubTrigger {
  const trigger = startPubSubTrigger({
    name: 'forward',
    pubsub: server,
    cloudFunction: forward,
    topic: topicName,
    subscription: subscriptionName,
    onLog: () => undefined,
    ...options,
  })
  triggers.push(trigger)
  return trigger
}

function publish(text: string, attributes: Record<string, string> = {}, orderingKey = ''): Promise<string> {
  const topic = pubsub.topic(topicName, { messageOrdering: true, batching: { maxMilliseconds: 1 } })
  return topic.publishMessage({ data: Buffer.from(text), attributes, orderingKey })
}

const handled = () => told.filter(({ kind }) => kind === 'handled')

const textsHandled = () => handled().map(({ text }) => text)

function eventually(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 15_000, interval: 10 })
}

describe('a message', () => {
  test('reaches the function with its data, attributes and ordering key, as the event of the cloud', async () => {
    start()
    const messageId = await publish('{"sku":"ä"}', { origin: 'gcp-us-central1' }, 'carts#alice')
    await eventually(() => expect(handled()).toHaveLength(1))
    expect(handled()[0]?.event).toEqual({
      id: messageId,
      specversion: '1.0',
      type: 'google.cloud.pubsub.topic.v1.messagePublished',
      source: `//pubsub.googleapis.com/${topicName}`,
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/),
      data: {
        message: {
          data: Buffer.from('{"sku":"ä"}').toString('base64'),
          attributes: { origin: 'gcp-us-central1' },
          messageId,
          publishTime: expect.stringMatching(/Z$/),
          orderingKey: 'carts#alice',
        },
        subscription: subscriptionName,
        deliveryAttempt: 1,
      },
    })
  })

  test('comes alone, however many wait', async () => {
    const texts = Array.from({ length: 30 }, (_, n) => `m-${n}`)
    await Promise.all(texts.map(text => publish(text)))
    const trigger = start()
    await eventually(() => expect(handled()).toHaveLength(30))
    expect(textsHandled().sort()).toEqual(texts.sort())
    await eventually(() => expect(trigger.status()).toMatchObject({ backlog: 0, failures: 0, lastError: undefined }))
  })

  test('is acknowledged by a 2xx: it does not come to the next trigger', async () => {
    const first = start()
    await publish('once')
    await eventually(() => expect(handled()).toHaveLength(1))
    await first.stop()
    start()
    await publish('next')
    await eventually(() => expect(textsHandled()).toEqual(['once', 'next']))
  })
})

describe('a function that fails', () => {
  test('gets the message again until it passes: its key waits, other keys do not', async () => {
    const trigger = start()
    await publish('alice 1', { failures: '3' }, 'alice')
    await publish('alice 2', {}, 'alice')
    await publish('bob 1', {}, 'bob')
    await publish('no key')
    await eventually(() => expect(handled()).toHaveLength(4))
    const texts = textsHandled()
    expect(texts.slice(0, 2).sort()).toEqual(['bob 1', 'no key'])
    expect(texts.slice(2)).toEqual(['alice 1', 'alice 2'])
    expect(trigger.status()).toMatchObject({ failures: 3, lastError: expect.stringContaining('no luck with alice 1') })
  })

  test('killed in the middle of messages it gets them again', async () => {
    start()
    const before = forward.starts
    await Promise.all(['a', 'b', 'c'].map(text => publish(text, { workMs: '400' })))
    await eventually(() => expect(told).toHaveLength(3))
    await forward.kill()
    await eventually(() => expect(textsHandled().sort()).toEqual(['a', 'b', 'c']))
    expect(forward.starts).toBe(before + 1)
  })
})

describe('deliveries', () => {
  test('are made twice on request', async () => {
    start({ faults: { ...noFaults(), duplicate: 1 } })
    await publish('a')
    await eventually(() => expect(textsHandled()).toEqual(['a', 'a']))
  })

  test('overtake one another on request, but never within an ordering key', async () => {
    start({ faults: { ...noFaults(), reorder: 1 } })
    const unordered = Array.from({ length: 15 }, (_, n) => `free-${String(n).padStart(2, '0')}`)
    const ordered = ['key-1', 'key-2', 'key-3']
    for (const text of unordered) await publish(text)
    for (const text of ordered) await publish(text, {}, 'key')
    await eventually(() => expect(handled()).toHaveLength(18))
    const free = textsHandled().filter(text => text.startsWith('free'))
    expect(free).not.toEqual(unordered)
    expect(free.sort()).toEqual(unordered)
    expect(textsHandled().filter(text => text.startsWith('key'))).toEqual(ordered)
  })

  test('wait while paused', async () => {
    const faults = { ...noFaults(), paused: true }
    const trigger = start({ faults })
    await publish('a')
    await sleep(200)
    expect(told).toEqual([])
    expect(trigger.status().backlog).toBe(1)
    expect(trigger.status().lagMs).toBeGreaterThan(150)
    faults.paused = false
    await eventually(() => expect(textsHandled()).toEqual(['a']))
  })

  test('end with the trigger: the call in flight is waited for, what was not tried goes back to the subscription', async () => {
    const trigger = start({ maxInFlight: 1 })
    await publish('a', { workMs: '300' })
    await eventually(() => expect(told).toHaveLength(1))
    await publish('b')
    await trigger.stop()
    await eventually(() => expect(textsHandled()).toEqual(['a']))
    const held = start({ faults: { ...noFaults(), paused: true } })
    await eventually(() => expect(held.status().backlog).toBe(1))
    await held.stop()
    expect(told.map(({ text }) => text)).not.toContain('b')
    start()
    await eventually(() => expect(textsHandled()).toEqual(['a', 'b']))
  })
})
