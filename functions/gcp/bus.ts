/** The bus: a Pub/Sub topic, with a subscription for every peer. A change larger than a message travels as a claim. */
import type { PubSub } from '@google-cloud/pubsub'
import { changesName } from '../../shared/declare/resource-names.ts'
import type { Bus } from '../../shared/ports/index.ts'
import type { ChangeEvent } from '../../shared/replicate/change-event.ts'
import { busText } from '../../shared/replicate/claim.ts'
import { createPublisher, type OutgoingMessage } from './pubsub-client.ts'

/** Of a message's data. A request holds 10 MB, attributes and framing included (https://cloud.google.com/pubsub/quotas). */
const messageBytesMax = 9_500_000

export function createPubSubBus(pubsub: PubSub): Bus {
  const publish = createPublisher(pubsub, changesName)
  return { publish: events => publish(events.map(messageOf)) }
}

function messageOf(event: ChangeEvent): OutgoingMessage {
  const { type, origin } = event.change
  const text = busText(event, candidate => Buffer.byteLength(candidate) <= messageBytesMax)
  return { text, attributes: { type, origin } }
}
