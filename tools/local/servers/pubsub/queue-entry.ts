/** One message in one subscription: how far it got, and who holds it. */
import type { PubSubMessage } from './message.ts'
import type { OrderingLane } from './ordering-lane.ts'
import type { QueueConsumer } from './queue-consumer.ts'

export interface QueueEntry {
  readonly message: PubSubMessage
  readonly bytes: number
  /** Publish order; never changes, so that what comes back comes back in its old place. */
  readonly sequence: number
  /** Messages of one ordering key; undefined if the message or the subscription has no order. */
  readonly lane: OrderingLane | undefined
  /** How often it was nacked or its deadline passed. The next delivery is attempt `failures + 1`. */
  failures: number
  /** Not to be delivered before this time: the backoff after a failure. */
  notBeforeMs: number
  /** `gone`: forwarded to the dead-letter topic, or past its retention. Never delivered again. */
  state: 'waiting' | 'leased' | 'acked' | 'gone'
  lease: Lease | undefined
  /** The next message of the same ordering key. */
  next: QueueEntry | undefined
}

/** One delivery that is neither acknowledged nor given up. Its id is the `ackId` on the wire. */
export interface Lease {
  readonly id: string
  readonly entry: QueueEntry
  readonly consumer: QueueConsumer
  /** 1 for the first delivery. */
  readonly deliveryAttempt: number
}
