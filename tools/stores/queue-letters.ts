/** The Storage queue of dead letters. A letter too large for a message is in the audit container; its message says where. */
import type { CosmosClient } from '@azure/cosmos'
import type { QueueServiceClient } from '@azure/storage-queue'
import { z } from 'zod'
import { unpackText } from '../../functions/azure/packed-text.ts'
import { cosmosDatabaseName, deadLettersName } from '../../shared/declare/resource-names.ts'
import type { DeadLetter } from '../../shared/replicate/dead-letter.ts'
import { type TakeLetters, type TakenLetter, takingMsMax } from './dead-letter-queue.ts'
import { readDeadLetter } from './stored-json.ts'

/** How long a message is ours; far longer than a replay takes. */
const heldS = 60

const storedElsewhere = z.object({ stored: z.object({ container: z.string(), shard: z.string(), id: z.string() }) })

export function takeQueueLetters(site: string, queues: QueueServiceClient, cosmos: CosmosClient): TakeLetters {
  const queue = queues.getQueueClient(deadLettersName)
  return async () => {
    const taken: TakenLetter[] = []
    const untilMs = Date.now() + takingMsMax
    while (Date.now() < untilMs) {
      const received = await queue.receiveMessages({ numberOfMessages: 32, visibilityTimeout: heldS })
      if (received.receivedMessageItems.length === 0) break
      for (const { messageId, popReceipt, messageText } of received.receivedMessageItems) {
        taken.push({
          letter: await letterIn(Buffer.from(messageText, 'base64').toString(), site, cosmos),
          remove: async () => void (await queue.deleteMessage(messageId, popReceipt)),
          release: async () => void (await queue.updateMessage(messageId, popReceipt, messageText, 0)),
        })
      }
    }
    return taken
  }
}

async function letterIn(text: string, site: string, cosmos: CosmosClient): Promise<DeadLetter> {
  const stored = placeIn(text)
  if (!stored) return readDeadLetter(text, site)
  const { container, shard, id } = stored
  const { resource } = await cosmos
    .database(cosmosDatabaseName)
    .container(container)
    .item(id, shard)
    .read<{ packed: string }>()
  return readDeadLetter(resource ? await unpackText(resource.packed) : text, site)
}

/** Undefined: the letter is in the message itself, or the message is none of ours. */
function placeIn(text: string) {
  try {
    return storedElsewhere.safeParse(JSON.parse(text)).data?.stored
  } catch {
    return undefined
  }
}
