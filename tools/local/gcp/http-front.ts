/**
 * The stable address of an HTTP function, whose worker changes its port with every start.
 *
 * Answers as the cloud's front end does where the function cannot: 413 above 32 MB, 503 while no worker answers,
 * 504 after the function's timeout. Not for streaming: a body is handed on whole.
 */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { finished } from 'node:stream/promises'
import { type CloudFunction, type FunctionResponse, FunctionTimedOut } from './cloud-function.ts'

/** Largest request of a function over HTTP/1 (https://cloud.google.com/functions/quotas). */
const REQUEST_BYTES_MAX = 32 * 1024 * 1024

/** Headers of one connection and of one way of framing a body (RFC 9110, section 7.6.1): never handed on. */
const HOP_BY_HOP = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

export interface HttpFrontOptions {
  readonly cloudFunction: Pick<CloudFunction, 'name' | 'request'>
  /** Port on 127.0.0.1; 0, the default, takes a free one. */
  readonly port?: number
}

export interface HttpFront {
  /** `http://127.0.0.1:<port>`, the same for the front's whole life. */
  readonly url: string
  readonly port: number
  /** Takes no more requests and waits for those in flight. */
  stop(): Promise<void>
}

export async function startHttpFront({ cloudFunction, port = 0 }: HttpFrontOptions): Promise<HttpFront> {
  const inFlight = new Set<Promise<unknown>>()
  const server = createServer((request, response) => {
    const answered = answerOf(cloudFunction, request)
      .then(answer => write(response, answer))
      // The caller hung up: nobody is left to be answered.
      .catch(() => response.destroy())
      .finally(() => inFlight.delete(answered))
    inFlight.add(answered)
  })
  // A connection closed here while it idles would fail the request that its client has just sent on it.
  server.keepAliveTimeout = 0
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the front does not listen on TCP')
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    async stop() {
      const closed = once(server, 'close')
      server.close()
      await Promise.all(inFlight)
      // Connections on which no request ever came would hold up the end.
      server.closeAllConnections()
      await closed
    },
  }
}

async function answerOf(
  cloudFunction: HttpFrontOptions['cloudFunction'],
  request: IncomingMessage,
): Promise<FunctionResponse> {
  const body = await readBody(request)
  if (!body) return refusal(413, `a request has at most ${REQUEST_BYTES_MAX} bytes`)
  try {
    return await cloudFunction.request({
      method: request.method ?? 'GET',
      path: request.url ?? '/',
      headers: endToEnd(request.headers),
      ...(body.length > 0 ? { body } : {}),
    })
  } catch (error) {
    if (error instanceof FunctionTimedOut) return refusal(504, error.message)
    return refusal(503, `function ${cloudFunction.name} is down: ${String(error)}`)
  }
}

function refusal(status: number, reason: string): FunctionResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: Buffer.from(`${reason}\n`) }
}

/** Resolves when the answer has left; rejects when the caller hung up before. */
async function write(response: ServerResponse, { status, headers, body }: FunctionResponse): Promise<void> {
  response.writeHead(status, endToEnd(headers)).end(body)
  await finished(response)
}

/** Undefined when the body is too large; read to its end all the same, as a client still sending misses the answer. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes <= REQUEST_BYTES_MAX) chunks.push(chunk)
  }
  return bytes <= REQUEST_BYTES_MAX ? Buffer.concat(chunks) : undefined
}

function endToEnd(headers: IncomingHttpHeaders): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name))
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]))
}
