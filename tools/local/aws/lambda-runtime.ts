/**
 * What runs inside the worker of a Lambda function: loads the bundle once, as the managed runtime `nodejs24.x` does,
 * and calls its `handler` with the event and a context.
 *
 * Events and results cross as JSON text, because they do so in the service: a Date becomes a string, `undefined`
 * vanishes, and both have a limit of 6 MB.
 */
import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { workerData } from 'node:worker_threads'
import { serveInvocations } from '../runtime/serve-invocations.ts'
import { functionArn } from './aws-names.ts'
import { PAYLOAD_BYTES_MAX } from './payload-limit.ts'

/** Given to the worker when it starts. */
export interface LambdaRuntimeData {
  readonly name: string
  readonly region: string
  /** Absolute path of a CommonJS bundle that exports `handler`. */
  readonly bundle: string
  readonly memoryMb: number
}

/** Given with every invocation. */
export interface LambdaInvocation {
  /** The event as JSON. */
  readonly event: string
  readonly requestId: string
  readonly timeoutMs: number
}

type Handler = (event: unknown, context: object) => unknown

const data: LambdaRuntimeData = workerData
const logStreamName = `${new Date().toISOString().slice(0, 10).replaceAll('-', '/')}/[$LATEST]${randomBytes(16).toString('hex')}`
const handler = loadHandler()

serveInvocations(async payload => {
  // The one sender is lambda.ts, in the same version.
  const { event, requestId, timeoutMs } = payload as LambdaInvocation
  const result: unknown = await handler(JSON.parse(event), createContext(requestId, Date.now() + timeoutMs))
  const text = JSON.stringify(result ?? null)
  if (Buffer.byteLength(text) > PAYLOAD_BYTES_MAX) {
    throw named('Function.ResponseSizeTooLarge', `Response payload size exceeded ${PAYLOAD_BYTES_MAX} bytes`)
  }
  return text
})

function loadHandler(): Handler {
  const module: { handler?: unknown } = createRequire(import.meta.url)(data.bundle)
  const exported = module.handler
  if (!isHandler(exported)) throw named('Runtime.HandlerNotFound', 'index.handler is undefined or not exported')
  // Node 24's runtime tells callback handlers by their parameters and refuses them when it starts.
  if (exported.length >= 3) {
    throw named(
      'Runtime.CallbackHandlerDeprecated',
      'callback-based handlers do not run on nodejs24.x: return a promise',
    )
  }
  return exported
}

function isHandler(value: unknown): value is Handler {
  return typeof value === 'function'
}

function createContext(requestId: string, deadline: number): object {
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: data.name,
    functionVersion: '$LATEST',
    invokedFunctionArn: functionArn(data.region, data.name),
    memoryLimitInMB: String(data.memoryMb),
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${data.name}`,
    logStreamName,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  }
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name })
}
