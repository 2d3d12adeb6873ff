/**
 * The messages of a Pub/Sub that is not ours, for its triggers: streaming pull with the official client, which keeps the
 * leases alive while functions work.
 *
 * Two things differ from our own server's in-process consumers, as far as a pull can tell: attempts are counted only
 * where the subscription has a dead-letter policy, and the order within a key is the client's.
 */
import { Duration, type Message, PubSub, SubscriptionCloseBehaviors } from '@google-cloud/pubsub'
import type { Delivery, PubSubServer } from '../servers/pubsub/pubsub-server.ts'

/** Acknowledgements are sent together after this time; the client's own 100 ms would add to every retry. */
const settleWithinMs = 10

const reopenAfterMs = 500

/** How long a stop waits for what functions are still working on; the rest is handed back. */
const closeWithin = Duration.from({ seconds: 5 })

export interface PubSubPullSourceOptions {
  /** `localhost:8085`, as in `PUBSUB_EMULATOR_HOST`: without TLS. */
  readonly host: string
  readonly project: string
  readonly onLog: (line: string) => void
}

export interface PubSubPullSource extends Pick<PubSubServer, 'consume'> {
  /** Ends every consumer. Resolves when what they settled has been sent. */
  stop(): Promise<void>
}

export function createPubSubPullSource({ host, project, onLog }: PubSubPullSourceOptions): PubSubPullSource {
  const pubsub = new PubSub({ projectId: project, apiEndpoint: host })
  const closings = new Map<() => void, () => Promise<void>>()
  return {
    consume(name, { maxInFlight }, listener) {
      const close = consume(pubsub, name, maxInFlight, listener, onLog)
      const stop = () => void close()
      closings.set(stop, close)
      return stop
    },
    async stop() {
      await Promise.all([...closings.values()].map(close => close()))
      await pubsub.close()
    },
  }
}

function consume(
  pubsub: PubSub,
  name: string,
  maxInFlight: number,
  listener: (delivery: Delivery) => void,
  onLog: (line: string) => void,
): () => Promise<void> {
  const subscription = pubsub.subscription(name, {
    flowControl: { maxMessages: maxInFlight },
    batching: { maxMilliseconds: settleWithinMs },
    streamingOptions: { maxStreams: 1, retryMaxBackoff: Duration.from({ seconds: 1 }) },
    closeOptions: { behavior: SubscriptionCloseBehaviors.WaitForProcessing, timeout: closeWithin },
  })
  let closing: Promise<void> | undefined
  subscription.on('message', (message: Message) => listener(deliveryOf(message)))
  subscription.on('error', (error: Error) => onLog(`pulling ${name} was interrupted: ${error.message}`))
  // It closes by itself after an error that the client does not try again, such as a subscription that is not there.
  subscription.on('close', () => {
    if (closing === undefined) setTimeout(() => closing ?? subscription.open(), reopenAfterMs)
  })
  return () => {
    closing ??= subscription.close()
    return closing
  }
}

function deliveryOf(message: Message): Delivery {
  const { id: messageId, data, attributes, orderingKey = '', publishTime, deliveryAttempt } = message
  return {
    message: { messageId, data, attributes, orderingKey, publishTimeMs: publishTime.getTime() },
    deliveryAttempt: deliveryAttempt || 1,
    ack: () => message.ack(),
    nack: () => message.nack(),
  }
}
