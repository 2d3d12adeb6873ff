/** The trigger of a queue: a message that the function did not take must come again, and one that it took must not. */
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import { createWaitingQueue } from '../../functions/aws/waiting-queue.ts'
import { queueArn } from '../../tools/local/aws/aws-names.ts'
import { startQueueMapping } from '../../tools/local/aws/queue-mapping.ts'
import { type SqsLocal, startSqsLocal } from '../../tools/local/aws/sqs-s3-local.ts'
import { type DeliveryFaults, noFaults } from '../../tools/local/runtime/delivery-faults.ts'
import { until } from './aws-harness.ts'
import { credentials, region } from './aws-mapping-harness.ts'

interface Delivered {
  readonly messageId: string
  readonly body: string
  readonly eventSource: string
  readonly attributes: { readonly ApproximateReceiveCount: string }
}

let sqs: SqsLocal
let client: SQSClient
let QueueUrl: string
let count = 0

beforeAll(async () => {
  sqs = await startSqsLocal()
  client = new SQSClient({ endpoint: sqs.endpoint, region, credentials })
})
afterAll(async () => {
  client.destroy()
  await sqs.stop()
})
beforeEach(async () => {
  const created = await client.send(
    new CreateQueueCommand({ QueueName: `waiting-${count++}`, Attributes: { VisibilityTimeout: '1' } }),
  )
  QueueUrl = created.QueueUrl ?? ''
})

function follow(answer: (records: readonly Delivered[]) => unknown, faults: DeliveryFaults = noFaults()) {
  const delivered: Delivered[] = []
  const mapping = startQueueMapping({
    client,
    queueUrl: QueueUrl,
    queueArn: queueArn(region, 'waiting'),
    region,
    faults,
    onLog: () => undefined,
    invoke: async ({ Records }) => {
      const records = Records as readonly Delivered[]
      delivered.push(...records)
      return answer(records)
    },
  })
  onTestFinished(() => mapping.stop())
  return delivered
}

const send = (...bodies: readonly string[]) =>
  client.send(
    new SendMessageBatchCommand({
      QueueUrl,
      Entries: bodies.map((MessageBody, index) => ({ Id: `${index}`, MessageBody })),
    }),
  )

async function left(): Promise<number> {
  const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }))
  return Number(Attributes?.ApproximateNumberOfMessages) + Number(Attributes?.ApproximateNumberOfMessagesNotVisible)
}

it('hands over messages in the form of Lambda, and deletes what was taken', async () => {
  const delivered = follow(() => ({ batchItemFailures: [] }))
  await send('one', 'two')
  await until(() => delivered.length === 2)
  expect(delivered.map(({ body }) => body).sort()).toEqual(['one', 'two'])
  expect(delivered[0]).toMatchObject({ eventSource: 'aws:sqs', attributes: { ApproximateReceiveCount: '1' } })
  await expect.poll(left).toBe(0)
})

it('brings again what was reported, and only that', async () => {
  const delivered = follow(records => ({
    batchItemFailures: records
      .filter(({ body, attributes }) => body === 'late' && Number(attributes.ApproximateReceiveCount) < 2)
      .map(({ messageId }) => ({ itemIdentifier: messageId })),
  }))
  await send('late', 'done')
  await until(() => delivered.filter(({ body }) => body === 'late').length === 2)
  await expect.poll(left).toBe(0)
  expect(delivered.filter(({ body }) => body === 'done')).toHaveLength(1)
})

it.each<[string, () => unknown]>([
  ['the function fails', () => Promise.reject(new Error('away'))],
  ['the reply names what was not delivered', () => ({ batchItemFailures: [{ itemIdentifier: 'no such message' }] })],
  ['the reply is none', () => 'done'],
])('keeps all of a batch when %s', async (_, answer) => {
  let calls = 0
  const delivered = follow(() => (++calls === 1 ? answer() : { batchItemFailures: [] }))
  await send('one')
  await until(() => delivered.length === 2)
  await expect.poll(left).toBe(0)
})

it('delivers nothing while it is paused', async () => {
  const faults = { ...noFaults(), paused: true }
  const delivered = follow(() => ({ batchItemFailures: [] }), faults)
  await send('one')
  expect(await left()).toBe(1)
  expect(delivered).toEqual([])
  faults.paused = false
  await until(() => delivered.length === 1)
})

it('the queue of what waits takes more than one request holds, and tells when it is away', async () => {
  const texts = Array.from({ length: 23 }, (_, index) => `claim ${index}`)
  const clock = { now: () => Date.now(), sleep: async () => undefined }
  expect(await createWaitingQueue({ client, queueUrl: QueueUrl, clock }).add(texts)).toEqual([])
  expect(await left()).toBe(23)
  const nowhere = createWaitingQueue({ client, queueUrl: `${QueueUrl}-none`, clock })
  await expect(nowhere.add(['claim'])).rejects.toThrow()
})
