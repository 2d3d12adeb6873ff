/** What is published to the dead-letter topic: the message with attributes that say where it comes from. */
import type { PubSubMessage } from './message.ts'
import { parseResourceName } from './resource-names.ts'
import type { PublishedContent } from './topic.ts'

/** Source: https://cloud.google.com/pubsub/docs/dead-letter-topics#how_dead_letter_topics_work */
export function toDeadLetter(message: PubSubMessage, attempts: number, subscription: string): PublishedContent {
  const { project, id } = parseResourceName('subscriptions', subscription)
  return {
    data: message.data,
    orderingKey: message.orderingKey,
    attributes: {
      ...message.attributes,
      CloudPubSubDeadLetterSourceDeliveryCount: String(attempts),
      CloudPubSubDeadLetterSourceSubscription: id,
      CloudPubSubDeadLetterSourceSubscriptionProject: project,
      CloudPubSubDeadLetterSourceTopicPublishTime: new Date(message.publishTimeMs).toISOString().replace('Z', '+00:00'),
    },
  }
}
