/** The side of `FunctionWorker` that runs inside the worker: answers each invocation with what `run` returns. */
import { parentPort } from 'node:worker_threads'
import type { Invocation, WorkerMessage } from './function-worker.ts'
import { keepSiteTime } from './site-clock.ts'

// Whoever imports this is a function's thread, and its bundle is loaded later.
keepSiteTime()

export function serveInvocations(run: (payload: unknown) => Promise<unknown>): void {
  const port = parentPort
  if (!port) throw new Error('serveInvocations runs inside a worker thread only')
  const post = (message: WorkerMessage) => port.postMessage(message)
  port.on('message', ({ id, payload }: Invocation) => {
    run(payload).then(
      value => post({ kind: 'result', id, value }),
      (thrown: unknown) => {
        const error = thrown instanceof Error ? thrown : new Error(String(thrown))
        post({ kind: 'error', id, name: error.name, message: error.message, stack: error.stack ?? '' })
      },
    )
  })
  post({ kind: 'ready' })
}
