/** The bus: a Pub/Sub topic, with a subscription for every peer. */
import type { PubSub } from '@google-cloud/pubsub'
import { changesName } from '../../shared/declare/resource-names.ts'
import type { Bus } from '../../shared/ports/index.ts'
import { createPublisher } from './pubsub-client.ts'

export function createPubSubBus(pubsub: PubSub): Bus {
  const publish = createPublisher(pubsub, changesName)
  return {
    publish: events =>
      publish(events.map(({ change, text }) => ({ text, attributes: { type: change.type, origin: change.origin } }))),
  }
}
