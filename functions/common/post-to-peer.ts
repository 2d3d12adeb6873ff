/**
 * One POST to another site, over connections that are kept.
 *
 * Why not `fetch`: with its streams, abort signals and a browser's policies it takes 0.4 ms of CPU for a request of 400
 * bytes over loopback, both ends included; Node's own client takes 0.1.
 */
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import type { PeerRequest } from '../../shared/wire/http-peer.ts'

const overHttp = { request: requestHttp, agent: new HttpAgent({ keepAlive: true }) }
const overHttps = { request: requestHttps, agent: new HttpsAgent({ keepAlive: true }) }

/** Rejects when there is no whole answer, or when `signal` aborts first. Follows no redirect. */
export async function postToPeer(url: string, { method, headers, body, signal }: PeerRequest): Promise<Response> {
  signal.throwIfAborted()
  const { request, agent } = url.startsWith('https:') ? overHttps : overHttp
  const { promise, resolve, reject } = Promise.withResolvers<Response>()
  const outgoing = request(url, { method, agent, headers: { ...headers, 'content-length': body.length } }, incoming => {
    wholeBody(incoming).then(answer => resolve(responseOf(incoming, answer)), reject)
  })
  const abort = () => outgoing.destroy(signal.reason)
  signal.addEventListener('abort', abort)
  outgoing.on('error', reject)
  outgoing.end(body)
  try {
    return await promise
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function wholeBody(incoming: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => resolve(Buffer.concat(chunks)))
    incoming.on('error', reject)
    incoming.on('close', () => reject(new Error('the connection ended before the answer did')))
  })
}

function responseOf({ statusCode = 502, headers }: IncomingMessage, body: Buffer<ArrayBuffer>): Response {
  const single = Object.entries(headers).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value] as [string, string]] : [],
  )
  const hasNoBody = statusCode === 204 || statusCode === 304
  return new Response(hasNoBody ? null : body, { status: statusCode, headers: single })
}
