/**
 * Which message goes to whom, and when does it come back?
 *
 * The rules of one subscription without clock, timers or network: leases with deadlines, redelivery after a nack or a
 * passed deadline, backoff, order per key, dead letters, retention. Every step costs O(log n) of the backlog: messages
 * sit in heaps (ready by publish order, delayed by time, leases by deadline), those of one ordering key behind one
 * another in a lane that takes one place in the heap.
 *
 * Stricter than the cloud in two places, on purpose: an acknowledgement after the deadline is always too late (there it
 * may still count), and expiry is exact to the millisecond. Code that survives this survives the cloud.
 */
import { randomUUID } from 'node:crypto'
import { messageBytes, type PubSubMessage } from './message.ts'
import { OrderingLane } from './ordering-lane.ts'
import { PriorityQueue } from './priority-queue.ts'
import type { QueueConsumer } from './queue-consumer.ts'
import type { Lease, QueueEntry } from './queue-entry.ts'

export interface QueueRules {
  readonly ordered: boolean
  readonly retentionMs: number
  /** Wait before a message is delivered again after it failed `failures` times; 0 for at once. */
  readonly backoffMs: (failures: number) => number
  readonly deadLetter: DeadLetterRule | undefined
}

export interface DeadLetterRule {
  readonly maxAttempts: number
  /** Publishes the message to the dead-letter topic. False: it cannot (the topic is gone), so the message stays. */
  readonly forward: (message: PubSubMessage, deliveryAttempts: number) => boolean
}

export class SubscriptionQueue {
  /** Replaced when the subscription is updated; counts from the next failure on. */
  rules: QueueRules
  readonly #leaseIdPrefix = randomUUID()
  readonly #ready = new PriorityQueue<QueueEntry | OrderingLane>()
  readonly #delayed = new PriorityQueue<QueueEntry | OrderingLane>()
  readonly #deadlines = new PriorityQueue<Lease>()
  readonly #leases = new Map<string, Lease>()
  readonly #lanes = new Map<string, OrderingLane>()
  #leaseCount = 0

  constructor(rules: QueueRules) {
    this.rules = rules
  }

  /** `sequence` grows with every message. */
  publish(message: PubSubMessage, sequence: number, nowMs: number): void {
    const lane = this.rules.ordered && message.orderingKey !== '' ? this.#laneOf(message.orderingKey) : undefined
    const entry: QueueEntry = {
      message,
      bytes: messageBytes(message),
      sequence,
      lane,
      failures: 0,
      notBeforeMs: 0,
      state: 'waiting',
      lease: undefined,
      next: undefined,
    }
    lane?.append(entry)
    this.#place(entry, nowMs)
  }

  /** Leases the earliest message that this consumer may have, if it has room for one. */
  take(consumer: QueueConsumer, nowMs: number): Lease | undefined {
    while (consumer.hasRoom()) {
      const entry = this.#earliestFor(consumer)
      if (!entry) return undefined
      if (entry.message.publishTimeMs + this.rules.retentionMs > nowMs) return this.#lease(entry, consumer, nowMs)
      this.#discard(entry, nowMs)
    }
    return undefined
  }

  /** Unknown ids are ignored: the lease may have ended before the acknowledgement came. */
  ack(leaseId: string, nowMs: number): void {
    const lease = this.#leases.get(leaseId)
    if (!lease) return
    this.#release(lease)
    lease.entry.state = 'acked'
    lease.entry.lane?.disownIfIdle()
    this.#place(lease.entry, nowMs)
  }

  nack(leaseId: string, nowMs: number): void {
    const lease = this.#leases.get(leaseId)
    if (lease) this.#fail(lease, nowMs)
  }

  /** Moves a lease's deadline, later or sooner. */
  extend(leaseId: string, deadlineMs: number): void {
    const lease = this.#leases.get(leaseId)
    if (lease) this.#deadlines.set(lease, deadlineMs)
  }

  /** Leases of a detached consumer end by acknowledgement or deadline, as when a connection is lost. */
  detach(consumer: QueueConsumer, nowMs: number): void {
    consumer.attached = false
    for (let first = consumer.lanes.peek(); first; first = consumer.lanes.peek()) this.#placeLane(first.item, nowMs)
  }

  /** Does what came due: ends leases whose deadline passed, lets go of messages whose backoff is over. */
  advanceTo(nowMs: number): void {
    for (let first = this.#deadlines.peek(); first && first.priority <= nowMs; first = this.#deadlines.peek()) {
      this.#fail(first.item, nowMs)
      const { lane } = first.item.entry
      lane?.disownIfIdle()
      if (lane) this.#placeLane(lane, nowMs)
    }
    for (let first = this.#delayed.peek(); first && first.priority <= nowMs; first = this.#delayed.peek()) {
      this.#delayed.delete(first.item)
      const entry = first.item instanceof OrderingLane ? first.item.upcoming : first.item
      if (entry) this.#place(entry, nowMs)
    }
  }

  /** When `advanceTo` will next have something to do. */
  nextEventMs(): number | undefined {
    const times = [this.#deadlines.peek()?.priority, this.#delayed.peek()?.priority].filter(time => time !== undefined)
    return times.length === 0 ? undefined : Math.min(...times)
  }

  #laneOf(key: string): OrderingLane {
    const lane = this.#lanes.get(key) ?? new OrderingLane(key)
    this.#lanes.set(key, lane)
    return lane
  }

  #earliestFor(consumer: QueueConsumer): QueueEntry | undefined {
    const shared = this.#ready.peek()
    const own = consumer.lanes.peek()
    const first = own && (!shared || own.priority < shared.priority) ? own : shared
    return first?.item instanceof OrderingLane ? first.item.upcoming : first?.item
  }

  #lease(entry: QueueEntry, consumer: QueueConsumer, nowMs: number): Lease {
    this.#leaseCount += 1
    const id = `${this.#leaseIdPrefix}-${this.#leaseCount}`
    const lease: Lease = { id, entry, consumer, deliveryAttempt: entry.failures + 1 }
    entry.state = 'leased'
    entry.lease = lease
    this.#leases.set(id, lease)
    this.#deadlines.set(lease, nowMs + consumer.limits.leaseMs())
    consumer.messagesInFlight += 1
    consumer.bytesInFlight += entry.bytes
    if (entry.lane) {
      entry.lane.outstanding += 1
      entry.lane.owner = consumer
      entry.lane.advance()
    }
    this.#place(entry, nowMs)
    return lease
  }

  #release(lease: Lease): void {
    const { entry, consumer } = lease
    this.#leases.delete(lease.id)
    this.#deadlines.delete(lease)
    entry.lease = undefined
    consumer.messagesInFlight -= 1
    consumer.bytesInFlight -= entry.bytes
    if (entry.lane) entry.lane.outstanding -= 1
  }

  #fail(lease: Lease, nowMs: number): void {
    const { entry } = lease
    this.#release(lease)
    entry.failures += 1
    if (this.#forwardToDeadLetters(entry)) {
      entry.state = 'gone'
    } else {
      entry.state = 'waiting'
      entry.notBeforeMs = nowMs + this.rules.backoffMs(entry.failures)
      for (const later of entry.lane?.rewindTo(entry) ?? []) {
        if (later.lease) this.#release(later.lease)
        later.state = 'waiting'
      }
    }
    this.#place(entry, nowMs)
  }

  #forwardToDeadLetters(entry: QueueEntry): boolean {
    const { deadLetter } = this.rules
    if (!deadLetter || entry.failures < deadLetter.maxAttempts) return false
    return deadLetter.forward(entry.message, entry.failures)
  }

  #discard(entry: QueueEntry, nowMs: number): void {
    entry.state = 'gone'
    entry.lane?.advance()
    this.#place(entry, nowMs)
  }

  /** Puts a message, or the lane it belongs to, where its present state says: ready, delayed or nowhere. */
  #place(entry: QueueEntry, nowMs: number): void {
    if (entry.lane) this.#placeLane(entry.lane, nowMs)
    else this.#placeAlone(entry, nowMs)
  }

  #placeAlone(entry: QueueEntry, nowMs: number): void {
    this.#ready.delete(entry)
    if (entry.state !== 'waiting') return
    if (entry.notBeforeMs > nowMs) this.#delayed.set(entry, entry.notBeforeMs)
    else this.#ready.set(entry, entry.sequence)
  }

  #placeLane(lane: OrderingLane, nowMs: number): void {
    this.#ready.delete(lane)
    this.#delayed.delete(lane)
    lane.owner?.lanes.delete(lane)
    if (!lane.owner?.attached) lane.disownIfIdle()
    lane.trim()
    const { upcoming, owner } = lane
    if (!upcoming) {
      if (lane.empty) this.#lanes.delete(lane.key)
    } else if (upcoming.notBeforeMs > nowMs) this.#delayed.set(lane, upcoming.notBeforeMs)
    else if (!owner) this.#ready.set(lane, upcoming.sequence)
    else if (owner.attached && (lane.outstanding === 0 || !owner.limits.onePerKey))
      owner.lanes.set(lane, upcoming.sequence)
  }
}
