/** Dead letters: a Pub/Sub topic whose subscription of the same name keeps them until an operator pulls. */
import type { PubSub } from '@google-cloud/pubsub'
import { deadLettersName } from '../../shared/declare/resource-names.ts'
import type { DeadLetters } from '../../shared/ports/index.ts'
import { createPublisher } from './pubsub-client.ts'

export function createPubSubDeadLetters(pubsub: PubSub): DeadLetters {
  const publish = createPublisher(pubsub, deadLettersName)
  return {
    put: letter => publish([{ text: JSON.stringify(letter), attributes: { kind: letter.kind, id: letter.id } }]),
  }
}
