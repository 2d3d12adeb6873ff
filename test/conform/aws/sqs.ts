/**
 * SQS, which keeps the dead letters of an AWS site.
 *
 * Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
 */
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type Message,
  QueueDoesNotExist,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SendMessageCommandInput,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { type Behaviour, type Bench, defineSuite } from '../behaviour.ts'
import { equal, holds, numbers, present, refused } from '../expectations.ts'
import { awsSettings } from './access.ts'

interface Queues {
  /** Each row has a queue of its own. */
  queue(name: string, attributes?: Record<string, string>): Promise<Queue>
  close(): Promise<void>
}

interface Queue {
  readonly url: string
  readonly client: SQSClient
  send(body: string, options?: Partial<SendMessageCommandInput>): Promise<void>
  /** Waits up to `waitS` for a message. */
  receive(waitS: number, max?: number): Promise<Message[]>
}

const messageBytesBefore2025 = 256 * 1024
const messageBytesMax = 1024 * 1024
/** The same refusal by the names of the JSON protocol, the older one, and both. */
const tooLarge = [
  'InvalidParameterValueException',
  'InvalidParameterValue',
  'AWS.SimpleQueueService.InvalidParameterValue',
]

const behaviours: readonly Behaviour<Queues>[] = [
  {
    name: 'a received message that is not deleted',
    expected: 'hidden for its visibility timeout, then there again with ApproximateReceiveCount 2',
    why: 'a dead letter that is looked at is not lost',
    async run({ queue }) {
      const { send, receive } = await queue('visibility', { VisibilityTimeout: '3' })
      await send('letter')
      const startedAt = Date.now()
      equal((await receive(5)).map(receiveCount), ['1'], 'first')
      equal(await receive(0), [], 'while hidden')
      equal((await receive(10)).map(receiveCount), ['2'], 'second')
      holds(Date.now() - startedAt >= 2900, `back after ${Date.now() - startedAt} ms`)
    },
  },
  {
    name: 'visibility set to 0 and a delete',
    expected: 'at once visible; after the delete gone for good',
    why: 'a dead letter that was replayed is taken away, one that was not stays',
    async run({ queue }) {
      const { send, receive, client, url } = await queue('delete', { VisibilityTimeout: '60' })
      await send('letter')
      const [first] = await receive(5)
      const given = { QueueUrl: url, ReceiptHandle: first?.ReceiptHandle, VisibilityTimeout: 0 }
      await client.send(new ChangeMessageVisibilityCommand(given))
      const [again] = await receive(5)
      equal(again?.MessageId, first?.MessageId, 'the message')
      await client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: again?.ReceiptHandle }))
      equal(await receive(1), [], 'afterwards')
    },
  },
  {
    name: 'a message with a delay of 2 s',
    expected: 'invisible before, there after',
    why: 'a delivery that a peer could not take is tried later',
    async run({ queue }) {
      const { send, receive } = await queue('delay')
      const startedAt = Date.now()
      await send('later', { DelaySeconds: 2 })
      equal(await receive(0), [], 'at once')
      equal(
        (await receive(10)).map(({ Body }) => Body),
        ['later'],
        'afterwards',
      )
      holds(Date.now() - startedAt >= 1900, `there after ${Date.now() - startedAt} ms`)
    },
  },
  {
    name: 'text with umlauts and markup, attributes',
    expected: 'come back as they were sent',
    why: 'a dead letter holds the whole change, as it was',
    async run({ queue }) {
      const { send, receive } = await queue('text')
      const body = '{"text":"Grüße € <&> \\u0007 \\"quoted\\""}\n\ttab'
      await send(body, { MessageAttributes: { type: { DataType: 'String', StringValue: 'carts' } } })
      const [message] = await receive(5)
      equal(message?.Body, body, 'text')
      equal(message?.MessageAttributes?.type?.StringValue, 'carts', 'attribute')
    },
  },
  {
    name: 'text with an emoji (beyond U+FFFF)',
    expected: 'comes back as it was sent',
    why: 'a dead letter holds the whole change, as it was',
    async run({ queue }) {
      const { send, receive } = await queue('emoji')
      await send('🛒')
      equal((await receive(5))[0]?.Body, '🛒', 'text')
    },
  },
  {
    name: 'a message of 256 KiB',
    expected: 'stored whole',
    why: 'a large change is kept in the dead-letter queue',
    async run({ queue }) {
      const { send, receive } = await queue('large')
      await send('x'.repeat(messageBytesBefore2025))
      equal((await receive(5))[0]?.Body?.length, messageBytesBefore2025, 'bytes')
    },
  },
  {
    name: 'a message of 1 MiB, and one byte more',
    expected: 'the first is stored whole, the second refused with InvalidParameterValue',
    why: 'larger dead letters need another place',
    async run({ queue }) {
      const { send, receive } = await queue('largest')
      await send('x'.repeat(messageBytesMax))
      equal((await receive(5))[0]?.Body?.length, messageBytesMax, 'bytes')
      await refused(send('x'.repeat(messageBytesMax + 1)), tooLarge)
    },
  },
  {
    name: 'ten messages, ten received a call, deleted in one batch',
    expected: 'every message comes, none afterwards',
    why: 'the queue is drained in few calls',
    async run({ queue }) {
      const { send, receive, client, url } = await queue('batch')
      for (const n of numbers(10)) await send(String(n))
      const messages: Message[] = []
      for (const _ of numbers(10)) if (messages.length < 10) messages.push(...(await receive(2, 10)))
      equal(new Set(messages.map(({ Body }) => Body)).size, 10, 'different messages')
      const Entries = messages.map(({ ReceiptHandle }, n) => ({ Id: `n${n}`, ReceiptHandle }))
      const answer = await client.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }))
      equal([answer.Successful?.length, answer.Failed?.length ?? 0], [10, 0], 'deleted and failed')
      equal(await receive(1), [], 'afterwards')
    },
  },
  {
    name: 'a batch of deletes with one receipt that does not exist',
    expected: 'named as Failed by its Id, the other is deleted',
    why: 'who drains the queue learns which letters stay',
    async run({ queue }) {
      const { send, receive, client, url } = await queue('partial')
      await send('letter')
      const [message] = await receive(5)
      const Entries = [
        { Id: 'right', ReceiptHandle: message?.ReceiptHandle },
        { Id: 'wrong', ReceiptHandle: 'no-such-receipt' },
      ]
      const answer = await client.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }))
      equal(
        [answer.Successful?.map(({ Id }) => Id), answer.Failed?.map(({ Id }) => Id)],
        [['right'], ['wrong']],
        'answer',
      )
    },
  },
  {
    name: 'a message that was received twice, with maxReceiveCount 2',
    expected: 'moves to the dead-letter queue instead of coming a third time',
    why: 'a poisoned message does not block those behind it',
    async run({ queue }) {
      const deadLetters = await queue('redrive-dead')
      const { Attributes } = await deadLetters.client.send(
        new GetQueueAttributesCommand({ QueueUrl: deadLetters.url, AttributeNames: ['QueueArn'] }),
      )
      const deadLetterTargetArn = present(Attributes?.QueueArn, 'the ARN')
      const { send, receive } = await queue('redrive', {
        VisibilityTimeout: '1',
        RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 2 }),
      })
      await send('poison')
      equal((await receive(5)).length + (await receive(5)).length, 2, 'receives')
      equal(await receive(3), [], 'a third time')
      equal(
        (await deadLetters.receive(10)).map(({ Body }) => Body),
        ['poison'],
        'in the dead-letter queue',
      )
    },
  },
]

function receiveCount({ Attributes }: Message): string | undefined {
  return Attributes?.ApproximateReceiveCount
}

async function createQueue(
  { prefix, created }: Bench,
  client: SQSClient,
  name: string,
  attributes: Record<string, string>,
): Promise<Queue> {
  const QueueName = `${prefix}-${name}`
  created(`SQS queue ${QueueName}`, () => removeQueue(client, QueueName))
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName, Attributes: attributes }))
  const url = present(QueueUrl, 'the URL of the queue')
  return {
    url,
    client,
    async send(MessageBody, options = {}) {
      await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody, ...options }))
    },
    async receive(WaitTimeSeconds, max = 1) {
      const { Messages } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl: url,
          WaitTimeSeconds,
          MaxNumberOfMessages: max,
          MessageSystemAttributeNames: ['ApproximateReceiveCount'],
          MessageAttributeNames: ['All'],
        }),
      )
      return Messages ?? []
    },
  }
}

async function removeQueue(client: SQSClient, QueueName: string): Promise<void> {
  try {
    const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName }))
    await client.send(new DeleteQueueCommand({ QueueUrl }))
  } catch (error) {
    if (!(error instanceof QueueDoesNotExist)) throw error
  }
}

export const sqs = defineSuite<Queues>({
  service: 'sqs',
  clients: ['@aws-sdk/client-sqs'],
  creates: 'eleven SQS queues; about 110 requests, inside the free tier',
  behaviours,
  async prepare(bench) {
    const client = new SQSClient(awsSettings(bench.environment, 'AWS_ENDPOINT_URL_SQS'))
    return {
      queue: (name, attributes = {}) => createQueue(bench, client, name, attributes),
      async close() {
        client.destroy()
      },
    }
  },
})
