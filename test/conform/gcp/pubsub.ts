/**
 * Pub/Sub, the bus of a Google site: publish sends messages, forward is handed them and nacks what a peer cannot take.
 *
 * Sources: https://cloud.google.com/pubsub/quotas#resource_limits and
 * https://cloud.google.com/pubsub/docs/subscription-properties
 */
import {
  type CreateSubscriptionOptions,
  type Message,
  PubSub,
  type Subscription,
  type Topic,
  v1,
} from '@google-cloud/pubsub'
import { type Behaviour, type Bench, defineSuite } from '../behaviour.ts'
import { equal, eventually, holds, numbers, refused } from '../expectations.ts'
import { emulatorHost, generatedClientSettings, grpcStatus, projectId } from './access.ts'

interface PubSubTarget {
  readonly subscriber: v1.SubscriberClient
  /** Each row has a topic of its own. */
  topic(options?: CreateSubscriptionOptions): Promise<{ readonly topic: Topic; readonly subscription: Subscription }>
  subscribe(topic: Topic): Promise<Subscription>
  close(): Promise<void>
}

const variable = 'PUBSUB_EMULATOR_HOST'
const deliveredMsMax = 30_000
const messageBytesMax = 10_000_000
const attributeBytesMax = 1024

const behaviours: readonly Behaviour<PubSubTarget>[] = [
  {
    name: '50 messages with attributes, two subscriptions',
    expected: 'each subscription gets every message at least once, with bytes, attributes, id and time',
    why: 'one change goes to every peer',
    async run({ topic: create, subscribe }) {
      const { topic, subscription } = await create()
      const other = await subscribe(topic)
      const before = Date.now()
      const data = Buffer.from([0, 255, 128])
      const ids = await Promise.all(
        numbers(50).map(n => topic.publishMessage({ data, attributes: { origin: 'gcp-ü', n: String(n) } })),
      )
      for (const each of [subscription, other]) {
        const received = await receive(each, messages => new Set(messages.map(({ id }) => id)).size >= 50)
        equal([...new Set(received.map(({ id }) => id))].toSorted(), ids.toSorted(), 'ids')
        const message = received.find(({ attributes }) => attributes.n === '7')
        equal(message?.attributes, { origin: 'gcp-ü', n: '7' }, 'attributes')
        equal(message && [...message.data], [...data], 'bytes')
        holds(Math.abs((message?.publishTime.getTime() ?? 0) - before) < 60_000, 'publish time')
      }
    },
  },
  {
    name: 'a message that is left alone, one that is acknowledged, one whose deadline is moved to 60 s',
    expected: 'only the first comes again, after the ack deadline of 10 s',
    why: 'a function that dies loses no change',
    async run({ topic: create, subscriber }) {
      const { topic, subscription } = await create({ ackDeadlineSeconds: 10 })
      for (const text of ['left', 'done', 'moved']) await topic.publishMessage({ data: Buffer.from(text) })
      const startedAt = Date.now()
      const leases = new Map<string, string>()
      await eventually(async () => {
        for (const { text, ackId } of await pull(subscriber, subscription)) leases.set(text, ackId)
        equal([...leases.keys()].toSorted(), ['done', 'left', 'moved'], 'pulled')
      }, deliveredMsMax)
      const ackIds = (text: string) => [leases.get(text) ?? '']
      const name = { subscription: subscription.name }
      await subscriber.acknowledge({ ...name, ackIds: ackIds('done') })
      await subscriber.modifyAckDeadline({ ...name, ackIds: ackIds('moved'), ackDeadlineSeconds: 60 })
      const again = await eventually(async () => {
        const messages = await pull(subscriber, subscription)
        holds(messages.length > 0, 'nothing came again')
        return messages
      }, deliveredMsMax)
      equal(
        again.map(({ text }) => text),
        ['left'],
        'again',
      )
      holds(Date.now() - startedAt >= 9_500, `again after ${Date.now() - startedAt} ms`)
    },
  },
  {
    name: 'a message that is nacked twice',
    expected: 'comes again each time until it is acknowledged',
    why: 'a change waits for a peer that cannot take it',
    async run({ topic: create }) {
      const { topic, subscription } = await create()
      await topic.publishMessage({ data: Buffer.from('change') })
      const received = await receive(
        subscription,
        messages => messages.length >= 3,
        (message, count) => (count < 3 ? message.nack() : message.ack()),
      )
      equal(received.map(textOf), ['change', 'change', 'change'], 'deliveries')
    },
  },
  {
    name: 'a retry policy with a minimum of 2 s',
    expected: 'the nacked message is held back that long',
    why: 'a peer that is down is not asked in a tight loop',
    async run({ topic: create }) {
      const retryPolicy = { minimumBackoff: { seconds: 2 }, maximumBackoff: { seconds: 10 } }
      const { topic, subscription } = await create({ retryPolicy })
      await topic.publishMessage({ data: Buffer.from('change') })
      const times: number[] = []
      await receive(
        subscription,
        messages => messages.length >= 2,
        (message, count) => {
          times.push(Date.now())
          if (count < 2) message.nack()
          else message.ack()
        },
      )
      const heldMs = (times[1] ?? 0) - (times[0] ?? 0)
      holds(heldMs >= 1_500, `held back ${heldMs} ms`)
    },
  },
  {
    name: '120 messages pulled in batches of 50',
    expected: 'no batch is larger, every message comes',
    why: 'forward drains more than the one message that a trigger hands over',
    async run({ topic: create, subscriber }) {
      const { topic, subscription } = await create()
      await Promise.all(numbers(120).map(n => topic.publishMessage({ data: Buffer.from(String(n)) })))
      const texts = new Set<string>()
      await eventually(async () => {
        const messages = await pull(subscriber, subscription, 50)
        holds(messages.length <= 50, `a batch of ${messages.length}`)
        for (const { text } of messages) texts.add(text)
        const ackIds = messages.map(({ ackId }) => ackId)
        if (ackIds.length > 0) await subscriber.acknowledge({ subscription: subscription.name, ackIds })
        equal(texts.size, 120, 'messages')
      }, deliveredMsMax)
    },
  },
  {
    name: 'a subscription that is made after a message',
    expected: 'gets only what comes later',
    why: 'a peer that joins is brought up by full state, not by old messages',
    async run({ topic: create, subscribe }) {
      const { topic } = await create()
      await topic.publishMessage({ data: Buffer.from('before') })
      const late = await subscribe(topic)
      await topic.publishMessage({ data: Buffer.from('after') })
      equal((await receive(late, messages => messages.length >= 1)).map(textOf), ['after'], 'messages')
    },
  },
  {
    name: 'a message of nearly 10 MB, and one over it',
    expected: 'the first arrives whole, the second is refused with INVALID_ARGUMENT',
    why: 'larger changes travel as claim checks',
    async run({ topic: create }) {
      const { topic, subscription } = await create()
      const bytes = messageBytesMax - 10_000
      await topic.publishMessage({ data: Buffer.alloc(bytes, 'x') })
      equal((await receive(subscription, messages => messages.length >= 1))[0]?.data.length, bytes, 'bytes')
      await refused(topic.publishMessage({ data: Buffer.alloc(messageBytesMax + 1) }), grpcStatus.invalidArgument)
    },
  },
  {
    name: 'an attribute of 1,024 bytes, one of 1,025, a message with neither data nor attributes',
    expected: 'the first arrives, the others are refused with INVALID_ARGUMENT',
    why: 'what filters need of a change rides in attributes',
    async run({ topic: create }) {
      const { topic, subscription } = await create()
      await topic.publishMessage({ attributes: { longest: 'x'.repeat(attributeBytesMax) } })
      const [message] = await receive(subscription, messages => messages.length >= 1)
      equal(message?.attributes.longest?.length, attributeBytesMax, 'bytes')
      const attributes = { longer: 'x'.repeat(attributeBytesMax + 1) }
      await refused(topic.publishMessage({ attributes }), grpcStatus.invalidArgument)
      await refused(topic.publishMessage({ data: Buffer.alloc(0) }), grpcStatus.invalidArgument)
    },
  },
]

function textOf({ data }: Message): string {
  return data.toString()
}

/** Listens until `enough`; acknowledges, unless `settle` does otherwise with the n-th delivery. */
async function receive(
  subscription: Subscription,
  enough: (messages: readonly Message[]) => boolean,
  settle: (message: Message, count: number) => void = message => message.ack(),
): Promise<readonly Message[]> {
  const messages: Message[] = []
  const errors: Error[] = []
  subscription.on('error', error => errors.push(error))
  subscription.on('message', (message: Message) => {
    messages.push(message)
    settle(message, messages.length)
  })
  try {
    await eventually(() => {
      const [error] = errors
      if (error) throw error
      holds(enough(messages), `only ${messages.length} deliveries`)
    }, deliveredMsMax)
    return messages
  } finally {
    await subscription.close()
  }
}

async function pull(subscriber: v1.SubscriberClient, { name }: Subscription, maxMessages = 100) {
  const [{ receivedMessages }] = await subscriber.pull({ subscription: name, maxMessages, returnImmediately: true })
  return (receivedMessages ?? []).map(({ ackId, message }) => ({
    ackId: ackId ?? '',
    text: Buffer.from(message?.data ?? '').toString(),
  }))
}

export const pubsub = defineSuite<PubSubTarget>({
  service: 'pubsub',
  clients: ['@google-cloud/pubsub'],
  creates: 'nine Pub/Sub topics and ten subscriptions; about 50 MB of messages, inside the free tier',
  behaviours,
  prepare,
})

async function prepare({ environment, prefix, created }: Bench): Promise<PubSubTarget> {
  const host = emulatorHost(environment, variable)
  const pubsub = new PubSub({ projectId: projectId(environment), ...(host === undefined ? {} : { apiEndpoint: host }) })
  const settings = generatedClientSettings(environment, variable)
  const [publisher, subscriber] = [new v1.PublisherClient(settings), new v1.SubscriberClient(settings)]
  let count = 0
  const subscribe = async (topic: Topic, options: CreateSubscriptionOptions = {}) => {
    const name = `${prefix}-subscription-${++count}`
    const path = `projects/${projectId(environment)}/subscriptions/${name}`
    created(`Pub/Sub subscription ${name}`, () => unlessAbsent(subscriber.deleteSubscription({ subscription: path })))
    return (await topic.createSubscription(name, options))[0]
  }
  return {
    subscriber,
    subscribe,
    async topic(options) {
      const name = `${prefix}-topic-${++count}`
      const path = `projects/${projectId(environment)}/topics/${name}`
      created(`Pub/Sub topic ${name}`, () => unlessAbsent(publisher.deleteTopic({ topic: path })))
      const [topic] = await pubsub.createTopic(name)
      topic.setPublishOptions({ batching: { maxMilliseconds: 1 } })
      return { topic, subscription: await subscribe(topic, options) }
    },
    async close() {
      await Promise.all([pubsub.close(), publisher.close(), subscriber.close()])
    },
  }
}

async function unlessAbsent(removal: Promise<unknown>): Promise<void> {
  try {
    await removal
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === grpcStatus.notFound)) throw error
  }
}
