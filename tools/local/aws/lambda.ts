/**
 * A Lambda function on this machine: its bundle in worker threads that can be killed, behind one `invoke`.
 *
 * How much runs at a time? In the service an instance handles one event at a time, and a second event at the same
 * moment goes to a second instance. Running several events inside one worker would be faster and wrong: it hides
 * mistakes (state of one event in a module variable) and invents others. So each worker here takes one event at a
 * time. There are at most `instances` of them, one unless said otherwise: a stream's poller never has more than one
 * batch of a shard under way, so one is what the service would run too. A function behind HTTP gets two. A further
 * event waits for a free worker, where the service would start a hundred more. The worker used last is taken first,
 * so the second is started only when events really overlap.
 */
import { randomUUID } from 'node:crypto'
import { FunctionWorker, WorkerEnded } from '../runtime/function-worker.ts'
import type { LambdaInvocation, LambdaRuntimeData } from './lambda-runtime.ts'
import { PAYLOAD_BYTES_MAX } from './payload-limit.ts'

const RUNTIME = new URL('./lambda-runtime.ts', import.meta.url)
/** What the service gives a function to load before its first event. */
const INIT_TIMEOUT_MS = 10_000
const DEFAULT_MEMORY_MB = 512
const DEFAULT_REGION = 'us-east-1'

export interface LambdaOptions {
  readonly name: string
  /** Absolute path of a CommonJS bundle that exports `handler`. */
  readonly bundle: string
  /** Added to what Lambda itself sets; `AWS_REGION` here decides the region. Nothing of the host's environment. */
  readonly environment: Readonly<Record<string, string>>
  /** After this long the worker is killed and the invocation fails. */
  readonly timeoutMs: number
  /** How many events at a time; default 1. */
  readonly instances?: number
  /** Only told to the function (`context.memoryLimitInMB`), not enforced; default 512. */
  readonly memoryMb?: number
  /** Every line that the function writes. */
  readonly onLog: (line: string) => void
}

export interface LambdaFunction {
  readonly name: string
  /**
   * Runs the handler once and resolves with its result after a passage through JSON. Rejects with the handler's own
   * error (name kept), `FunctionTimedOut`, `WorkerEnded` (killed) or `PayloadTooLarge`; with `Abandoned` if nobody wants
   * the result any more while the event still waits for an instance: in the service it would have run long ago.
   */
  invoke(event: unknown, abandoned?: AbortSignal): Promise<unknown>
  /** Loads the bundle in all instances, so that the first events do not wait for it. */
  warm(): Promise<void>
  /** Ends all instances at once, in the middle of anything. The next event starts a new one. */
  kill(): Promise<void>
  /** The same for good; events that wait for an instance fail. */
  stop(): Promise<void>
}

/** The function did not answer in time; its worker was killed. */
export class FunctionTimedOut extends Error {
  constructor(name: string, timeoutMs: number) {
    super(`${name}: task timed out after ${(timeoutMs / 1_000).toFixed(2)} seconds`)
    this.name = 'FunctionTimedOut'
  }
}

/** The event is larger than Lambda takes (6 MB of JSON); the function was not called. */
export class PayloadTooLarge extends Error {
  constructor(name: string, bytes: number) {
    super(`${name}: an event of ${bytes} bytes is over the limit of ${PAYLOAD_BYTES_MAX}`)
    this.name = 'PayloadTooLarge'
  }
}

/** Whoever asked has gone; the function was not called. */
class Abandoned extends Error {
  constructor(name: string) {
    super(`${name}: nobody waits for the result any more`)
    this.name = 'Abandoned'
  }
}

export function createLambda(options: LambdaOptions): LambdaFunction {
  return new WorkerPool(options)
}

class WorkerPool implements LambdaFunction {
  readonly name: string
  readonly #timeoutMs: number
  readonly #workers: readonly FunctionWorker[]
  /** The one used last is at the end. */
  readonly #idle: FunctionWorker[]
  readonly #waiting: PromiseWithResolvers<FunctionWorker>[] = []
  #stopped = false

  constructor(options: LambdaOptions) {
    this.name = options.name
    this.#timeoutMs = options.timeoutMs
    this.#workers = Array.from({ length: options.instances ?? 1 }, () => createWorker(options))
    this.#idle = [...this.#workers]
  }

  async invoke(event: unknown, abandoned?: AbortSignal): Promise<unknown> {
    const text = JSON.stringify(event ?? null)
    const bytes = Buffer.byteLength(text)
    if (bytes > PAYLOAD_BYTES_MAX) throw new PayloadTooLarge(this.name, bytes)

    const worker = await this.#acquire()
    try {
      if (abandoned?.aborted) throw new Abandoned(this.name)
      await this.#orKilled(worker, worker.warm(), INIT_TIMEOUT_MS)
      const invocation: LambdaInvocation = { event: text, requestId: randomUUID(), timeoutMs: this.#timeoutMs }
      const result = await this.#orKilled(worker, worker.invoke(invocation), this.#timeoutMs)
      return JSON.parse(String(result))
    } finally {
      this.#release(worker)
    }
  }

  async warm(): Promise<void> {
    await Promise.all(this.#workers.map(worker => worker.warm()))
  }

  async kill(): Promise<void> {
    await Promise.all(this.#workers.map(worker => worker.kill()))
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const waiting of this.#waiting.splice(0)) waiting.reject(new WorkerEnded(this.name))
    await Promise.all(this.#workers.map(worker => worker.stop()))
  }

  async #acquire(): Promise<FunctionWorker> {
    if (this.#stopped) throw new WorkerEnded(this.name)
    const idle = this.#idle.pop()
    if (idle) return idle
    const waiting = Promise.withResolvers<FunctionWorker>()
    this.#waiting.push(waiting)
    return waiting.promise
  }

  #release(worker: FunctionWorker): void {
    const next = this.#waiting.shift()
    if (next) next.resolve(worker)
    else this.#idle.push(worker)
  }

  /** `work`, or `FunctionTimedOut` after the worker, which may be in an endless loop, has been killed. */
  async #orKilled<T>(worker: FunctionWorker, work: Promise<T>, timeoutMs: number): Promise<T> {
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      void worker.kill()
    }, timeoutMs)
    try {
      return await work
    } catch (error) {
      throw timedOut ? new FunctionTimedOut(this.name, timeoutMs) : error
    } finally {
      clearTimeout(timer)
    }
  }
}

function createWorker(options: LambdaOptions): FunctionWorker {
  const { name, bundle, onLog } = options
  const memoryMb = options.memoryMb ?? DEFAULT_MEMORY_MB
  const region = options.environment.AWS_REGION ?? DEFAULT_REGION
  const data: LambdaRuntimeData = { name, region, bundle, memoryMb }
  return new FunctionWorker({
    name,
    runtime: RUNTIME,
    data,
    environment: { ...lambdaEnvironment(name, region, memoryMb), ...options.environment },
    onLog,
  })
}

/** The variables that Lambda sets; the credentials are those of no one. */
function lambdaEnvironment(name: string, region: string, memoryMb: number): Record<string, string> {
  return {
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    _HANDLER: 'index.handler',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
  }
}
