/**
 * Storage queue trigger: takes messages, invokes the function with each, deletes what succeeded, shows again what
 * failed, and moves to `<queue>-poison` what failed too often.
 *
 * Follows the host's QueueListener and QueueProcessor (azure-sdk-for-net,
 * Microsoft.Azure.WebJobs.Extensions.Storage.Queues): batches side by side, a lock that is renewed while the function
 * runs, no order, at least once. A queue that does not exist is waited for, not created. A killed instance counts as a
 * dequeue like any other; its message comes back at once instead of after ten minutes.
 */
import { type DequeuedMessageItem, isRestError, type QueueClient, QueueServiceClient } from '@azure/storage-queue'
import { z } from 'zod'
import type { Doorbell } from '../runtime/doorbell.ts'
import { WorkerEnded } from '../runtime/function-worker.ts'
import { awaitDelivery, happens } from './await-delivery.ts'
import { connectionString } from './connection-string.ts'
import type { TriggerEvent } from './function-protocol.ts'
import { pause } from './pause.ts'
import { PollDelay } from './poll-delay.ts'
import { runInvocation } from './run-invocation.ts'
import type { Trigger, TriggerOptions } from './trigger.ts'
import { TriggerHealth } from './trigger-health.ts'

const queueTriggerSchema = z.object({ connection: z.string().min(1), queueName: z.string().min(1) })

/** How long a reordered message is held back, ms: enough for those behind it to overtake. */
const reorderHoldMs = 50

export interface QueueTriggerOptions extends TriggerOptions {
  /** Rings when there may be messages, if anybody can tell. */
  readonly doorbell?: Doorbell
}

export function startQueueTrigger(options: QueueTriggerOptions): Trigger {
  const trigger = new QueueTrigger(options)
  trigger.start()
  return trigger
}

class QueueTrigger implements Trigger {
  readonly #options: QueueTriggerOptions
  readonly #queue: QueueClient
  readonly #poison: QueueClient
  readonly #health: TriggerHealth
  readonly #stopping = new AbortController()
  /** Messages in work, with the time they entered the queue. */
  readonly #inFlight = new Map<Promise<void>, number>()
  #polling: Promise<void> = Promise.resolve()

  constructor(options: QueueTriggerOptions) {
    const { app, fn } = options
    const { connection, queueName } = queueTriggerSchema.parse(fn.trigger.settings)
    const account = connectionString(fn.name, connection, app.environment)
    const service = QueueServiceClient.fromConnectionString(account, { retryOptions: { maxTries: 1 } })
    this.#options = options
    this.#queue = service.getQueueClient(queueName)
    this.#poison = service.getQueueClient(`${queueName}-poison`)
    this.#health = new TriggerHealth(options.onLog)
  }

  get functions() {
    return [this.#options.fn.name]
  }

  start(): void {
    this.#polling = this.#poll()
  }

  status() {
    const { failures, lastError } = this.#health
    const enteredMs = Math.min(...this.#inFlight.values())
    return { failures, lastError, ...(this.#inFlight.size > 0 && { lagMs: Math.max(0, Date.now() - enteredMs) }) }
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#polling
    await Promise.all(this.#inFlight.keys())
  }

  async #poll(): Promise<void> {
    const { app, faults, pace } = this.#options
    const { newBatchThreshold, maxPollingIntervalMs } = app.settings.queues
    const stopping = this.#stopping.signal
    const { doorbell } = this.#options
    const delay = new PollDelay(pace, { limitMs: maxPollingIntervalMs, doorbell })
    while (!stopping.aborted) {
      delay.look()
      const hasRoom = this.#inFlight.size <= newBatchThreshold
      const messages = hasRoom && !faults.paused ? await this.#receive() : []
      for (const message of messages) this.#track(message)
      if (messages.length > 0) delay.foundSomething()
      // Every later message rings.
      const mayHaveMore = messages.length === app.settings.queues.batchSize || (messages.length > 0 && !doorbell)
      if (!mayHaveMore) await delay.wait(stopping)
    }
  }

  async #receive(): Promise<DequeuedMessageItem[]> {
    const { app, pace } = this.#options
    try {
      const { receivedMessageItems } = await this.#queue.receiveMessages({
        numberOfMessages: app.settings.queues.batchSize,
        visibilityTimeout: pace.messageLockSeconds,
      })
      return receivedMessageItems
    } catch (error) {
      this.#health.note(`reading queue ${this.#queue.name}`, error)
      await pause(pace.retryDelayMsMax, this.#stopping.signal)
      return []
    }
  }

  #track(message: DequeuedMessageItem): void {
    const work = this.#work(new MessageLock(this.#queue, message, this.#options.pace.messageLockSeconds))
      .catch((error: unknown) => this.#health.note(`message ${message.messageId} of ${this.#queue.name}`, error))
      .finally(() => {
        this.#inFlight.delete(work)
        // There was no room for more.
        if (this.#inFlight.size === this.#options.app.settings.queues.newBatchThreshold) this.#options.doorbell?.ring()
      })
    this.#inFlight.set(work, message.insertedOn.getTime())
  }

  /** One message from its receipt to its end. Rejects if the queue cannot be reached: the lock then runs out. */
  async #work(lock: MessageLock): Promise<void> {
    using _ = lock
    const { app, fn, faults } = this.#options
    const { maxDequeueCount, messageEncoding, visibilityTimeoutMs } = app.settings.queues
    const { message } = lock
    const stopping = this.#stopping.signal

    // Crashes may have used up the attempts without anyone having moved it.
    if (message.dequeueCount > maxDequeueCount) return this.#moveToPoison(lock)
    const text = decode(message.messageText, messageEncoding)
    if (text === undefined) {
      this.#health.note(`message ${message.messageId} of ${this.#queue.name}`, 'is not Base64 (see messageEncoding)')
      return this.#moveToPoison(lock)
    }

    if (happens(faults.reorder)) await pause(reorderHoldMs, stopping)
    if (!(await awaitDelivery(faults, stopping))) return lock.release(0)

    const event = queueEvent(message, text)
    try {
      const result = await runInvocation(app, fn, event)
      if (result.succeeded) {
        if (happens(faults.duplicate)) await this.#deliverAgain(event)
        return await lock.delete()
      }
      this.#health.note(`${fn.name} failed`, result.error)
    } catch (error) {
      if (!(error instanceof WorkerEnded)) throw error
      return lock.release(0)
    }
    return message.dequeueCount >= maxDequeueCount ? this.#moveToPoison(lock) : lock.release(visibilityTimeoutMs)
  }

  async #deliverAgain(event: TriggerEvent): Promise<void> {
    const { app, fn } = this.#options
    try {
      const result = await runInvocation(app, fn, event)
      if (!result.succeeded) this.#health.note(`${fn.name} failed on a duplicate`, result.error)
    } catch (error) {
      this.#health.note(`${fn.name} on a duplicate`, error)
    }
  }

  async #moveToPoison(lock: MessageLock): Promise<void> {
    this.#options.onLog(`message ${lock.message.messageId} moves to queue ${this.#poison.name}`)
    await this.#poison.createIfNotExists()
    await this.#poison.sendMessage(lock.message.messageText)
    await lock.delete()
  }
}

/** Keeps one message invisible to others while it is in work. Every renewal changes the receipt that ends it. */
class MessageLock implements Disposable {
  readonly message: DequeuedMessageItem
  readonly #queue: QueueClient
  readonly #seconds: number
  readonly #timer: NodeJS.Timeout
  #popReceipt: string
  #renewal: Promise<void> = Promise.resolve()

  constructor(queue: QueueClient, message: DequeuedMessageItem, seconds: number) {
    this.message = message
    this.#queue = queue
    this.#seconds = seconds
    this.#popReceipt = message.popReceipt
    this.#timer = setInterval(() => {
      // A renewal that fails costs a second delivery, which may happen anyway.
      this.#renewal = this.#show(this.#seconds).catch(() => undefined)
    }, seconds * 500)
  }

  /** Ends the lock: the message is shown again after `delayMs`. */
  async release(delayMs: number): Promise<void> {
    await this.#end()
    await ignoreGone(this.#show(Math.ceil(delayMs / 1000)))
  }

  async delete(): Promise<void> {
    await this.#end()
    await ignoreGone(this.#queue.deleteMessage(this.message.messageId, this.#popReceipt))
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  async #end(): Promise<void> {
    clearInterval(this.#timer)
    await this.#renewal
  }

  async #show(seconds: number): Promise<void> {
    const { messageId } = this.message
    const { popReceipt } = await this.#queue.updateMessage(messageId, this.#popReceipt, undefined, seconds)
    this.#popReceipt = popReceipt ?? this.#popReceipt
  }
}

const goneCodes = ['MessageNotFound', 'PopReceiptMismatch']

/** The lock ran out and somebody else has the message, or has finished it: then it is theirs. */
async function ignoreGone(call: Promise<unknown>): Promise<void> {
  try {
    await call
  } catch (error) {
    if (!(isRestError(error) && goneCodes.includes(error.code ?? ''))) throw error
  }
}

/** The text of a message; undefined if it is not in the encoding that host.json promises. */
function decode(messageText: string, encoding: 'base64' | 'none'): string | undefined {
  if (encoding === 'none') return messageText
  const isBase64 = /^[A-Za-z0-9+/]*={0,2}$/.test(messageText) && messageText.length % 4 === 0
  return isBase64 ? Buffer.from(messageText, 'base64').toString('utf8') : undefined
}

function queueEvent(message: DequeuedMessageItem, text: string): TriggerEvent {
  const json = (value: unknown) => ({ json: JSON.stringify(value) })
  return {
    data: { string: text },
    triggerMetadata: {
      QueueTrigger: { string: text },
      Id: { string: message.messageId },
      PopReceipt: { string: message.popReceipt },
      DequeueCount: { int: message.dequeueCount },
      InsertionTime: json(message.insertedOn),
      ExpirationTime: json(message.expiresOn),
      NextVisibleTime: json(message.nextVisibleOn),
    },
  }
}
