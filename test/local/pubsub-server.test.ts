/** The local Pub/Sub as a program meets it: through the official client, and through the in-process hook. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type CreateSubscriptionOptions, type Message, PubSub, type Subscription, v1 } from '@google-cloud/pubsub'
import { credentials } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { PubSubMessage } from '../../tools/local/servers/pubsub/message.ts'
import { type Delivery, type PubSubServer, startPubSubServer } from '../../tools/local/servers/pubsub/pubsub-server.ts'
import { QueueConsumer } from '../../tools/local/servers/pubsub/queue-consumer.ts'
import { type QueueRules, SubscriptionQueue } from '../../tools/local/servers/pubsub/subscription-queue.ts'

const PROJECT = 'local'
const STATUS = {
  INVALID_ARGUMENT: 3,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  UNIMPLEMENTED: 12,
  UNAVAILABLE: 14,
}

let server: PubSubServer
let pubsub: PubSub
let publisher: v1.PublisherClient
let subscriber: v1.SubscriberClient
let names = 0

beforeAll(async () => {
  process.env.METADATA_SERVER_DETECTION = 'none'
  server = await startPubSubServer()
  pubsub = new PubSub({ projectId: PROJECT, apiEndpoint: server.host })
  const [servicePath = '', port] = server.host.split(':')
  const options = { servicePath, port: Number(port), projectId: PROJECT, sslCreds: credentials.createInsecure() }
  publisher = new v1.PublisherClient(options)
  subscriber = new v1.SubscriberClient(options)
})

afterAll(async () => {
  await Promise.all([pubsub.close(), publisher.close(), subscriber.close()])
  await server.stop()
})

/** A topic of its own with one subscription. */
async function setUp(options: CreateSubscriptionOptions = {}) {
  names += 1
  const [topic] = await pubsub.createTopic(`topic-${names}`)
  const [subscription] = await topic.createSubscription(`subscription-${names}`, options)
  topic.setPublishOptions({ messageOrdering: true, batching: { maxMilliseconds: 1 } })
  return { topic, subscription }
}

/** All that a subscription delivers; `handle` decides what becomes of each. */
function listen(subscription: Subscription, handle: (message: Message) => void = message => message.ack()) {
  const received: Message[] = []
  const errors: unknown[] = []
  subscription.on('error', error => errors.push(error))
  subscription.on('message', (message: Message) => {
    received.push(message)
    handle(message)
  })
  return { received, errors, texts: () => received.map(text) }
}

const text = (message: Pick<Message, 'data'>) => message.data.toString()

async function pull(subscription: { readonly name: string }, maxMessages = 100) {
  const [response] = await subscriber.pull({ subscription: subscription.name, maxMessages, returnImmediately: true })
  const messages = response.receivedMessages ?? []
  return messages.map(({ ackId, message, deliveryAttempt }) => ({
    ackId: ackId ?? '',
    text: Buffer.from(message?.data ?? '').toString(),
    attributes: message?.attributes ?? {},
    deliveryAttempt,
  }))
}

const pulledTexts = async (subscription: { readonly name: string }) => (await pull(subscription)).map(m => m.text)

async function modifyAckDeadline(subscription: Subscription, ackId: string | undefined, ackDeadlineSeconds: number) {
  await subscriber.modifyAckDeadline({ subscription: subscription.name, ackIds: [ackId ?? ''], ackDeadlineSeconds })
}

function eventually<T>(check: () => T | Promise<T>, timeoutMs = 10_000) {
  return vi.waitFor(check, { timeout: timeoutMs, interval: 20 })
}

describe('topics and subscriptions', () => {
  test('are created, read, and refused when they exist or are missing', async () => {
    const { topic, subscription } = await setUp()
    expect((await topic.getMetadata())[0].name).toBe(topic.name)
    expect((await subscription.getMetadata())[0]).toMatchObject({
      topic: topic.name,
      ackDeadlineSeconds: 10,
      messageRetentionDuration: { seconds: String(7 * 86_400) },
    })
    await expect(topic.create()).rejects.toMatchObject({ code: STATUS.ALREADY_EXISTS })
    await expect(topic.createSubscription(subscription.name)).rejects.toMatchObject({ code: STATUS.ALREADY_EXISTS })
    expect(await pubsub.topic('absent').exists()).toEqual([false])
    await expect(pubsub.topic('absent').createSubscription('sub-of-absent')).rejects.toMatchObject({
      code: STATUS.NOT_FOUND,
    })
    await expect(pubsub.createTopic('googly')).rejects.toMatchObject({ code: STATUS.INVALID_ARGUMENT })
  })

  test('are listed in pages, and per topic', async () => {
    const project = `projects/paged-${names++}`
    const paged = new PubSub({ projectId: project.slice('projects/'.length), apiEndpoint: server.host })
    const [topic] = await paged.createTopic('topic-0')
    for (const id of ['topic-1', 'topic-2', 'topic-3', 'topic-4']) await paged.createTopic(id)
    for (const id of ['sub-1', 'sub-2', 'sub-3']) await topic.createSubscription(id)

    const pages: (string | undefined)[][] = []
    let pageToken: string | null | undefined
    do {
      const request = { project, pageSize: 2, pageToken: pageToken ?? '' }
      const [page, , response] = await publisher.listTopics(request, { autoPaginate: false })
      pages.push(page.map(found => found.name?.split('/').pop()))
      pageToken = response?.nextPageToken
    } while (pageToken)
    expect(pages).toEqual([['topic-0', 'topic-1'], ['topic-2', 'topic-3'], ['topic-4']])

    const request = { project, pageSize: 2 }
    const [subscriptions, next] = await subscriber.listSubscriptions(request, { autoPaginate: false })
    const [rest, last] = await subscriber.listSubscriptions({ ...request, ...next }, { autoPaginate: false })
    expect([subscriptions.length, rest.map(found => found.name), last]).toEqual([
      2,
      [`${project}/subscriptions/sub-3`],
      null,
    ])
    const [ofTopic] = await topic.getSubscriptions()
    expect(ofTopic).toHaveLength(3)
    await paged.close()
  })

  test('a subscription outlives its topic with the messages it holds', async () => {
    const { topic, subscription } = await setUp()
    await topic.publishMessage({ data: Buffer.from('kept') })
    await topic.delete()
    expect((await subscription.getMetadata())[0].topic).toBe('_deleted-topic_')
    expect(await pulledTexts(subscription)).toEqual(['kept'])
    await expect(topic.publishMessage({ data: Buffer.from('x') })).rejects.toMatchObject({ code: STATUS.NOT_FOUND })
  })

  test('settings change, but not topic, filter and order', async () => {
    const { subscription } = await setUp()
    await subscription.setMetadata({ ackDeadlineSeconds: 33 })
    expect((await subscription.getMetadata())[0].ackDeadlineSeconds).toBe(33)
    await expect(subscription.setMetadata({ filter: 'attributes:a' })).rejects.toMatchObject({
      code: STATUS.INVALID_ARGUMENT,
    })
    await expect(subscription.setMetadata({ ackDeadlineSeconds: 601 })).rejects.toMatchObject({
      code: STATUS.INVALID_ARGUMENT,
    })
  })

  test.each<[string, CreateSubscriptionOptions, number]>([
    ['an ack deadline under 10 s', { ackDeadlineSeconds: 9 }, STATUS.INVALID_ARGUMENT],
    ['a retention under 10 minutes', { messageRetentionDuration: 599 }, STATUS.INVALID_ARGUMENT],
    ['a backoff over 600 s', { retryPolicy: { maximumBackoff: { seconds: 601 } } }, STATUS.INVALID_ARGUMENT],
    ['a push endpoint that is no URL', { pushEndpoint: 'nowhere' }, STATUS.INVALID_ARGUMENT],
    ['exactly-once delivery', { enableExactlyOnceDelivery: true }, STATUS.UNIMPLEMENTED],
    ['a mixture of AND and OR', { filter: 'attributes:a AND attributes:b OR attributes:c' }, STATUS.INVALID_ARGUMENT],
    ['a filter on the data', { filter: 'data = "x"' }, STATUS.INVALID_ARGUMENT],
  ])('%s is refused', async (_, options, code) => {
    names += 1
    const [topic] = await pubsub.createTopic(`topic-${names}`)
    await expect(topic.createSubscription(`refused-${names}`, options)).rejects.toMatchObject({ code })
    expect(await pubsub.subscription(`refused-${names}`).exists()).toEqual([false])
  })

  test('deleting a subscription ends its streams with NOT_FOUND', async () => {
    const { topic, subscription } = await setUp()
    const { received, errors } = listen(subscription)
    await topic.publishMessage({ data: Buffer.from('x') })
    await eventually(() => expect(received).toHaveLength(1))
    await subscriber.deleteSubscription({ subscription: subscription.name })
    await eventually(() => expect(errors).toContainEqual(expect.objectContaining({ code: STATUS.NOT_FOUND })))
  })
})

describe('publish', () => {
  test('two subscriptions each get all messages, whole', async () => {
    const { topic, subscription } = await setUp({ enableMessageOrdering: true })
    const [other] = await topic.createSubscription(`other-${names}`)
    const before = Date.now()
    const ids: string[] = []
    for (let n = 0; n < 50; n++) {
      ids.push(await topic.publishMessage({ data: Buffer.from(`m${n}`), attributes: { n: `${n}` }, orderingKey: 'k' }))
    }
    const [a, b] = [listen(subscription), listen(other)]
    await eventually(() => {
      for (const { received } of [a, b]) expect(new Set(received.map(message => message.id))).toEqual(new Set(ids))
    })
    expect(a.received[7]).toMatchObject({ attributes: { n: '7' }, orderingKey: 'k', id: ids[7] })
    expect(a.received[7]?.publishTime.getTime()).toBeGreaterThanOrEqual(before - 1)
    await sleep(300)
    expect(a.received).toHaveLength(50)
    await Promise.all([subscription.close(), other.close()])
    expect(await pulledTexts(subscription)).toEqual([])
  })

  test('a message of nearly 10 MB passes by stream and by pull, a larger one is refused', async () => {
    const { topic, subscription } = await setUp()
    const [pulled] = await topic.createSubscription(`large-${names}`)
    await topic.publishMessage({ data: Buffer.alloc(9_900_000, 'x') })
    const { received } = listen(subscription)
    await eventually(() => expect(received[0]?.data.length).toBe(9_900_000))
    expect((await pull(pulled))[0]?.text.length).toBe(9_900_000)
    await subscription.close()
    await expect(topic.publishMessage({ data: Buffer.alloc(10_000_001) })).rejects.toMatchObject({
      code: STATUS.INVALID_ARGUMENT,
    })
  })

  test.each([
    ['an empty message', [{}]],
    ['no message at all', []],
    [
      'two ordering keys in one request',
      [
        { data: 'eA==', orderingKey: 'a' },
        { data: 'eA==', orderingKey: 'b' },
      ],
    ],
    ['an attribute value over 1024 bytes', [{ attributes: { a: 'x'.repeat(1025) } }]],
    ['a reserved attribute', [{ attributes: { googclient: 'x' } }]],
  ])('%s is refused', async (_, messages) => {
    const { topic } = await setUp()
    await expect(publisher.publish({ topic: topic.name, messages })).rejects.toMatchObject({
      code: STATUS.INVALID_ARGUMENT,
    })
  })

  test('a filter delivers what matches and settles the rest', async () => {
    const filter = 'attributes.kind = "change" AND (NOT hasPrefix(attributes.origin, "gcp-") OR attributes:"a/b")'
    const { topic, subscription } = await setUp({ filter })
    const published = {
      matching: { kind: 'change', origin: 'aws-us-east-1' },
      otherKind: { kind: 'resolution', origin: 'aws-us-east-1' },
      ownOrigin: { kind: 'change', origin: 'gcp-us-central1' },
      ownOriginMarked: { kind: 'change', origin: 'gcp-us-central1', 'a/b': '' },
      noOrigin: { kind: 'change' },
    }
    for (const [name, attributes] of Object.entries(published)) {
      await topic.publishMessage({ data: Buffer.from(name), attributes })
    }
    expect(await pulledTexts(subscription)).toEqual(['matching', 'ownOriginMarked', 'noOrigin'])
  })
})

describe('acknowledgement', () => {
  test('a nacked message comes back, an acknowledged one does not', async () => {
    const { topic, subscription } = await setUp()
    const seen = new Map<string, number>()
    const { texts } = listen(subscription, message => {
      const times = (seen.get(text(message)) ?? 0) + 1
      seen.set(text(message), times)
      if (text(message) === 'bad' && times < 3) message.nack()
      else message.ack()
    })
    await topic.publishMessage({ data: Buffer.from('good') })
    await topic.publishMessage({ data: Buffer.from('bad') })
    await eventually(() => expect(texts().toSorted()).toEqual(['bad', 'bad', 'bad', 'good']))
    await sleep(300)
    expect(texts()).toHaveLength(4)
    await subscription.close()
  })

  test('an unacknowledged message comes back after its deadline, which can be moved', async () => {
    const { topic, subscription } = await setUp()
    for (const data of ['left alone', 'shortened', 'extended']) await topic.publishMessage({ data: Buffer.from(data) })
    const start = Date.now()
    const [, shortened, extended] = await pull(subscription)
    await modifyAckDeadline(subscription, shortened?.ackId, 1)
    await modifyAckDeadline(subscription, extended?.ackId, 60)
    expect(await pull(subscription)).toEqual([])

    const returned: { text: string; afterMs: number }[] = []
    await eventually(async () => {
      for (const message of await pull(subscription)) returned.push({ ...message, afterMs: Date.now() - start })
      expect(returned).toHaveLength(2)
    }, 15_000)
    expect(returned.map(message => message.text)).toEqual(['shortened', 'left alone'])
    expect(returned[0]?.afterMs).toBeGreaterThanOrEqual(1000)
    expect(returned[0]?.afterMs).toBeLessThan(5000)
    expect(returned[1]?.afterMs).toBeGreaterThanOrEqual(10_000)

    // The first lease is over, so its acknowledgement is too late: the second delivery still counts.
    await subscriber.acknowledge({ subscription: subscription.name, ackIds: [shortened?.ackId ?? ''] })
    await eventually(async () => expect(await pulledTexts(subscription)).toContain('shortened'), 15_000)
  })

  test('the retry policy holds a failed message back, longer each time', async () => {
    const { topic, subscription } = await setUp({
      retryPolicy: { minimumBackoff: { nanos: 400e6 }, maximumBackoff: { seconds: 1 } },
    })
    const times: number[] = []
    listen(subscription, message => {
      times.push(Date.now())
      if (times.length < 5) message.nack()
      else message.ack()
    })
    await topic.publishMessage({ data: Buffer.from('x') })
    await eventually(() => expect(times).toHaveLength(5))
    const waits = times.slice(1).map((time, n) => time - (times[n] ?? 0))
    const least = [400, 800, 1000, 1000]
    waits.forEach((wait, n) => {
      expect(wait).toBeGreaterThanOrEqual(least[n] ?? 0)
      expect(wait).toBeLessThan((least[n] ?? 0) + 700)
    })
    await subscription.close()
  })

  test('a subscriber gets no more than it has room for', async () => {
    const { topic, subscription } = await setUp()
    await Promise.all(Array.from({ length: 30 }, () => topic.publishMessage({ data: Buffer.from('x') })))
    subscription.setOptions({ flowControl: { maxMessages: 7 }, streamingOptions: { maxStreams: 1 } })
    const held: Message[] = []
    const { received } = listen(subscription, message => held.push(message))
    await eventually(() => expect(received).toHaveLength(7))
    await sleep(300)
    expect(received).toHaveLength(7)
    for (const message of held.splice(0)) message.ack()
    await eventually(() => expect(received).toHaveLength(14))
    for (const message of held) message.ack()
    await subscription.close()
  })

  test('a ping on a stream is answered, else the client would drop the stream every 45 s', async () => {
    const { subscription } = await setUp()
    const stream = subscriber.streamingPull()
    let responses = 0
    stream.on('data', () => {
      responses += 1
    })
    stream.write({ subscription: subscription.name, streamAckDeadlineSeconds: 10 })
    await eventually(() => expect(responses).toBe(1))
    stream.write({})
    await eventually(() => expect(responses).toBe(2))
    stream.end()
  })
})

describe('ordering keys', () => {
  test('after a nack the message and all later ones of its key come again, in order; other keys go on', async () => {
    const { topic, subscription } = await setUp({ enableMessageOrdering: true })
    for (const data of ['a1', 'a2', 'a3', 'a4', 'b1', 'b2']) {
      await topic.publishMessage({ data: Buffer.from(data), orderingKey: data.slice(0, 1) })
    }
    let nacked = false
    const { texts } = listen(subscription, message => {
      if (text(message) !== 'a2' || nacked) return message.ack()
      nacked = true
      message.nack()
    })
    const ofKey = (key: string) => texts().filter(data => data.startsWith(key))
    await eventually(() => expect(ofKey('a')).toEqual(['a1', 'a2', 'a3', 'a4', 'a2', 'a3', 'a4']))
    expect(ofKey('b')).toEqual(['b1', 'b2'])
    await subscription.close()
    expect(await pulledTexts(subscription)).toEqual([])
  })

  test('two subscribers never overtake each other within a key, whatever they nack', async () => {
    const { topic, subscription } = await setUp({ enableMessageOrdering: true })
    const [keys, perKey] = [10, 40]
    for (let n = 0; n < perKey; n++) {
      await Promise.all(
        Array.from({ length: keys }, (_, key) =>
          topic.publishMessage({ data: Buffer.from(`${n}`), orderingKey: `key-${key}` }),
        ),
      )
    }
    const last = new Map<string, number>()
    const finished = new Set<string>()
    const replaysDue = new Set<string>()
    const overtaken: string[] = []
    let count = 0
    const handle = (message: Message) => {
      const { orderingKey = '' } = message
      const [n, before] = [Number(text(message)), last.get(orderingKey) ?? -1]
      if (n > before + 1) overtaken.push(`${orderingKey}: ${n} after ${before}`)
      last.set(orderingKey, n)
      if (n === perKey - 1) finished.add(orderingKey)
      replaysDue.delete(`${orderingKey} ${n}`)
      if (count++ % 13 !== 5) return message.ack()
      replaysDue.add(`${orderingKey} ${n}`)
      message.nack()
    }
    const second = new PubSub({ projectId: PROJECT, apiEndpoint: server.host })
    listen(subscription, handle)
    listen(second.subscription(subscription.name), handle)
    await eventually(() => expect([finished.size, replaysDue.size]).toEqual([keys, 0]), 30_000)
    expect(overtaken).toEqual([])
    expect(count).toBeGreaterThan(keys * perKey)
    await Promise.all([subscription.close(), second.close()])
  })
})

describe('dead letters', () => {
  test('after the last attempt a message goes to the dead-letter topic and says where it comes from', async () => {
    const { topic: deadLetterTopic, subscription: deadLetters } = await setUp()
    const { topic, subscription } = await setUp({
      enableMessageOrdering: true,
      deadLetterPolicy: { deadLetterTopic: deadLetterTopic.name, maxDeliveryAttempts: 5 },
    })
    const attempts: number[] = []
    const { texts } = listen(subscription, message => {
      if (text(message) === 'later') return message.ack()
      attempts.push(message.deliveryAttempt)
      message.nack()
    })
    await topic.publishMessage({ data: Buffer.from('poison'), attributes: { own: 'kept' }, orderingKey: 'k' })
    await eventually(() => expect(attempts).toEqual([1, 2, 3, 4, 5]))
    await eventually(async () => {
      const [letter] = await pull(deadLetters)
      expect(letter).toMatchObject({
        text: 'poison',
        deliveryAttempt: 0,
        attributes: {
          own: 'kept',
          CloudPubSubDeadLetterSourceDeliveryCount: '5',
          CloudPubSubDeadLetterSourceSubscription: subscription.name.split('/').pop(),
          CloudPubSubDeadLetterSourceSubscriptionProject: PROJECT,
          CloudPubSubDeadLetterSourceTopicPublishTime: expect.stringMatching(/^\d{4}-.*T.*\+00:00$/),
        },
      })
    })
    await topic.publishMessage({ data: Buffer.from('later'), orderingKey: 'k' })
    await eventually(() => expect(texts()).toContain('later'))
    expect(attempts).toHaveLength(5)
    await subscription.close()
  })

  test.each([4, 101])('%i delivery attempts are refused', async maxDeliveryAttempts => {
    const { topic } = await setUp()
    const deadLetterPolicy = { deadLetterTopic: topic.name, maxDeliveryAttempts }
    await expect(topic.createSubscription(`refused-${names}`, { deadLetterPolicy })).rejects.toMatchObject({
      code: STATUS.INVALID_ARGUMENT,
    })
  })

  test('a dead-letter topic that does not exist is refused', async () => {
    const { topic } = await setUp()
    const deadLetterPolicy = { deadLetterTopic: `projects/${PROJECT}/topics/absent` }
    await expect(topic.createSubscription(`refused-${names}`, { deadLetterPolicy })).rejects.toMatchObject({
      code: STATUS.NOT_FOUND,
    })
  })
})

describe('push', () => {
  test('posts each message wrapped, again until it is accepted, and forbids pulling', async () => {
    const bodies: { message: { data: string; attributes: object; orderingKey: string }; subscription: string }[] = []
    const endpoint = createServer(async (request, response) => {
      const chunks = await request.toArray()
      bodies.push(JSON.parse(Buffer.concat(chunks).toString()))
      response.writeHead(bodies.length < 3 ? 503 : 204).end()
    }).listen(0, '127.0.0.1')
    await eventually(() => expect(endpoint.listening).toBe(true))
    const { port } = endpoint.address() as AddressInfo

    const { topic, subscription } = await setUp({ pushEndpoint: `http://127.0.0.1:${port}/` })
    const messageId = await topic.publishMessage({ data: Buffer.from('pushed'), attributes: { a: 'b' } })
    await eventually(() => expect(bodies).toHaveLength(3))
    expect(bodies[2]).toMatchObject({
      subscription: subscription.name,
      message: { data: Buffer.from('pushed').toString('base64'), attributes: { a: 'b' }, messageId },
    })
    await expect(pull(subscription)).rejects.toMatchObject({ code: STATUS.FAILED_PRECONDITION })

    await sleep(300)
    expect(bodies).toHaveLength(3)
    await subscription.modifyPushConfig({})
    await topic.publishMessage({ data: Buffer.from('pulled') })
    expect(await pulledTexts(subscription)).toEqual(['pulled'])
    endpoint.close()
    endpoint.closeAllConnections()
  })
})

describe('outage on request', () => {
  test.each(['UNAVAILABLE', 'RESOURCE_EXHAUSTED'] as const)('%s is answered, and clients recover', async refusal => {
    const { topic, subscription } = await setUp()
    const { texts } = listen(subscription)
    await topic.publishMessage({ data: Buffer.from('before') })
    await eventually(() => expect(texts()).toEqual(['before']))

    server.refuse(refusal)
    const messages = [{ data: Buffer.from('refused') }]
    await expect(publisher.publish({ topic: topic.name, messages }, { retry: null })).rejects.toMatchObject({
      code: STATUS[refusal],
    })
    const retried = topic.publishMessage({ data: Buffer.from('after') })
    await sleep(300)
    server.refuse(undefined)
    await retried
    await eventually(() => expect(texts()).toEqual(['before', 'after']), 20_000)
    await subscription.close()
  })

  test('a pull that waits is ended too', async () => {
    const { subscription } = await setUp()
    const waiting = subscriber.pull({ subscription: subscription.name, maxMessages: 1 }, { retry: null })
    const refused = expect(waiting).rejects.toMatchObject({ code: STATUS.UNAVAILABLE })
    await sleep(200)
    server.refuse('UNAVAILABLE')
    await refused
    server.refuse(undefined)
  })
})

test('stops with streams and pulls open, and starts again on the same port', async () => {
  const first = await startPubSubServer()
  const client = new PubSub({ projectId: PROJECT, apiEndpoint: first.host })
  const [topic] = await client.createTopic('topic')
  const [subscription] = await topic.createSubscription('subscription')
  const { texts } = listen(subscription)
  await topic.publishMessage({ data: Buffer.from('x') })
  await eventually(() => expect(texts()).toEqual(['x']))
  await first.stop()

  const second = await startPubSubServer({ port: Number(first.host.split(':')[1]) })
  expect(second.host).toBe(first.host)
  expect(await topic.exists()).toEqual([false])
  await client.close()
  await second.stop()
})

describe('in-process consumer', () => {
  test('gets deliveries up to its limit, acknowledges and nacks like a remote one', async () => {
    const { topic, subscription } = await setUp()
    const deliveries: Delivery[] = []
    const stop = server.consume(subscription.name, { maxInFlight: 2 }, delivery => deliveries.push(delivery))
    for (const data of ['1', '2', '3']) await topic.publishMessage({ data: Buffer.from(data), attributes: { data } })
    await sleep(100)
    expect(deliveries.map(({ message }) => text(message))).toEqual(['1', '2'])
    deliveries[0]?.ack()
    await eventually(() => expect(deliveries).toHaveLength(3))
    deliveries[1]?.nack()
    await eventually(() => expect(deliveries).toHaveLength(4))
    expect(deliveries[3]).toMatchObject({ deliveryAttempt: 2, message: { attributes: { data: '2' } } })

    stop()
    deliveries[2]?.ack()
    deliveries[3]?.nack()
    await sleep(100)
    expect(deliveries).toHaveLength(4)
    expect(await pulledTexts(subscription)).toEqual(['2'])
  })

  test('gets one message of a key at a time', async () => {
    const { topic, subscription } = await setUp({ enableMessageOrdering: true })
    const deliveries: Delivery[] = []
    const stop = server.consume(subscription.name, { maxInFlight: 10 }, delivery => deliveries.push(delivery))
    for (const data of ['a1', 'a2', 'b1']) {
      await topic.publishMessage({ data: Buffer.from(data), orderingKey: data.slice(0, 1) })
    }
    const texts = () => deliveries.map(({ message }) => text(message))
    await eventually(() => expect(texts()).toEqual(['a1', 'b1']))
    deliveries[0]?.nack()
    await eventually(() => expect(texts()).toEqual(['a1', 'b1', 'a1']))
    deliveries[2]?.ack()
    await eventually(() => expect(texts()).toEqual(['a1', 'b1', 'a1', 'a2']))
    stop()
  })

  test('an absent subscription is an error, not a silence', () => {
    const absent = `projects/${PROJECT}/subscriptions/absent`
    expect(() => server.consume(absent, { maxInFlight: 1 }, () => undefined)).toThrow(/does not exist/)
  })
})

describe('the queue by itself, on a clock of its own', () => {
  const rules: QueueRules = { ordered: true, retentionMs: 7 * 86_400_000, backoffMs: () => 0, deadLetter: undefined }
  const consumer = () =>
    new QueueConsumer({
      maxMessages: Number.POSITIVE_INFINITY,
      maxBytes: Number.POSITIVE_INFINITY,
      onePerKey: false,
      leaseMs: () => 10_000,
    })
  const message = (n: number, orderingKey = '', publishTimeMs = 0): PubSubMessage => ({
    messageId: `${n}`,
    data: Buffer.from(`${n}`),
    attributes: {},
    orderingKey,
    publishTimeMs,
  })

  test.each(['', 'key'])('a message is kept for its retention and no longer (ordering key "%s")', orderingKey => {
    const queue = new SubscriptionQueue(rules)
    queue.publish(message(1, orderingKey, 0), 1, 0)
    queue.publish(message(2, orderingKey, 1000), 2, 1000)
    const taker = consumer()
    const first = queue.take(taker, rules.retentionMs - 1)
    expect(first?.entry.message.messageId).toBe('1')
    queue.nack(first?.id ?? '', rules.retentionMs)
    expect(queue.take(taker, rules.retentionMs)?.entry.message.messageId).toBe('2')
  })

  test('a lease ends exactly at its deadline', () => {
    const queue = new SubscriptionQueue(rules)
    queue.publish(message(1), 1, 0)
    queue.take(consumer(), 0)
    expect(queue.nextEventMs()).toBe(10_000)
    queue.advanceTo(9_999)
    expect(queue.take(consumer(), 9_999)).toBeUndefined()
    queue.advanceTo(10_000)
    expect(queue.take(consumer(), 10_000)?.deliveryAttempt).toBe(2)
  })

  test('a nacked message goes back to who has the later ones of its key, until that one is late or gone', () => {
    const queue = new SubscriptionQueue(rules)
    const [owner, other] = [consumer(), consumer()]
    const takeBy = (taker: QueueConsumer, nowMs: number) => {
      const lease = queue.take(taker, nowMs)
      return { id: lease?.id ?? '', messageId: lease?.entry.message.messageId }
    }
    queue.publish(message(1, 'key'), 1, 0)
    const first = takeBy(owner, 0)
    queue.nack(first.id, 0)
    expect(takeBy(other, 0).messageId).toBeUndefined()
    expect(takeBy(owner, 0).messageId).toBe('1')

    queue.advanceTo(10_000)
    const late = takeBy(other, 10_000)
    expect(late.messageId).toBe('1')
    queue.nack(late.id, 10_000)
    queue.detach(other, 10_000)
    expect(takeBy(owner, 10_000).messageId).toBe('1')
  })

  test('a backlog of 50,000 does not slow a publish, a nack or an acknowledgement down', () => {
    const timeFor = (count: number) => {
      const queue = new SubscriptionQueue(rules)
      const taker = consumer()
      const start = performance.now()
      for (let n = 1; n <= count; n++) queue.publish(message(n, n % 2 === 0 ? `key-${n % 100}` : ''), n, 0)
      const leases = Array.from({ length: count }, () => queue.take(taker, 0)).filter(lease => lease !== undefined)
      expect(leases).toHaveLength(count)
      for (const lease of leases.toReversed()) if (lease.entry.sequence % 3 === 1) queue.nack(lease.id, 0)
      for (const lease of leases) queue.ack(lease.id, 0)
      for (let lease = queue.take(taker, 0); lease; lease = queue.take(taker, 0)) queue.ack(lease.id, 0)
      expect(queue.nextEventMs()).toBeUndefined()
      return performance.now() - start
    }
    timeFor(1000)
    const [small, large] = [timeFor(5_000), timeFor(50_000)]
    // Ten times the messages: about ten times the work, a hundred times if any step walked the backlog.
    expect(large / small).toBeLessThan(40)
  })
})
