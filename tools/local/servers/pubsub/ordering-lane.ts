/**
 * In which order do the messages of one ordering key go out, and what happens to those after one that failed?
 *
 * A list in publish order with a cursor: everything before the cursor was handed out, everything from it on waits.
 * When a handed-out message fails the cursor goes back to it, so it and all later ones are delivered again, even
 * those acknowledged meanwhile. That is why an acknowledged message stays in the list while an earlier one is open.
 * Source: https://cloud.google.com/pubsub/docs/ordering
 */
import type { QueueConsumer } from './queue-consumer.ts'
import type { QueueEntry } from './queue-entry.ts'

export class OrderingLane {
  readonly key: string
  /** Deliveries of this key that are neither acknowledged nor failed. */
  outstanding = 0
  /**
   * Who holds them: order across two consumers could not be promised, so one has them all. A nacked message goes back to
   * its owner too, so that it cannot overtake later ones that are still on the wire.
   */
  owner: QueueConsumer | undefined
  #oldest: QueueEntry | undefined
  #newest: QueueEntry | undefined
  #cursor: QueueEntry | undefined

  constructor(key: string) {
    this.key = key
  }

  /** The message to be delivered next. */
  get upcoming(): QueueEntry | undefined {
    return this.#cursor
  }

  get empty(): boolean {
    return this.#oldest === undefined
  }

  /** Lets the next message go to anybody, unless the owner still holds one. */
  disownIfIdle(): void {
    if (this.outstanding > 0) return
    this.owner?.lanes.delete(this)
    this.owner = undefined
  }

  append(entry: QueueEntry): void {
    if (this.#newest) this.#newest.next = entry
    this.#newest = entry
    this.#oldest ??= entry
    this.#cursor ??= entry
  }

  /** The upcoming message was handed out or is gone: the one after it is upcoming. */
  advance(): void {
    do this.#cursor = this.#cursor?.next
    while (this.#cursor?.state === 'gone')
  }

  /** Forgets the messages that can never be replayed: settled ones with nothing open before them. */
  trim(): void {
    while (this.#oldest && this.#oldest !== this.#cursor && isSettled(this.#oldest)) this.#oldest = this.#oldest.next
    if (!this.#oldest) this.#newest = undefined
  }

  /** Goes back to `entry`, which was handed out. Answers the later ones that were handed out too. */
  rewindTo(entry: QueueEntry): QueueEntry[] {
    const replayed: QueueEntry[] = []
    for (let later = entry.next; later && later !== this.#cursor; later = later.next) {
      if (later.state !== 'gone') replayed.push(later)
    }
    this.#cursor = entry
    return replayed
  }
}

function isSettled(entry: QueueEntry): boolean {
  return entry.state === 'acked' || entry.state === 'gone'
}
