/** The Pub/Sub subscription of dead letters. */
import { v1 } from '@google-cloud/pubsub'
import { credentials } from '@grpc/grpc-js'
import { deadLettersName } from '../../shared/declare/resource-names.ts'
import { type TakeLetters, type TakenLetter, takingMsMax } from './dead-letter-queue.ts'
import { readDeadLetter } from './stored-json.ts'

export interface PubSubLetters {
  readonly take: TakeLetters
  close(): Promise<void>
}

/** gRPC's DEADLINE_EXCEEDED: nothing has come. */
const deadlineExceeded = 4
/** The cloud is waited for: asked without waiting it may say that there is nothing when there is. */
const waitMs = 5_000

/** `emulator`: host and port of one; undefined: the project of that name in the cloud. */
export function openPubSubLetters(site: string, project: string, emulator: string | undefined): PubSubLetters {
  const client = new v1.SubscriberClient(emulator === undefined ? {} : addressOf(emulator))
  const subscription = `projects/${project}/subscriptions/${deadLettersName}`
  const pull = async () => {
    const request = { subscription, maxMessages: 1000, returnImmediately: emulator !== undefined }
    try {
      const [{ receivedMessages }] = await client.pull(request, { timeout: waitMs })
      return receivedMessages ?? []
    } catch (error) {
      if (Object(error).code === deadlineExceeded) return []
      throw error
    }
  }
  return {
    take: async () => {
      const taken: TakenLetter[] = []
      const untilMs = Date.now() + takingMsMax
      while (Date.now() < untilMs) {
        const received = await pull()
        if (received.length === 0) break
        for (const { ackId, message } of received) {
          const ackIds = [ackId ?? '']
          taken.push({
            letter: readDeadLetter(Buffer.from(message?.data ?? '').toString(), site),
            remove: async () => void (await client.acknowledge({ subscription, ackIds })),
            release: async () => void (await client.modifyAckDeadline({ subscription, ackIds, ackDeadlineSeconds: 0 })),
          })
        }
      }
      return taken
    },
    close: () => client.close(),
  }
}

function addressOf(emulator: string) {
  const [servicePath = '', port] = emulator.split(':')
  return { servicePath, port: Number(port), sslCreds: credentials.createInsecure() }
}
