/**
 * The side of a Google Cloud function that runs inside its worker thread: loads the bundle and serves the function
 * it registered with the real functions framework, over HTTP, as the cloud's container does.
 *
 * Why the framework's test server and not its command line: the command line binds every interface. Why the hook:
 * functions are registered in a module of the framework, so the bundle must be given the very copy that serves, and
 * a bundle lies in a folder from which the project's dependencies cannot be found.
 */
import { once } from 'node:events'
import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import { workerData } from 'node:worker_threads'
import { serveInvocations } from '../runtime/serve-invocations.ts'

/** What the host hands to this runtime as `workerData`. */
export interface FunctionBundle {
  /** Absolute path of the bundle, CommonJS or ES module. */
  readonly path: string
  /** The name under which the bundle registers the function. */
  readonly target: string
}

/** Resolved before the hook is there. Changing `parentURL` in the hook instead has no effect on `require`. */
const frameworkUrls = new Map(
  ['@google-cloud/functions-framework', '@google-cloud/functions-framework/testing'].map(specifier => [
    specifier,
    import.meta.resolve(specifier),
  ]),
)

/**
 * The framework runs every call in a `domain`, which makes Node follow each promise and each timer: a quarter of a
 * capture's time in a profile. All that the domain is for is an exception that nobody catches: it answers 500 and ends the process.
 * Without it such an exception ends the worker, and the host answers 503: for a trigger both are a failed delivery.
 */
const substitutes = new Map([...frameworkUrls, ['domain', new URL('./no-domain.cjs', import.meta.url).href]])

registerHooks({
  resolve(specifier, context, nextResolve) {
    const url = substitutes.get(specifier)
    return url === undefined ? nextResolve(specifier, context) : { url, shortCircuit: true }
  },
})

async function serveFunction({ path, target }: FunctionBundle): Promise<number> {
  await import(pathToFileURL(path).href)
  const { getTestServer } = await import('@google-cloud/functions-framework/testing')
  const server = getTestServer(target)
  // The host keeps its connections for as long as the worker lives; one closed here while idle would fail a request.
  server.keepAliveTimeout = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error(`function ${target} does not listen on TCP`)
  return address.port
}

const port = await serveFunction(workerData)
serveInvocations(async () => port)
