/**
 * The bus: a Storage queue for every peer, into which each change goes that the peer may hold. A change larger than a
 * message travels as a claim.
 */
import type { QueueServiceClient } from '@azure/storage-queue'
import { forwardName } from '../../shared/declare/resource-names.ts'
import { peersOf } from '../../shared/declare/sync-plan.ts'
import type { Bus } from '../../shared/ports/index.ts'
import { busText } from '../../shared/replicate/claim.ts'
import { dataTypeOf, type Here } from '../../shared/replicate/here.ts'
import { firstMessage, fitsQueue, writeMessage } from './forward-message.ts'
import { sendText } from './queue-client.ts'

/** A publish that fails half-way is repeated whole: a change that is sent twice is a duplicate at the peer. */
export function createQueueBus(queues: QueueServiceClient, here: Here): Bus {
  const peers = peersOf(here.plan, here.site).map(({ id }) => ({ id, queue: queues.getQueueClient(forwardName(id)) }))
  return {
    async publish(events) {
      const sendings = events.flatMap(event => {
        const { sites } = dataTypeOf(here, event.change.type).plan
        const text = writeMessage(firstMessage(busText(event, fitsQueue)))
        return peers.filter(({ id }) => sites.includes(id)).map(({ queue }) => sendText(queue, text))
      })
      await Promise.all(sendings)
    },
  }
}
