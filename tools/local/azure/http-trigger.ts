/**
 * HTTP trigger: one server in front of all HTTP functions of an app, as the host has.
 *
 * Bodies travel as bytes in both directions. The auth level is ignored, as by the official host on a developer's
 * machine. A function that fails is a 500 with an empty body, one that returns nothing a 204; a killed instance is a
 * 502, as the cloud's front end answers. Not imitated: cookies, content negotiation, streaming, the 230 s limit.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { closeServer } from '../close-server.ts'
import type { DeliveryFaults } from '../runtime/delivery-faults.ts'
import { awaitDelivery, happens } from './await-delivery.ts'
import type { FunctionMetadata } from './function-metadata.ts'
import type { InvocationResult, TriggerEvent } from './function-protocol.ts'
import type { FunctionApp } from './functions-host.ts'
import { httpRoute, matchRoute, type RouteMatch } from './http-routes.ts'
import { pause } from './pause.ts'
import { runInvocation } from './run-invocation.ts'
import type { Trigger } from './trigger.ts'
import { TriggerHealth } from './trigger-health.ts'
import type { HttpData } from './typed-data.ts'

export interface HttpTriggerOptions {
  readonly app: FunctionApp
  /** The functions with an httpTrigger. */
  readonly functions: readonly FunctionMetadata[]
  readonly faults: DeliveryFaults
  readonly onLog: (line: string) => void
  /** Free unless given. */
  readonly port?: number
}

export interface HttpTrigger extends Trigger {
  /** `http://127.0.0.1:<port>`, without the route prefix. */
  readonly endpoint: string
}

/** The host's limit, which the app setting FUNCTIONS_REQUEST_BODY_SIZE_LIMIT replaces. */
const defaultBodyBytesMax = 104_857_600

/** How long a reordered request is held back, ms: enough for those behind it to overtake. */
const reorderHoldMs = 50

export async function startHttpTrigger(options: HttpTriggerOptions): Promise<HttpTrigger> {
  const { app, functions, port = 0 } = options
  const routes = functions.map(fn => httpRoute(fn, app.settings.http.routePrefix))
  const bodyBytesMax = Number(app.environment.FUNCTIONS_REQUEST_BODY_SIZE_LIMIT ?? defaultBodyBytesMax)
  const health = new TriggerHealth(options.onLog)
  const stopping = new AbortController()

  const server = createServer(async (request, response) => {
    try {
      const url = new URL(request.url ?? '/', `http://${request.headers.host ?? '127.0.0.1'}`)
      const match = matchRoute(routes, request.method ?? 'GET', url.pathname)
      if (!match) return answer(response, { statusCode: '404' })
      const body = await readBody(request, bodyBytesMax)
      if (!body) return answer(response, { statusCode: '413', headers: { connection: 'close' } })
      const event = httpEvent(request, url, match, body)
      answer(response, await respond(options, health, stopping.signal, match, event))
    } catch (error) {
      // A path or body that is not HTTP, a client that went away, or headers that cannot be sent.
      health.note(`${request.method} ${request.url}`, error)
      answer(response, { statusCode: error instanceof URIError ? '400' : '500' })
    }
  })
  // A connection closed here while it idles would fail the request that its client has just sent on it.
  server.keepAliveTimeout = 0
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  const address = server.address()
  if (!isAddressInfo(address)) throw new Error('the HTTP trigger has no port')

  return {
    functions: functions.map(({ name }) => name),
    endpoint: `http://127.0.0.1:${address.port}`,
    status: () => ({ failures: health.failures, lastError: health.lastError }),
    stop: async () => {
      stopping.abort()
      await closeServer(server)
    },
  }
}

function isAddressInfo(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null
}

async function respond(
  { app, faults }: HttpTriggerOptions,
  health: TriggerHealth,
  stopping: AbortSignal,
  { fn }: RouteMatch,
  event: TriggerEvent,
): Promise<HttpData> {
  if (happens(faults.reorder)) await pause(reorderHoldMs, stopping)
  if (!(await awaitDelivery(faults, stopping))) return { statusCode: '503' }
  try {
    let result = await runInvocation(app, fn, event)
    // A client that repeats its request sees the second answer.
    if (result.succeeded && happens(faults.duplicate)) result = await runInvocation(app, fn, event)
    if (result.succeeded) return httpResponse(fn, result)
    health.note(`${fn.name} failed`, result.error)
    return { statusCode: '500' }
  } catch (error) {
    health.note(`${fn.name} did not answer`, error)
    return { statusCode: '502' }
  }
}

/** The response is the `$return` of an HTTP function, or the value that it set for a named `http` output. */
function httpResponse(fn: FunctionMetadata, result: Extract<InvocationResult, { succeeded: true }>): HttpData {
  const binding = fn.outputs.find(({ type }) => type === 'http')
  const value = binding && binding.name !== '$return' ? result.outputs[binding.name] : result.returnValue
  return value && 'http' in value ? value.http : { statusCode: '204' }
}

function answer(response: ServerResponse, { statusCode = '200', headers = {}, body }: HttpData): void {
  response.writeHead(Number(statusCode), headers)
  response.end(body?.bytes)
}

/** The whole body; undefined if it is larger than allowed. */
async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes > bytesMax) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function httpEvent(request: IncomingMessage, url: URL, { params }: RouteMatch, body: Buffer): TriggerEvent {
  const nullable = (entries: Iterable<readonly [string, string]>) =>
    Object.fromEntries([...entries].map(([name, value]) => [name, { value }]))
  const headers = Object.entries(request.headers).map(
    ([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')] as const,
  )
  return {
    data: {
      http: {
        method: request.method,
        url: url.href,
        nullableHeaders: nullable(headers),
        nullableQuery: nullable(url.searchParams),
        nullableParams: nullable(Object.entries(params)),
        body: { bytes: new Uint8Array(body) },
      },
    },
  }
}
