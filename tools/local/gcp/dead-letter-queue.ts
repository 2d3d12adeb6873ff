/** The Pub/Sub subscription of dead letters. */
import { v1 } from '@google-cloud/pubsub'
import { credentials } from '@grpc/grpc-js'
import { deadLettersName } from '../../../shared/declare/resource-names.ts'
import type { TakeLetters, TakenLetter } from '../dead-letter-queue.ts'
import { readDeadLetter } from '../stored-json.ts'

export interface PubSubLetters {
  readonly take: TakeLetters
  close(): Promise<void>
}

export function openPubSubLetters(host: string, project: string): PubSubLetters {
  const [servicePath, port] = host.split(':')
  const client = new v1.SubscriberClient({
    servicePath: servicePath ?? '',
    port: Number(port),
    sslCreds: credentials.createInsecure(),
  })
  const subscription = `projects/${project}/subscriptions/${deadLettersName}`
  return {
    take: async () => {
      const taken: TakenLetter[] = []
      for (;;) {
        const [{ receivedMessages }] = await client.pull({ subscription, maxMessages: 1000, returnImmediately: true })
        if (!receivedMessages || receivedMessages.length === 0) return taken
        for (const { ackId, message } of receivedMessages) {
          const ackIds = [ackId ?? '']
          taken.push({
            letter: readDeadLetter(Buffer.from(message?.data ?? '').toString()),
            remove: async () => void (await client.acknowledge({ subscription, ackIds })),
            release: async () => void (await client.modifyAckDeadline({ subscription, ackIds, ackDeadlineSeconds: 0 })),
          })
        }
      }
    },
    close: () => client.close(),
  }
}
