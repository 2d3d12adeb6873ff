/**
 * A Google Cloud function of a local site, called over HTTP as the cloud calls it, in a worker that can be killed.
 *
 * Why HTTP and not the worker's messages: triggers, peers and browsers then pass through the framework's own parsing of
 * bodies and CloudEvents, which is where a deployed function differs from a plain call.
 */
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { FunctionWorker, WorkerEnded } from '../runtime/function-worker.ts'
import type { FunctionBundle } from './function-runtime.ts'

const REQUEST_TIMEOUT_MS = 60_000

export interface CloudFunctionOptions {
  /** Name of the function at its site, for logs and errors: `capture`. */
  readonly name: string
  /** Absolute path of an esbuild bundle (CommonJS or ES module) that leaves the functions framework external. */
  readonly bundle: string
  /** The name under which the bundle registers the function with the framework. */
  readonly target: string
  /** The function's whole environment. */
  readonly environment: Readonly<Record<string, string>>
  /** Every line that the function writes. */
  readonly onLog: (line: string) => void
  /** How long a request may take, start of the worker included, before the worker is killed. Default 60 s. */
  readonly requestTimeoutMs?: number
}

export interface FunctionRequest {
  readonly method: string
  /** Path and query, beginning with `/`. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Buffer
}

export interface FunctionResponse {
  readonly status: number
  /** Names in lower case; a header given several times is joined with `, `. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

export interface CloudFunction {
  readonly name: string
  /** How often the worker was started: 1 plus the number of restarts. */
  readonly starts: number
  /**
   * One call of the function, whatever status it answers. Rejects with `WorkerEnded` when the worker ended first, with
   * `FunctionTimedOut` when it took too long, or with the bundle's own error when it does not load.
   */
  request(options: FunctionRequest): Promise<FunctionResponse>
  /** Starts the worker before its first request, so that the request does not pay for it. */
  warm(): Promise<void>
  /** Ends the worker at once, as a crash does; the next request starts a new one. */
  kill(): Promise<void>
  /** Ends the worker for good: later requests reject with `WorkerEnded`. */
  stop(): Promise<void>
}

/** The function took longer than its timeout, and its worker was killed for it. */
export class FunctionTimedOut extends Error {
  constructor(name: string, timeoutMs: number) {
    super(`function ${name} did not answer within ${timeoutMs} ms and was killed`)
    this.name = 'FunctionTimedOut'
  }
}

export function createCloudFunction(options: CloudFunctionOptions): CloudFunction {
  const { name, bundle, target, environment, onLog, requestTimeoutMs = REQUEST_TIMEOUT_MS } = options
  const worker = new FunctionWorker({
    name,
    runtime: new URL('./function-runtime.ts', import.meta.url),
    data: { path: bundle, target } satisfies FunctionBundle,
    environment,
    onLog,
  })
  const agent = new Agent({ keepAlive: true })
  let listening: { readonly port: number; readonly start: number } | undefined
  /** Each start of the worker listens on a port of its own. */
  const portOfWorker = async () => {
    if (listening?.start === worker.starts && worker.isRunning) return listening.port
    const port = Number(await worker.invoke(undefined))
    listening = { port, start: worker.starts }
    return port
  }

  return {
    name,
    get starts() {
      return worker.starts
    },
    async request(request) {
      let killed: Promise<void> | undefined
      const timer = setTimeout(() => {
        killed = worker.kill()
      }, requestTimeoutMs)
      try {
        return await send(agent, await portOfWorker(), request).catch(() => {
          throw new WorkerEnded(name)
        })
      } catch (error) {
        if (!killed) throw error
        // Only when it is really gone: its connections break earlier, and the next request would still go to it.
        await killed
        throw new FunctionTimedOut(name, requestTimeoutMs)
      } finally {
        clearTimeout(timer)
      }
    },
    warm: () => worker.warm(),
    kill: () => worker.kill(),
    async stop() {
      await worker.stop()
      agent.destroy()
    },
  }
}

function send(agent: Agent, port: number, request: FunctionRequest): Promise<FunctionResponse> {
  const { method, path, headers, body } = request
  const length = body ? { 'content-length': String(body.length) } : {}
  return new Promise((resolve, reject) => {
    const call = httpRequest({ agent, host: '127.0.0.1', port, method, path, headers: { ...headers, ...length } })
    call.on('error', reject)
    call.on('response', response => readResponse(response).then(resolve, reject))
    call.end(body)
  })
}

async function readResponse(response: IncomingMessage): Promise<FunctionResponse> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk)
  const headers = Object.entries(response.headersDistinct).map(([name, values]) => [name, (values ?? []).join(', ')])
  return { status: response.statusCode ?? 0, headers: Object.fromEntries(headers), body: Buffer.concat(chunks) }
}
