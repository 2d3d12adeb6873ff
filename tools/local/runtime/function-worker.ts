/**
 * One function of one site in a worker thread of its own.
 *
 * Why a thread: it can be killed alone, in the middle of anything, as a cloud kills an instance, while the
 * emulators and the other functions of the site go on. A killed worker is started again by its next invocation.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { openSiteClock } from './site-clock.ts'

export interface FunctionWorkerOptions {
  /** Name of the function, for logs and errors: `capture`, `forward-azure-eastus`. */
  readonly name: string
  /** The module that runs inside the worker and answers with `serveInvocations` (one per cloud). */
  readonly runtime: URL
  /** Handed to the runtime as `workerData`: the bundle's path and whatever else this cloud's runtime wants. */
  readonly data: unknown
  /** The function's whole environment: nothing of the host's leaks in. */
  readonly environment: Readonly<Record<string, string>>
  /** Every line that the function writes. */
  readonly onLog: (line: string) => void
}

/** The worker ended (killed, crashed) before it answered: the trigger must deliver the event again. */
export class WorkerEnded extends Error {
  constructor(name: string) {
    super(`function ${name} ended before it answered`)
    this.name = 'WorkerEnded'
  }
}

interface Pending {
  resolve(value: unknown): void
  reject(error: Error): void
}

/** What one running worker costs its process. */
export interface WorkerFigures {
  readonly name: string
  /** From the start of the thread until it could be given events: the bundle and its runtime are loaded. */
  readonly loadMs: number
  /** User and system time of its thread since its start. */
  readonly cpuMs: number
  readonly heapUsedBytes: number
  /** Asked of the machine for its heap, used or not. */
  readonly heapTotalBytes: number
  /** Buffers beside its heap. */
  readonly externalBytes: number
}

/** Of this process: a host process has one site. */
const workersRunning = new Map<Worker, { readonly name: string; readonly loadMs: number }>()

/**
 * Of all workers that are ready, in the order of their starts. `collected`: after garbage was collected in each, which
 * takes seconds.
 */
export function workerFigures(collected: boolean): Promise<readonly WorkerFigures[]> {
  return Promise.all(
    [...workersRunning].map(async ([worker, { name, loadMs }]) => {
      const cpu = await worker.cpuUsage()
      // V8 collects before it takes a picture of a heap; there is no other way to ask it.
      if (collected) (await worker.getHeapSnapshot()).destroy()
      const heap = await worker.getHeapStatistics()
      return {
        name,
        loadMs,
        cpuMs: (cpu.user + cpu.system) / 1000,
        heapUsedBytes: heap.used_heap_size,
        heapTotalBytes: heap.total_heap_size,
        externalBytes: heap.external_memory,
      }
    }),
  )
}

interface Running {
  readonly worker: Worker
  readonly ready: Promise<void>
  readonly pending: Map<number, Pending>
}

/** What a runtime posts: ready once, then one answer per invocation. */
export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  | {
      readonly kind: 'error'
      readonly id: number
      readonly name: string
      readonly message: string
      readonly stack: string
    }

export interface Invocation {
  readonly id: number
  readonly payload: unknown
}

export class FunctionWorker {
  readonly #options: FunctionWorkerOptions
  #running: Running | undefined
  #nextId = 1
  #stopped = false
  /** How often the worker was started: 1 plus the number of restarts. */
  starts = 0

  constructor(options: FunctionWorkerOptions) {
    this.#options = options
  }

  get name(): string {
    return this.#options.name
  }

  /** Whether the worker of the last start is still there. */
  get isRunning(): boolean {
    return this.#running !== undefined
  }

  /** Runs the function once. Rejects with the function's own error (name kept) or with `WorkerEnded`. */
  async invoke(payload: unknown): Promise<unknown> {
    const running = this.#start()
    await running.ready
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      running.pending.set(id, { resolve, reject })
      running.worker.postMessage({ id, payload } satisfies Invocation)
    })
  }

  /** Starts the worker before its first event, so that the first event does not pay for it. */
  async warm(): Promise<void> {
    await this.#start().ready
  }

  /** Ends the worker at once, as a crash does. The next invocation starts a new one. */
  async kill(): Promise<void> {
    await this.#running?.worker.terminate()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.kill()
  }

  #start(): Running {
    if (this.#running) return this.#running
    if (this.#stopped) throw new WorkerEnded(this.name)
    this.starts += 1
    const startedMs = performance.now()
    openSiteClock()
    const worker = new Worker(this.#options.runtime, {
      workerData: this.#options.data,
      env: { ...this.#options.environment },
      stdout: true,
      stderr: true,
      name: this.name,
    })
    const pending = new Map<number, Pending>()
    const { promise: ready, resolve, reject } = Promise.withResolvers<void>()
    ready.catch(() => undefined)
    const running: Running = { worker, ready, pending }
    this.#running = running

    const end = (error: Error) => {
      workersRunning.delete(worker)
      if (this.#running === running) this.#running = undefined
      reject(error)
      for (const call of pending.values()) call.reject(error)
      pending.clear()
    }
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'ready') {
        workersRunning.set(worker, { name: this.name, loadMs: performance.now() - startedMs })
        return resolve()
      }
      const call = pending.get(message.id)
      pending.delete(message.id)
      if (message.kind === 'result') call?.resolve(message.value)
      else call?.reject(Object.assign(new Error(message.message), { name: message.name, stack: message.stack }))
    })
    worker.on('error', error => {
      this.#options.onLog(`function ${this.name} crashed: ${String(error)}`)
      end(error instanceof Error ? error : new WorkerEnded(this.name))
    })
    worker.on('exit', () => end(new WorkerEnded(this.name)))
    for (const stream of [worker.stdout, worker.stderr]) this.#readLines(stream)
    return running
  }

  #readLines(stream: NodeJS.ReadableStream): void {
    let rest = ''
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) this.#options.onLog(line)
    })
    void once(stream, 'end').then(() => rest !== '' && this.#options.onLog(rest))
  }
}
