/** The way between two sites: as long as it is told, both ways, for everything that travels. */
import { once } from 'node:events'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { openLink } from '../../tools/local/link.ts'

const oneWayMs = 60
/** A timer may be a millisecond early by another clock. */
const atLeastMs = oneWayMs - 2

interface Arrival {
  readonly body: string
  readonly arrivedMs: number
  /** Which connection it came by. */
  readonly port: number | undefined
}

async function startPeer() {
  const arrivals: Arrival[] = []
  const server = createServer(async (incoming, outgoing) => {
    const body = await text(incoming)
    arrivals.push({ body, arrivedMs: performance.now(), port: incoming.socket.remotePort })
    outgoing.end(`answer to ${body}`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { arrivals, url: `http://127.0.0.1:${port}/ingest` }
}

async function linkTo(url: string, options: Parameters<typeof openLink>[0]) {
  const link = await openLink(options)
  onTestFinished(() => link.stop())
  link.connect(url)
  return link
}

/** One connection that is kept, as a function has to a peer. */
function connect(url: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => agent.destroy())
  return async (body: string) => {
    const outgoing = request(url, { method: 'POST', agent })
    outgoing.end(body)
    const [incoming] = await once(outgoing, 'response')
    return text(incoming)
  }
}

test('a request and its answer take the way once each', async () => {
  const peer = await startPeer()
  const post = connect((await linkTo(peer.url, { oneWayMs })).url)
  const sentMs = performance.now()
  expect(await post('1')).toBe('answer to 1')
  const answeredMs = performance.now()
  const arrivedMs = peer.arrivals[0]?.arrivedMs ?? Number.NaN
  expect(arrivedMs - sentMs).toBeGreaterThanOrEqual(atLeastMs)
  expect(answeredMs - arrivedMs).toBeGreaterThanOrEqual(atLeastMs)
})

test('a delay that is asked for comes on top', async () => {
  const peer = await startPeer()
  const link = await linkTo(peer.url, { oneWayMs })
  link.delay(oneWayMs)
  const sentMs = performance.now()
  await connect(link.url)('1')
  expect((peer.arrivals[0]?.arrivedMs ?? Number.NaN) - sentMs).toBeGreaterThanOrEqual(2 * atLeastMs)
})

test('what one connection sends arrives in its order, by one connection that is kept', async () => {
  const peer = await startPeer()
  const post = connect((await linkTo(peer.url, { oneWayMs: 5 })).url)
  const sent = ['1', '2', '3', '4']
  expect(await Promise.all(sent.map(post))).toEqual(sent.map(body => `answer to ${body}`))
  expect(peer.arrivals.map(({ body }) => body)).toEqual(sent)
  expect(new Set(peer.arrivals.map(({ port }) => port)).size).toBe(1)
})
