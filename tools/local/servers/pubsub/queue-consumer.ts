/** Who takes messages from a subscription, and how much of it may be in its hands at once. */
import type { OrderingLane } from './ordering-lane.ts'
import { PriorityQueue } from './priority-queue.ts'

export interface ConsumerLimits {
  readonly maxMessages: number
  readonly maxBytes: number
  /** True for pushes and triggers: the next message of a key waits until the one before is acknowledged. */
  readonly onePerKey: boolean
  /** How long a delivery is leased, in ms; asked at each delivery because it can be changed meanwhile. */
  readonly leaseMs: () => number
}

export class QueueConsumer {
  readonly limits: ConsumerLimits
  /** Ordering keys of which this consumer holds messages: their next ones go to nobody else. */
  readonly lanes = new PriorityQueue<OrderingLane>()
  attached = true
  messagesInFlight = 0
  bytesInFlight = 0

  constructor(limits: ConsumerLimits) {
    this.limits = limits
  }

  /** Bytes may be exceeded by the last message taken, else one larger than the limit could never be delivered. */
  hasRoom(): boolean {
    return this.messagesInFlight < this.limits.maxMessages && this.bytesInFlight < this.limits.maxBytes
  }
}
