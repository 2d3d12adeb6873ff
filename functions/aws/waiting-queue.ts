/**
 * Where a message waits that must not hold up its shard: an SQS queue for each peer. It comes back to forward every few
 * minutes (the queue's own delay and visibility timeout), until it may go.
 */
import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs'
import type { Clock } from '../../shared/ports/index.ts'
import { sendUntilTaken } from './backoff.ts'

/** Limit of one SendMessageBatch. */
const entriesMax = 10

export interface WaitingQueue {
  /** The indexes of the texts that were not taken. Rejects if the queue is away. */
  add(texts: readonly string[]): Promise<readonly number[]>
}

export function createWaitingQueue({
  client,
  queueUrl,
  clock,
}: {
  readonly client: SQSClient
  readonly queueUrl: string
  readonly clock: Clock
}): WaitingQueue {
  return {
    async add(texts) {
      const left: number[] = []
      for (let start = 0; start < texts.length; start += entriesMax) {
        const entries = texts
          .slice(start, start + entriesMax)
          .map((MessageBody, index) => ({ Id: String(start + index), MessageBody }))
        const refused = await sendUntilTaken(
          entries,
          async due => {
            const { Failed = [] } = await client.send(
              new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: [...due] }),
            )
            const failed = new Set(Failed.map(({ Id }) => Id))
            return due.filter(({ Id }) => failed.has(Id))
          },
          clock,
        )
        left.push(...refused.map(({ Id }) => Number(Id)))
      }
      return left
    },
  }
}
