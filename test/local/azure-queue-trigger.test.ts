import { setTimeout as sleep } from 'node:timers/promises'
import { type QueueClient, QueueServiceClient } from '@azure/storage-queue'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { type Azurite, startAzurite } from '../../tools/local/azure/azurite.ts'
import { type AppTriggers, startTriggers } from '../../tools/local/azure/start-triggers.ts'
import type { TriggerPace } from '../../tools/local/azure/trigger-pace.ts'
import { type DeliveryFaults, noFaults } from '../../tools/local/runtime/delivery-faults.ts'
import { Doorbell } from '../../tools/local/runtime/doorbell.ts'
import type { Timing } from '../../tools/local/timing.ts'
import { type AppUnderTest, bundleApp, eventually } from './azure-app.ts'

let azurite: Azurite
let service: QueueServiceClient
let running: { under: AppUnderTest; triggers: AppTriggers } | undefined

beforeAll(async () => {
  azurite = await startAzurite({ onLog: () => undefined })
  service = QueueServiceClient.fromConnectionString(azurite.connectionString)
})
afterAll(() => azurite.stop())
afterEach(async () => {
  await running?.triggers.stop()
  await running?.under.remove()
  running = undefined
  for await (const { name } of service.listQueues()) await service.deleteQueue(name)
})

/** A function `forward` on queue `orders`, whose handler is `body`, already triggered. */
async function start(
  body: string,
  options: {
    hostJson?: unknown
    faults?: DeliveryFaults
    pace?: Partial<TriggerPace>
    declares?: string
    timing?: Timing
    doorbell?: Doorbell
  } = {},
) {
  const queue = service.getQueueClient('orders')
  await queue.create()
  const under = await bundleApp(
    `import { app, output } from '@azure/functions'
     const seen = new Map()
     const attempts = message => seen.set(message, (seen.get(message) ?? 0) + 1).get(message)
     const saw = (context, value) => context.log('saw', JSON.stringify(value))
     app.storageQueue('forward', { connection: 'STORAGE', queueName: 'orders', ${options.declares ?? ''}
       handler: async (message, context) => { ${body} } })`,
    { environment: { STORAGE: azurite.connectionString }, hostJson: options.hostJson ?? {} },
  )
  const { faults = noFaults(), pace = {}, timing = 'fast', doorbell: queues } = options
  const doorbells = queues ? { queues } : {}
  const triggers = await startTriggers({ app: under.app, faults, pace, timing, doorbells, onLog: under.onLog })
  running = { under, triggers }
  return { ...under, triggers, queue }
}

const send = (queue: QueueClient, text: string) => queue.sendMessage(Buffer.from(text).toString('base64'))

async function isEmpty(queue: QueueClient): Promise<boolean> {
  const { approximateMessagesCount } = await queue.getProperties()
  return approximateMessagesCount === 0
}

test('a message arrives decoded with its metadata, and is deleted', async () => {
  const { queue, saw } = await start('saw(context, { message, metadata: context.triggerMetadata })')
  const { messageId } = await send(queue, '{"order":7}')
  await eventually(async () => expect(await isEmpty(queue)).toBe(true))

  const isDate = expect.stringMatching(/^\d{4}-\d\d-\d\dT/)
  expect(saw()).toEqual([
    {
      message: { order: 7 },
      metadata: expect.objectContaining({
        id: messageId,
        dequeueCount: 1,
        popReceipt: expect.any(String),
        insertionTime: isDate,
        expirationTime: isDate,
        nextVisibleTime: isDate,
      }),
    },
  ])
})

test('a failing message is tried again and succeeds, without leaving the queue in between', async () => {
  const { queue, saw, triggers } = await start(
    'saw(context, context.triggerMetadata.dequeueCount); if (attempts(message) < 3) throw new Error("not yet")',
  )
  await send(queue, 'order')
  await eventually(async () => expect(await isEmpty(queue)).toBe(true))
  expect(saw()).toEqual([1, 2, 3])
  // The message is gone before the trigger has the answer to its deletion.
  const standing = { failures: 2, lastError: 'forward failed: Error: not yet' }
  await eventually(async () => expect(triggers.triggers[0]?.status()).toEqual(standing))
})

test('a message that fails five times moves to the poison queue unchanged; others go on', async () => {
  const { queue, saw } = await start('saw(context, message); if (message === "bad") throw new Error("always")')
  const poison = service.getQueueClient('orders-poison')
  await send(queue, 'bad')
  await send(queue, 'good')
  await eventually(async () => expect(await poison.exists()).toBe(true))
  await eventually(async () => expect(await isEmpty(queue)).toBe(true))

  const { receivedMessageItems } = await poison.receiveMessages()
  expect(receivedMessageItems.map(({ messageText }) => Buffer.from(messageText, 'base64').toString())).toEqual(['bad'])
  expect(saw().filter(message => message === 'bad')).toHaveLength(5)
  expect(saw().filter(message => message === 'good')).toHaveLength(1)
})

test('host.json: another dequeue count, plain messages, a wait between attempts', async () => {
  const { queue, saw } = await start('saw(context, Date.now()); throw new Error("always")', {
    hostJson: {
      extensions: { queues: { maxDequeueCount: 2, messageEncoding: 'none', visibilityTimeout: '00:00:01' } },
    },
  })
  await queue.sendMessage('plain text')
  const poison = service.getQueueClient('orders-poison')
  await eventually(async () => expect(await poison.exists()).toBe(true))
  const [first, second, ...more] = saw().map(Number)
  expect(more).toEqual([])
  expect(Number(second) - Number(first)).toBeGreaterThan(900)
})

test('what is not Base64 goes to the poison queue without reaching the function', async () => {
  const { queue, saw } = await start('saw(context, message)')
  await queue.sendMessage('not encoded')
  const poison = service.getQueueClient('orders-poison')
  await eventually(async () => expect(await poison.exists()).toBe(true))
  await eventually(async () => expect(await isEmpty(queue)).toBe(true))
  expect(saw()).toEqual([])
})

test('a message stays invisible while its function runs longer than the lock', async () => {
  const { queue, saw } = await start('saw(context, message); await new Promise(done => setTimeout(done, 2500))', {
    pace: { messageLockSeconds: 1 },
  })
  await send(queue, 'slow')
  await eventually(() => expect(saw()).toEqual(['slow']))
  for (let second = 0; second < 2; second += 1) {
    await sleep(1000)
    expect((await queue.receiveMessages({ visibilityTimeout: 1 })).receivedMessageItems).toEqual([])
  }
  await eventually(async () => expect(await isEmpty(queue)).toBe(true))
  expect(saw()).toEqual(['slow'])
})

test('a message whose instance is killed is delivered again', async () => {
  const { app, queue, saw } = await start(
    'saw(context, context.triggerMetadata.dequeueCount); if (context.triggerMetadata.dequeueCount === 1) await new Promise(() => undefined)',
  )
  await send(queue, 'order')
  await eventually(() => expect(saw()).toEqual([1]))
  await app.kill()
  await eventually(async () => expect(await isEmpty(queue)).toBe(true))
  expect(saw()).toEqual([1, 2])
})

test('on request: paused, delivered twice, overtaken', async () => {
  const faults = { ...noFaults(), paused: true, duplicate: 1 }
  const { queue, saw, triggers } = await start('saw(context, message)', { faults })
  await send(queue, 'one')
  await sleep(100)
  expect(saw()).toEqual([])

  faults.paused = false
  await eventually(() => expect(saw()).toEqual(['one', 'one']))
  await eventually(async () => expect(await isEmpty(queue)).toBe(true))

  faults.duplicate = 0
  faults.reorder = 1
  await send(queue, 'early')
  await eventually(() => expect(triggers.triggers[0]?.status().lagMs).toBeDefined())
  faults.reorder = 0
  await send(queue, 'late')
  await eventually(() => expect(saw().slice(2)).toEqual(['late', 'early']))
})

test('queue outputs: one message per value, in a queue made for them', async () => {
  const { queue } = await start('return [{ copy: message }, "text"]', {
    declares: `return: output.storageQueue({ connection: 'STORAGE', queueName: 'copies' }),`,
  })
  await send(queue, 'order')
  const copies = service.getQueueClient('copies')
  await eventually(async () => expect((await copies.getProperties()).approximateMessagesCount).toBe(2))
  const { receivedMessageItems } = await copies.receiveMessages({ numberOfMessages: 2 })
  const texts = receivedMessageItems.map(({ messageText }) => Buffer.from(messageText, 'base64').toString())
  expect(texts.sort()).toEqual(['text', '{"copy":"order"}'])
})

test('stop waits for what is in flight and leaves the rest in the queue', async () => {
  const { queue, saw, triggers } = await start(
    'saw(context, message); await new Promise(done => setTimeout(done, 300)); saw(context, "done")',
    { hostJson: { extensions: { queues: { batchSize: 1 } } } },
  )
  await send(queue, 'first')
  await eventually(() => expect(saw()).toEqual(['first']))
  await send(queue, 'second')
  await triggers.stop()
  expect(saw()).toEqual(['first', 'done'])
  expect((await queue.peekMessages()).peekedMessageItems).toHaveLength(1)
})

test.each(['fast', 'cloud'] as const)(
  'in %s timing a message arrives; only in fast timing its doorbell is heard',
  async timing => {
    const doorbell = new Doorbell()
    const listened = vi.spyOn(doorbell, 'waitBeyond')
    const { queue, saw } = await start('saw(context, message)', { timing, doorbell })
    await send(queue, '{"order":1}')
    doorbell.ring()
    await eventually(() => expect(saw()).toEqual([{ order: 1 }]))
    if (timing === 'fast') expect(listened).toHaveBeenCalled()
    else expect(listened).not.toHaveBeenCalled()
  },
)
