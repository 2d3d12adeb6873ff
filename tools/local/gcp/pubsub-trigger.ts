/**
 * Delivers the messages of a local Pub/Sub subscription to a function, one message per call, as the Eventarc trigger
 * of a Google Cloud function does.
 *
 * A 2xx acknowledges the message; anything else hands it back, and the subscription decides when it comes again, keeps
 * the order within an ordering key and counts attempts. Nothing is kept here but what is being delivered.
 */
import { type DeliveryFaults, noFaults } from '../runtime/delivery-faults.ts'
import type { Delivery, PubSubServer } from '../servers/pubsub/pubsub-server.ts'
import { type CloudEvent, cloudEventToRequest } from './cloud-event.ts'
import type { CloudFunction } from './cloud-function.ts'
import { EventDelivery } from './event-delivery.ts'
import type { TriggerStatus } from './trigger-status.ts'

const MAX_IN_FLIGHT = 20

export interface PubSubTriggerOptions {
  /** Name of the trigger, for its log lines. */
  readonly name: string
  readonly pubsub: Pick<PubSubServer, 'consume'>
  readonly cloudFunction: Pick<CloudFunction, 'request'>
  /** `projects/<p>/topics/<t>` */
  readonly topic: string
  /**
   * `projects/<p>/subscriptions/<s>`. Give it a retry policy, else what failed comes back at once, and an ack deadline
   * longer than the function's timeout (the cloud's triggers have 10 s to 600 s, and 600 s), else it comes twice.
   */
  readonly subscription: string
  readonly onLog: (line: string) => void
  /** Default none. Read at every delivery. */
  readonly faults?: DeliveryFaults
  /** How many messages are delivered at the same time; default 20. */
  readonly maxInFlight?: number
  /** How long the cloud takes to hand one over, in ms; default 0. */
  readonly latencyMs?: number
  /** 0 to 1, default `Math.random`: decides on faults. */
  readonly random?: () => number
}

export interface PubSubTrigger {
  /** Counts what the subscription has handed over, not what still lies in it. */
  status(): TriggerStatus
  /** Takes no more messages and waits for the calls in flight; messages not yet tried are handed back. */
  stop(): Promise<void>
}

export function startPubSubTrigger(options: PubSubTriggerOptions): PubSubTrigger {
  const { name, pubsub, cloudFunction, subscription, onLog, faults = noFaults(), random = Math.random } = options
  const { maxInFlight = MAX_IN_FLIGHT, latencyMs = 0 } = options
  const delivery = new EventDelivery({ name, cloudFunction, maxInFlight, latencyMs, faults, random, onLog })

  const unsubscribe = pubsub.consume(subscription, { maxInFlight }, delivered => {
    const request = cloudEventToRequest(messagePublished(options, delivered))
    delivery.take(delivered.message.publishTimeMs, async () => {
      if ((await delivery.attempt(request)) === 'delivered') delivered.ack()
      else delivered.nack()
    })
  })
  return {
    status: () => delivery.status(),
    async stop() {
      unsubscribe()
      await delivery.stop()
    },
  }
}

/** https://github.com/googleapis/google-cloudevents/blob/main/proto/google/events/cloud/pubsub/v1/data.proto */
function messagePublished(
  { topic, subscription }: PubSubTriggerOptions,
  { message, deliveryAttempt }: Delivery,
): CloudEvent {
  const publishTime = new Date(message.publishTimeMs).toISOString()
  const body = {
    message: {
      data: message.data.toString('base64'),
      attributes: message.attributes,
      messageId: message.messageId,
      publishTime,
      ...(message.orderingKey ? { orderingKey: message.orderingKey } : {}),
    },
    subscription,
    deliveryAttempt,
  }
  return {
    id: message.messageId,
    type: 'google.cloud.pubsub.topic.v1.messagePublished',
    source: `//pubsub.googleapis.com/${topic}`,
    time: publishTime,
    extensions: {},
    dataContentType: 'application/json',
    data: Buffer.from(JSON.stringify(body)),
  }
}
