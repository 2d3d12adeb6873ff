/**
 * The link from one site to another: a small proxy in front of the peer's ingest, so that a link can be cut, slowed down
 * or made to refuse while everything else runs on. The peer's address may become known later than the link's own.
 *
 * Connections are kept on both sides, as the functions keep theirs in the cloud: a request pays for the way, once there and
 * once back, and for no handshake.
 */
import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Link {
  readonly url: string
  /** The peer's ingest; until it is known, requests fail as if the peer were down. */
  connect(target: string): void
  cut(isCut: boolean): void
  /** One-way delay in ms, added to the request and to its answer, on top of the link's own. */
  delay(ms: number): void
  /** Answers every request with this HTTP status, as a peer does that is overloaded or broken; undefined ends that. */
  refuse(status: number | undefined): void
  stop(): Promise<void>
}

/** `oneWayMs`: how long the link always takes, for the request and for its answer. */
export async function openLink({ oneWayMs = 0 }: { readonly oneWayMs?: number } = {}): Promise<Link> {
  let target: URL | undefined
  let isCut = false
  let delayMs = 0
  let refusedWith: number | undefined
  const agent = new Agent({ keepAlive: true })
  const travel = () => sleep(oneWayMs + delayMs)

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    if (isCut || !target) throw new Error('the link is cut')
    await travel()
    if (refusedWith !== undefined) {
      incoming.resume()
      outgoing.writeHead(refusedWith, { 'content-type': 'text/plain' }).end('told to refuse')
      return
    }
    const headers = { ...incoming.headers, host: target.host }
    const forwarded = request(target, { method: incoming.method, headers, agent })
    incoming.pipe(forwarded)
    // Who gives up hangs up, at the other end too; a request that is through is not touched by that.
    outgoing.on('close', () => forwarded.destroy())
    const [answer] = (await once(forwarded, 'response')) as [IncomingMessage]
    await travel()
    // An answer that arrives while the link is cut is lost, though the peer has done the work.
    if (isCut) throw new Error('the link was cut')
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(outgoing)
  }

  const server: Server = createServer((incoming, outgoing) => {
    pass(incoming, outgoing).catch(() => incoming.socket.destroy())
  })
  server.keepAliveTimeout = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  return {
    url: `http://127.0.0.1:${port}/ingest`,
    connect: url => {
      target = new URL(url)
    },
    cut: value => {
      isCut = value
    },
    delay: ms => {
      delayMs = ms
    },
    refuse: status => {
      refusedWith = status
    },
    stop: async () => {
      agent.destroy()
      server.closeAllConnections()
      server.close()
    },
  }
}
