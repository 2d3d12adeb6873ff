/** A server of ours on loopback, and its orderly end. */
import { once } from 'node:events'
import type { Server } from 'node:http'
import { closeServer } from '../close-server.ts'

export interface Listening {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  /** Takes no new request, lets those under way finish, closes. */
  stop(): Promise<void>
}

/** Listens on 127.0.0.1 only; port 0 is any free one. */
export async function listenOnLoopback(server: Server, port = 0): Promise<Listening> {
  // A connection closed here while it idles would fail the request that its client has just sent on it.
  server.keepAliveTimeout = 0
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    stop: () => closeServer(server),
  }
}
