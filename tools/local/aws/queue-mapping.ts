/**
 * Lambda's event source mapping for an SQS queue: receives, calls the function, deletes what it did not report as failed.
 * What failed comes again when its visibility timeout is over; how often is the queue's affair (redrive), not the
 * mapping's. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { DeleteMessageBatchCommand, type Message, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs'
import type { DeliveryFaults } from '../runtime/delivery-faults.ts'
import { failedItems } from './batch-response.ts'

export interface QueueMappingOptions {
  readonly client: SQSClient
  readonly queueUrl: string
  /** For the events: `arn:aws:sqs:<region>:<account>:<name>`. */
  readonly queueArn: string
  readonly region: string
  readonly invoke: (event: { readonly Records: readonly unknown[] }) => Promise<unknown>
  readonly faults: DeliveryFaults
  readonly onLog: (line: string) => void
}

/** The most that one ReceiveMessage hands over; it waits so long for the first. */
const messagesMax = 10
const waitS = 20
const pauseMs = 1_000

export function startQueueMapping(options: QueueMappingOptions): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const running = follow(options, stopping.signal)
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

async function follow(options: QueueMappingOptions, signal: AbortSignal): Promise<void> {
  const { client, queueUrl: QueueUrl, faults, onLog, queueArn } = options
  while (!signal.aborted) {
    try {
      if (faults.paused) {
        await sleep(pauseMs, undefined, { signal })
        continue
      }
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: messagesMax,
          WaitTimeSeconds: waitS,
          MessageSystemAttributeNames: ['All'],
        }),
        { abortSignal: signal },
      )
      if (Messages.length > 0) await deliver(Messages, options)
    } catch (error) {
      if (signal.aborted) return
      onLog(`${queueArn}: ${String(error)}`)
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
    }
  }
}

async function deliver(messages: readonly Message[], options: QueueMappingOptions): Promise<void> {
  const { client, queueUrl: QueueUrl, invoke, faults } = options
  const reply = await invoke({ Records: messages.map(message => eventRecord(message, options)) })
  const ids = messages.map(({ MessageId = '' }) => MessageId)
  const failed = new Set(failedItems(reply, ids))
  // At least once: as if the deletion had been lost.
  const taken = messages.filter(({ MessageId = '' }) => !failed.has(MessageId) && Math.random() >= faults.duplicate)
  if (taken.length === 0) return
  const Entries = taken.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }))
  await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }))
}

function eventRecord(message: Message, { queueArn, region }: QueueMappingOptions) {
  const { MessageId, ReceiptHandle, Body, Attributes, MD5OfBody } = message
  return {
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    body: Body,
    attributes: Attributes,
    messageAttributes: {},
    md5OfBody: MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: region,
  }
}
