/**
 * Azure Storage queues, the bus of an Azure site: one queue a peer, messages put back with a delay, dead letters.
 *
 * Source: https://learn.microsoft.com/azure/storage/queues/storage-queues-introduction
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type DequeuedMessageItem, type QueueClient, QueueServiceClient } from '@azure/storage-queue'
import { type Behaviour, type Bench, defineSuite } from '../behaviour.ts'
import { equal, eventually, holds, numbers, present, refused } from '../expectations.ts'

interface Queues {
  /** Each row has a queue of its own. */
  queue(): Promise<QueueClient>
  close(): Promise<void>
}

const messageBytesMax = 64 * 1024
const backMsMax = 15_000

const behaviours: readonly Behaviour<Queues>[] = [
  {
    name: 'a received message that is not deleted',
    expected: 'hidden for its visibility timeout, then there again with dequeueCount 2, then 3',
    why: 'a function that dies loses no change; the host counts to the poison limit',
    async run({ queue: create }) {
      const queue = await create()
      await queue.sendMessage('change')
      const startedAt = Date.now()
      equal((await receive(queue, 3)).dequeueCount, 1, 'dequeueCount at first')
      equal(await receiveNow(queue, 1), undefined, 'while hidden')
      equal((await receive(queue, 1)).dequeueCount, 2, 'dequeueCount of the second')
      equal((await receive(queue, 1)).dequeueCount, 3, 'dequeueCount of the third')
      holds(Date.now() - startedAt >= 2_900, `back after ${Date.now() - startedAt} ms`)
    },
  },
  {
    name: 'delete with the receipt of a delivery that is over',
    expected: 'refused; with the present receipt accepted',
    why: 'who was too slow does not take away what another one works on',
    async run({ queue: create }) {
      const queue = await create()
      await queue.sendMessage('change')
      const first = await receive(queue, 1)
      const second = await receive(queue, 30)
      const id = present(second.messageId, 'the id')
      await refused(queue.deleteMessage(id, first.popReceipt), ['PopReceiptMismatch', 'MessageNotFound', 400, 404])
      await queue.deleteMessage(id, second.popReceipt)
      equal((await queue.getProperties()).approximateMessagesCount, 0, 'messages left')
    },
  },
  {
    name: 'a message that is sent with a delay of 2 s',
    expected: 'invisible before, there after, with dequeueCount 1',
    why: 'what a peer cannot take is put back with a delay and never becomes poison',
    async run({ queue: create }) {
      const queue = await create()
      const startedAt = Date.now()
      await queue.sendMessage('later', { visibilityTimeout: 2 })
      equal(await receiveNow(queue, 30), undefined, 'at once')
      const message = await receive(queue, 30)
      equal([message.messageText, message.dequeueCount], ['later', 1], 'afterwards')
      holds(Date.now() - startedAt >= 1_500, `there after ${Date.now() - startedAt} ms`)
    },
  },
  {
    name: 'an update of a received message',
    expected: 'changes text and visibility, and gives a new receipt',
    why: 'a long delivery keeps its message',
    async run({ queue: create }) {
      const queue = await create()
      await queue.sendMessage('before')
      const { messageId, popReceipt } = await receive(queue, 1)
      const { popReceipt: next } = await queue.updateMessage(messageId, popReceipt, 'after', 3)
      await sleep(1_500)
      equal(await receiveNow(queue, 30), undefined, 'after its first timeout')
      equal((await receive(queue, 30)).messageText, 'after', 'text')
      holds(next !== undefined && next !== popReceipt, 'the same receipt')
    },
  },
  {
    name: 'Base64 of any bytes, text with markup and unicode',
    expected: 'come back as they were sent',
    why: 'the host decodes Base64, and our own envelope is text',
    async run({ queue: create }) {
      const queue = await create()
      const texts = [Buffer.from([0, 255, 128, 10]).toString('base64'), '{"a":"<&> \\"Grüße\\" 🛒"}', ' spaces\n\ttab ']
      for (const text of texts) {
        await queue.sendMessage(text)
        const { messageText, messageId, popReceipt } = await receive(queue, 30)
        equal(messageText, text, 'text')
        await queue.deleteMessage(messageId, popReceipt)
      }
    },
  },
  {
    name: 'a message of 64 KB, and one byte more',
    expected: 'the first is stored whole, the second refused with 413',
    why: 'larger changes travel as claim checks',
    async run({ queue: create }) {
      const queue = await create()
      await queue.sendMessage('x'.repeat(messageBytesMax))
      equal((await receive(queue, 30)).messageText.length, messageBytesMax, 'characters')
      await refused(queue.sendMessage('x'.repeat(messageBytesMax + 1)), ['RequestBodyTooLarge', 413])
    },
  },
  {
    name: '40 messages, received 32 at a time; a peek',
    expected: 'all come, at most 32 a call, 33 are refused; a peek hides and counts nothing',
    why: 'forward drains many messages in one call',
    async run({ queue: create }) {
      const queue = await create()
      await Promise.all(numbers(40).map(n => queue.sendMessage(String(n))))
      const { peekedMessageItems } = await queue.peekMessages({ numberOfMessages: 32 })
      equal(
        peekedMessageItems.map(({ dequeueCount }) => dequeueCount),
        numbers(32).map(() => 0),
        'counts in the peek',
      )
      await refused(queue.receiveMessages({ numberOfMessages: 33 }), ['OutOfRangeQueryParameterValue', 400])
      const texts: string[] = []
      await eventually(async () => {
        const options = { numberOfMessages: 32, visibilityTimeout: 30 }
        const { receivedMessageItems } = await queue.receiveMessages(options)
        texts.push(...receivedMessageItems.map(({ messageText }) => messageText))
        equal(texts.length, 40, 'messages')
      }, backMsMax)
      equal(new Set(texts).size, 40, 'different messages')
    },
  },
]

async function receiveNow(queue: QueueClient, visibilityTimeout: number): Promise<DequeuedMessageItem | undefined> {
  const { receivedMessageItems } = await queue.receiveMessages({ numberOfMessages: 1, visibilityTimeout })
  return receivedMessageItems[0]
}

/** The next message, waited for. It stays hidden for `visibilityTimeout` seconds. */
async function receive(queue: QueueClient, visibilityTimeout: number): Promise<DequeuedMessageItem> {
  return eventually(async () => present(await receiveNow(queue, visibilityTimeout), 'the message'), backMsMax)
}

async function createQueue({ prefix, created }: Bench, service: QueueServiceClient, n: number): Promise<QueueClient> {
  const queue = service.getQueueClient(`${prefix}-${n}`)
  created(`Storage queue ${queue.name}`, async () => void (await queue.deleteIfExists()))
  await queue.create()
  return queue
}

export const queues = defineSuite<Queues>({
  service: 'queues',
  clients: ['@azure/storage-queue'],
  creates: 'seven Storage queues; about 150 requests, well under 0.01 USD',
  behaviours,
  async prepare(bench) {
    const connection = present(bench.environment.AZURE_STORAGE_CONNECTION_STRING, 'AZURE_STORAGE_CONNECTION_STRING')
    const service = QueueServiceClient.fromConnectionString(connection)
    let count = 0
    return { queue: () => createQueue(bench, service, ++count), async close() {} }
  },
})
