/**
 * A subscription at work: the queue's rules driven by the clock, with the consumers that are connected now.
 *
 * All that happens (a publish, an acknowledgement, a new consumer) only asks for one round of deliveries soon. The
 * round serves the consumers in turn, one message each, until nobody can take more, then sleeps until the next lease or
 * backoff ends. A consumer that acknowledges while it is being served therefore never meets a queue in mid-change.
 */

import type { PubSubMessage } from './message.ts'
import { type ConsumerLimits, QueueConsumer } from './queue-consumer.ts'
import type { Lease } from './queue-entry.ts'
import type { RpcError } from './rpc-error.ts'
import { type DeadLetterRule, SubscriptionQueue } from './subscription-queue.ts'
import type { SubscriptionSettings } from './subscription-settings.ts'
import type { WireSubscription } from './wire.ts'

export interface ConsumerHandlers {
  /** Called outside any change of the queue; may acknowledge at once. */
  readonly deliver: (leases: readonly Lease[]) => void
  /** The subscription was deleted, or turned into one that this consumer cannot use. */
  readonly closed: (reason: RpcError) => void
}

export class Subscription {
  config: WireSubscription
  settings: SubscriptionSettings
  readonly #queue: SubscriptionQueue
  readonly #forward: ForwardDeadLetter
  readonly #consumers = new Map<QueueConsumer, ConsumerHandlers>()
  #firstServed = 0
  #round: NodeJS.Immediate | undefined
  #wakeUp: NodeJS.Timeout | undefined
  #disposed = false

  constructor(config: WireSubscription, settings: SubscriptionSettings, forward: ForwardDeadLetter) {
    this.config = config
    this.settings = settings
    this.#forward = forward
    this.#queue = new SubscriptionQueue(this.#rules())
  }

  get name(): string {
    return this.config.name
  }

  configure(config: WireSubscription, settings: SubscriptionSettings): void {
    this.config = config
    this.settings = settings
    this.#queue.rules = this.#rules()
    this.deliverSoon()
  }

  /** Messages that the filter leaves out are settled at once: they never were in this subscription. */
  publish(message: PubSubMessage, sequence: number): void {
    if (!this.settings.matches(message.attributes)) return
    this.#queue.publish(message, sequence, Date.now())
    this.deliverSoon()
  }

  ack(leaseId: string): void {
    this.#queue.ack(leaseId, Date.now())
    this.deliverSoon()
  }

  nack(leaseId: string): void {
    this.#queue.nack(leaseId, Date.now())
    this.deliverSoon()
  }

  /** Lets a lease end `seconds` from now; 0 is a nack. */
  modifyAckDeadline(leaseId: string, seconds: number): void {
    const nowMs = Date.now()
    if (seconds === 0) this.#queue.nack(leaseId, nowMs)
    else this.#queue.extend(leaseId, nowMs + seconds * 1000)
    this.deliverSoon()
  }

  attach(limits: ConsumerLimits, handlers: ConsumerHandlers): QueueConsumer {
    const consumer = new QueueConsumer(limits)
    this.#consumers.set(consumer, handlers)
    this.deliverSoon()
    return consumer
  }

  detach(consumer: QueueConsumer): void {
    this.#consumers.delete(consumer)
    this.#queue.detach(consumer, Date.now())
    this.deliverSoon()
  }

  /** Ends every consumer with a reason: the subscription goes, or changes its kind. */
  closeConsumers(reason: RpcError): void {
    for (const [consumer, handlers] of [...this.#consumers]) {
      this.detach(consumer)
      handlers.closed(reason)
    }
  }

  dispose(reason: RpcError): void {
    this.#disposed = true
    this.closeConsumers(reason)
    clearImmediate(this.#round)
    clearTimeout(this.#wakeUp)
  }

  deliverSoon(): void {
    if (this.#disposed) return
    this.#round ??= setImmediate(() => this.deliverNow())
  }

  /** One round of deliveries. Not to be called from a consumer's handlers. */
  deliverNow(): void {
    clearImmediate(this.#round)
    this.#round = undefined
    const nowMs = Date.now()
    this.#queue.advanceTo(nowMs)
    const batches = this.#leaseInTurns(nowMs)
    this.#sleep(nowMs)
    for (const [consumer, leases] of batches) this.#consumers.get(consumer)?.deliver(leases)
  }

  #leaseInTurns(nowMs: number): Map<QueueConsumer, Lease[]> {
    const batches = new Map<QueueConsumer, Lease[]>()
    let hungry = this.#consumersInTurn()
    while (hungry.length > 0) {
      hungry = hungry.filter(consumer => {
        const lease = this.#queue.take(consumer, nowMs)
        if (!lease) return false
        const batch = batches.get(consumer)
        if (batch) batch.push(lease)
        else batches.set(consumer, [lease])
        return true
      })
    }
    return batches
  }

  /** Another one comes first each time, else a trickle of single messages would all go to one consumer. */
  #consumersInTurn(): QueueConsumer[] {
    const consumers = [...this.#consumers.keys()]
    const first = consumers.length === 0 ? 0 : this.#firstServed++ % consumers.length
    return [...consumers.slice(first), ...consumers.slice(0, first)]
  }

  #sleep(nowMs: number): void {
    clearTimeout(this.#wakeUp)
    const nextMs = this.#queue.nextEventMs()
    if (nextMs === undefined) return
    this.#wakeUp = setTimeout(() => this.deliverNow(), Math.max(1, nextMs - nowMs))
  }

  #rules() {
    const { ordered, retentionMs, backoffMs, deadLetter } = this.settings
    return { ordered, retentionMs, backoffMs, deadLetter: deadLetter && this.#deadLetterRule(deadLetter) }
  }

  #deadLetterRule({ topic, maxAttempts }: { readonly topic: string; readonly maxAttempts: number }): DeadLetterRule {
    return { maxAttempts, forward: (message, attempts) => this.#forward(topic, message, attempts, this.name) }
  }
}

/** Publishes a message that failed too often to the dead-letter topic; false if there is no such topic. */
export type ForwardDeadLetter = (
  topic: string,
  message: PubSubMessage,
  attempts: number,
  subscription: string,
) => boolean
