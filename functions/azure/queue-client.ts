/**
 * Storage queues, as the bus and the dead letters use them: text in Base64, as the Functions host expects it, kept
 * until it is taken (a message is otherwise deleted after seven days, which an outage of a peer may well last).
 */
import { type QueueClient, QueueServiceClient } from '@azure/storage-queue'
import type { Account } from './account.ts'
import { messageBytesMax } from './message-bytes.ts'

const neverExpires = -1

/** Three attempts within about five seconds: the trigger tries again anyway. */
const retryOptions = { maxTries: 3, tryTimeoutInMs: 1_500, retryDelayInMs: 100, maxRetryDelayInMs: 400 }

/** A text is a connection string. */
export function createQueueService(account: Account): QueueServiceClient {
  if (typeof account === 'string') return QueueServiceClient.fromConnectionString(account, { retryOptions })
  return new QueueServiceClient(account.endpoint, account.credential, { retryOptions })
}

export function fitsMessage(text: string): boolean {
  return Buffer.byteLength(text) <= messageBytesMax
}

/** `delayS`: seconds until the message can be taken. */
export async function sendText(queue: QueueClient, text: string, delayS = 0): Promise<void> {
  const body = Buffer.from(text).toString('base64')
  await queue.sendMessage(body, { messageTimeToLive: neverExpires, visibilityTimeout: delayS })
}
