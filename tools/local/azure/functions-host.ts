/**
 * One function app: a bundle in a worker thread, whose functions are invoked by name. The triggers decide when.
 *
 * Why not the official host: neither Core Tools nor the Node worker installs from npm. What a function can observe is
 * kept: its arguments, metadata, retry context, hooks, bindings, environment and the way it ends.
 *
 * Not imitated: functionTimeout, scaling to several instances, input bindings.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { FunctionWorker, WorkerEnded } from '../runtime/function-worker.ts'
import { type Environment, type FunctionMetadata, parseFunctionMetadata } from './function-metadata.ts'
import {
  type HostMessage,
  type InvocationResult,
  invocationResultSchema,
  type TriggerEvent,
} from './function-protocol.ts'
import { type HostSettings, parseHostSettings } from './host-settings.ts'

/** How long the appTerminate hooks may take, behind whatever the instance is still busy with. */
const terminateMsMax = 5_000

export interface FunctionAppOptions {
  readonly name: string
  /** Path of a CommonJS bundle that keeps `@azure/functions-core` external. */
  readonly bundle: string
  /** The app settings: the whole environment of the functions. */
  readonly environment: Environment
  /** The parsed host.json that deploys with the bundle; `{}` for the defaults. */
  readonly hostJson: unknown
  /** Every line that the functions log. */
  readonly onLog: (line: string) => void
}

export interface FunctionApp {
  readonly name: string
  readonly environment: Environment
  readonly settings: HostSettings
  /** What the bundle registers. Rejects if it does not load, or declares a binding that is not supplied here. */
  functions(): Promise<readonly FunctionMetadata[]>
  /**
   * Runs a function once. A function that failed, or that crashed its worker, is a result; rejects with `WorkerEnded`
   * only if the instance was killed, and nothing is known about how far it came.
   */
  invoke(functionName: string, event: TriggerEvent): Promise<InvocationResult>
  /** Loads the bundle now, so that the first event does not wait for it. */
  warm(): Promise<void>
  /** Ends the instance at once, with everything in flight; the next invocation starts another. */
  kill(): Promise<void>
  /** Runs the appTerminate hooks and ends the instance for good. Stop the triggers first. */
  stop(): Promise<void>
}

export function createFunctionApp({ name, bundle, environment, hostJson, onLog }: FunctionAppOptions): FunctionApp {
  const settings = parseHostSettings(hostJson)
  const runtime = new URL('./functions-runtime.ts', import.meta.url)
  const worker = new FunctionWorker({ name, runtime, data: { bundle }, environment, onLog })
  const send = (message: HostMessage) => worker.invoke(message)
  let running = false

  return {
    name,
    environment,
    settings,
    functions: async () => {
      running = true
      const registered = z.array(z.unknown()).parse(await send({ kind: 'functions' }))
      return registered.map(one => parseFunctionMetadata(one, environment))
    },
    invoke: async (functionName, event) => {
      running = true
      try {
        return invocationResultSchema.parse(await send({ kind: 'invoke', functionName, event }))
      } catch (thrown) {
        if (thrown instanceof WorkerEnded) throw thrown
        return failedInvocation(thrown)
      }
    },
    warm: () => {
      running = true
      return worker.warm()
    },
    kill: () => {
      running = false
      return worker.kill()
    },
    stop: async () => {
      const hooks = running ? send({ kind: 'terminate' }) : Promise.resolve()
      const logged = hooks.catch((error: unknown) => onLog(`appTerminate hooks of ${name} failed: ${String(error)}`))
      await Promise.race([logged, sleep(terminateMsMax, undefined, { ref: false })])
      await worker.stop()
    },
  }
}

function failedInvocation(thrown: unknown): InvocationResult {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  return { succeeded: false, error: { name: error.name, message: error.message, stack: error.stack ?? '' } }
}
