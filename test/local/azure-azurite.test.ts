import { mkdtemp, readdir, rm, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { QueueServiceClient } from '@azure/storage-queue'
import { expect, test } from 'vitest'
import { startAzurite } from '../../tools/local/azure/azurite.ts'

test('queues work with the official client, all services answer on loopback, no file stays behind', async () => {
  const before = process.cwd()
  const folder = await mkdtemp(join(tmpdir(), 'azurite-'))
  process.chdir(folder)
  try {
    const azurite = await startAzurite({ onLog: () => undefined })
    const queue = QueueServiceClient.fromConnectionString(azurite.connectionString).getQueueClient('orders')
    await queue.create()
    await queue.sendMessage('hello')
    const { receivedMessageItems } = await queue.receiveMessages()
    expect(receivedMessageItems.map(({ messageText }) => messageText)).toEqual(['hello'])

    for (const endpoint of Object.values(azurite.endpoints)) {
      expect(new URL(endpoint).hostname).toBe('127.0.0.1')
      // Without a signature each service refuses, which shows that it is the service that answers.
      expect((await fetch(endpoint)).status).toBeGreaterThanOrEqual(400)
    }
    await azurite.stop()
    await expect(fetch(azurite.endpoints.queue)).rejects.toThrow('fetch failed')
    expect(await readdir(folder)).toEqual([])
  } finally {
    process.chdir(before)
    await rmdir(folder)
  }
})

test('with a folder, what was stored just before the stop is there after the next start', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'azurite-'))
  try {
    for (const expected of [1, 2]) {
      const azurite = await startAzurite({ onLog: () => undefined, directory })
      const queue = QueueServiceClient.fromConnectionString(azurite.connectionString).getQueueClient('orders')
      await queue.createIfNotExists()
      await queue.sendMessage('hello')
      expect((await queue.getProperties()).approximateMessagesCount).toBe(expected)
      await azurite.stop()
    }
  } finally {
    await rm(directory, { recursive: true })
  }
})
