/** Stands between a client and the local Cosmos server: counts the requests, and answers in its place when told to. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { CosmosServer } from '../../tools/local/servers/cosmos/cosmos-server.ts'

export interface ProxiedRequest {
  /** `account`, `read` (of an item), `batch of 2`, or the method and path of anything else. */
  readonly what: string
  readonly headers: IncomingHttpHeaders
}

/** A status, or `reset` (the connection breaks) or `silence` (no answer ever). */
export type Fault = number | 'reset' | 'silence'

export interface CosmosProxy {
  readonly connectionString: string
  readonly requests: ProxiedRequest[]
  /** What was asked since the last call of this. */
  takeCounts(): Readonly<Record<string, number>>
  /** Answers so instead of passing the request on; undefined passes it on. */
  fault: (request: ProxiedRequest) => Fault | undefined
  /** Comes between a request and its answer. */
  around: (request: ProxiedRequest, pass: () => Promise<void>) => Promise<void>
  stop(): Promise<void>
}

export async function startCosmosProxy(target: CosmosServer): Promise<CosmosProxy> {
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    const { method = 'GET', url = '/', headers } = incoming
    const request = { what: describe(method, url, body.toString()), headers }
    proxy.requests.push(request)
    const fault = proxy.fault(request)
    if (fault !== undefined) return fail(response, fault)
    await proxy.around(request, async () => {
      const { host: _, connection: __, 'content-length': ___, ...passed } = headers
      const answer = await fetch(new URL(url, target.endpoint), {
        method,
        headers: passed as Record<string, string>,
        ...(body.length > 0 && { body: new Uint8Array(body) }),
      })
      response.writeHead(answer.status, Object.fromEntries([...answer.headers].filter(([name]) => !hopByHop.has(name))))
      response.end(Buffer.from(await answer.arrayBuffer()))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy listens on a port')
  const proxy: CosmosProxy = {
    connectionString: `AccountEndpoint=http://127.0.0.1:${address.port}/;AccountKey=${target.key};`,
    requests: [],
    takeCounts() {
      const counts: Record<string, number> = {}
      for (const { what } of proxy.requests.splice(0)) counts[what] = (counts[what] ?? 0) + 1
      return counts
    },
    fault: () => undefined,
    around: (_, pass) => pass(),
    async stop() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
  return proxy
}

const hopByHop: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length'])

function describe(method: string, url: string, body: string): string {
  if (url === '/') return 'account'
  if (/\/docs\/[^/]+$/.test(url) && method === 'GET') return 'read'
  const operations: unknown = method === 'POST' && url.endsWith('/docs') ? JSON.parse(body) : undefined
  return Array.isArray(operations) ? `batch of ${operations.length}` : `${method} ${url}`
}

function fail(response: ServerResponse, fault: Fault): void {
  if (fault === 'silence') return
  if (fault === 'reset') return void response.socket?.resetAndDestroy()
  response.writeHead(fault, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ code: 'Fault', message: `status ${fault} on request of the test` }))
}
