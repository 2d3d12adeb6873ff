/** A site is deployed anew while its peers go on asking: its old server has to end, and no request under way may be cut. */
import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { closeServer } from '../../tools/local/close-server.ts'

test('a server ends although peers ask without a pause on connections that they keep, and answers what it was asked', async () => {
  const server = createServer(async (incoming, outgoing) => {
    await sleep(incoming.url === '/slow' ? 300 : 5)
    outgoing.end(`answer to ${incoming.url}`)
  })
  server.keepAliveTimeout = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const agent = new Agent({ keepAlive: true })
  const ask = async (path: string, by = agent) => {
    const asked = request({ agent: by, host: '127.0.0.1', port, path }).end()
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    return text(answer)
  }
  let isOver = false
  const askOn = async () => {
    // Refused in the end, when nobody listens any more.
    while (!isOver) await ask('/quick').catch(() => sleep(5))
  }
  const peers = [askOn(), askOn(), askOn()]
  await sleep(50)
  const slow = ask('/slow')
  await sleep(50)
  await closeServer(server)
  expect(await slow).toBe('answer to /slow')
  isOver = true
  // On a connection of its own: one that was kept says in its own way that it is over.
  await expect(ask('/late', new Agent())).rejects.toThrow('ECONNREFUSED')
  await Promise.all(peers)
  agent.destroy()
}, 10_000)
