/** A bus in memory: hands the text of every event to each consumer, one after the other, as separate queues would. */
import type { Bus } from '../index.ts'
import { atOnce, type MemoryTiming } from './memory-timing.ts'

export class MemoryBus {
  readonly #consumers: ((text: string) => void)[] = []

  subscribe(consumer: (text: string) => void): void {
    this.#consumers.push(consumer)
  }

  connect(timing: MemoryTiming = atOnce): Bus {
    return {
      publish: async events => {
        for (const consume of this.#consumers) {
          // A crash between two queues leaves one without the events: the trigger runs again.
          await timing.step()
          for (const { text } of events) consume(text)
        }
        await timing.step()
      },
    }
  }
}
