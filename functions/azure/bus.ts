/**
 * The bus: a Storage queue for every peer, into which each change goes that the peer may hold, together with those that are
 * published with it. A change larger than a message travels as a claim.
 */
import type { QueueServiceClient } from '@azure/storage-queue'
import { forwardName } from '../../shared/declare/resource-names.ts'
import { peersOf } from '../../shared/declare/sync-plan.ts'
import type { Bus } from '../../shared/ports/index.ts'
import { busText } from '../../shared/replicate/claim.ts'
import { dataTypeOf, type Here } from '../../shared/replicate/here.ts'
import { fitsQueue, messagesOf, writeMessage } from './forward-message.ts'
import { sendText } from './queue-client.ts'

/** A publish that fails half-way is repeated whole: a change that is sent twice is a duplicate at the peer. */
export function createQueueBus(queues: QueueServiceClient, here: Here): Bus {
  const peers = peersOf(here.plan, here.site).map(({ id }) => ({ id, queue: queues.getQueueClient(forwardName(id)) }))
  return {
    async publish(events) {
      const texts = events.map(event => ({
        sites: dataTypeOf(here, event.change.type).plan.sites,
        text: busText(event, fitsQueue),
      }))
      const sendings = peers.flatMap(({ id, queue }) => {
        const ofPeer = texts.filter(({ sites }) => sites.includes(id))
        return messagesOf(ofPeer.map(({ text }) => text)).map(message => sendText(queue, writeMessage(message)))
      })
      await Promise.all(sendings)
    },
  }
}
