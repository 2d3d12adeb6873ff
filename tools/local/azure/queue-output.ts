/** Sends what a function set for its `output.storageQueue` bindings, each value of an array as a message of its own. */
import { type QueueClient, QueueServiceClient } from '@azure/storage-queue'
import { z } from 'zod'
import { connectionString } from './connection-string.ts'
import type { FunctionMetadata } from './function-metadata.ts'
import type { InvocationResult } from './function-protocol.ts'
import type { FunctionApp } from './functions-host.ts'
import type { TypedData } from './typed-data.ts'

const queueBindingSchema = z.object({ connection: z.string().min(1), queueName: z.string().min(1) })

/** Creates a queue that does not exist yet, as the host does for outputs (and only for those). */
export async function writeQueueOutputs(
  app: FunctionApp,
  fn: FunctionMetadata,
  result: Extract<InvocationResult, { succeeded: true }>,
): Promise<void> {
  for (const binding of fn.outputs) {
    const value = binding.name === '$return' ? result.returnValue : result.outputs[binding.name]
    if (binding.type !== 'queue' || !value) continue
    const { connection, queueName } = queueBindingSchema.parse(binding.settings)
    const service = QueueServiceClient.fromConnectionString(connectionString(fn.name, connection, app.environment))
    await sendAll(service.getQueueClient(queueName), messagesOf(value), app.settings.queues.messageEncoding)
  }
}

async function sendAll(queue: QueueClient, messages: readonly Buffer[], encoding: 'base64' | 'none'): Promise<void> {
  if (messages.length === 0) return
  await queue.createIfNotExists()
  for (const message of messages) await queue.sendMessage(message.toString(encoding === 'base64' ? 'base64' : 'utf8'))
}

function messagesOf(value: TypedData): Buffer[] {
  if ('bytes' in value) return [Buffer.from(value.bytes)]
  if ('string' in value) return [Buffer.from(value.string)]
  if ('int' in value) return [Buffer.from(String(value.int))]
  if ('double' in value) return [Buffer.from(String(value.double))]
  if ('http' in value) throw new Error('an HTTP response cannot be a queue message')
  const parsed: unknown = JSON.parse(value.json)
  const items: unknown[] = Array.isArray(parsed) ? parsed : [parsed]
  return items.map(item => Buffer.from(typeof item === 'string' ? item : JSON.stringify(item)))
}
