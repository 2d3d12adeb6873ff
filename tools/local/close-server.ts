/** The orderly end of an HTTP server of ours: it takes no new connection, and lets the requests under way finish. */
import { once } from 'node:events'
import type { Server } from 'node:http'

const lookEveryMs = 20

/** Hangs up, too: a peer that goes on asking on a connection that it keeps would keep the server from ever closing. */
export async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.prependListener('request', (_, response) => response.setHeader('connection', 'close'))
  // Of what was under way before, the connections stay open for a next request.
  const looking = setInterval(() => server.closeIdleConnections(), lookEveryMs)
  await closed
  clearInterval(looking)
}
