/** Invokes a function and writes its output bindings. An output that cannot be written fails the invocation. */
import type { FunctionMetadata } from './function-metadata.ts'
import type { InvocationResult, TriggerEvent } from './function-protocol.ts'
import type { FunctionApp } from './functions-host.ts'
import { writeQueueOutputs } from './queue-output.ts'

/** Rejects with `WorkerEnded` only: the instance was killed. */
export async function runInvocation(
  app: FunctionApp,
  fn: FunctionMetadata,
  event: TriggerEvent,
): Promise<InvocationResult> {
  const result = await app.invoke(fn.name, event)
  if (!result.succeeded) return result
  try {
    await writeQueueOutputs(app, fn, result)
    return result
  } catch (thrown) {
    const { name, message, stack = '' } = thrown instanceof Error ? thrown : new Error(String(thrown))
    return { succeeded: false, error: { name, message: `output binding of ${fn.name}: ${message}`, stack } }
  }
}
