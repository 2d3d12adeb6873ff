/**
 * Dead letters: a Storage queue. A letter that is too large for a message goes whole into the audit container, where it
 * does not expire, and the message says where it is. It is stored before the message, so that none points nowhere.
 */
import type { Container } from '@azure/cosmos'
import type { QueueServiceClient } from '@azure/storage-queue'
import { deadLettersName } from '../../shared/declare/resource-names.ts'
import type { DeadLetters } from '../../shared/ports/index.ts'
import type { DeadLetter } from '../../shared/replicate/dead-letter.ts'
import { packText } from './packed-text.ts'
import { fitsMessage, sendText } from './queue-client.ts'

const neverExpires = -1

/** How much of the reason stands in the message of a letter that is elsewhere. */
const reasonCharactersMax = 1_000

/** `audit`: the container of the audit store, in which these letters are a shard of their own. */
export function createQueueDeadLetters(queues: QueueServiceClient, audit: Container): DeadLetters {
  const queue = queues.getQueueClient(deadLettersName)
  return {
    async put(letter) {
      const text = JSON.stringify(letter)
      if (fitsMessage(text)) return sendText(queue, text)
      await audit.items.upsert(await storedLetter(letter, text))
      return sendText(queue, JSON.stringify(referenceTo(letter, audit.id)))
    },
  }
}

async function storedLetter({ kind, id, site, atMs }: DeadLetter, text: string) {
  return { id, shard: deadLettersName, kind, site, atMs, packed: await packText(text), ttl: neverExpires }
}

function referenceTo({ kind, id, site, reason, atMs }: DeadLetter, container: string) {
  const stored = { container, shard: deadLettersName, id }
  return { kind, id, site, reason: reason.slice(0, reasonCharactersMax), atMs, stored }
}
