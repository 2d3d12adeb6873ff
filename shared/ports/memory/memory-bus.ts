/** A bus in memory: hands the text of every event to each consumer, one after the other, as separate queues would. */
import { busText } from '../../replicate/claim.ts'
import type { Bus } from '../index.ts'
import { atOnce, type MemoryTiming } from './memory-timing.ts'

export class MemoryBus {
  readonly #messageBytesMax: number
  readonly #consumers: ((text: string) => void)[] = []

  /** A change that is larger travels as a claim check. */
  constructor(messageBytesMax: number = Number.POSITIVE_INFINITY) {
    this.#messageBytesMax = messageBytesMax
  }

  subscribe(consumer: (text: string) => void): void {
    this.#consumers.push(consumer)
  }

  connect(timing: MemoryTiming = atOnce): Bus {
    return {
      publish: async events => {
        const texts = events.map(event => busText(event, text => Buffer.byteLength(text) <= this.#messageBytesMax))
        for (const consume of this.#consumers) {
          // A crash between two queues leaves one without the events: the trigger runs again.
          await timing.step()
          for (const text of texts) consume(text)
        }
        await timing.step()
      },
    }
  }
}
