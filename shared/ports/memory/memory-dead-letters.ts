/** Dead letters in memory: one per id, so that a repeated failure is one letter. */
import type { DeadLetter } from '../../replicate/dead-letter.ts'
import type { DeadLetters } from '../index.ts'
import { atOnce, type MemoryTiming } from './memory-timing.ts'

export class MemoryDeadLetters {
  readonly letters = new Map<string, DeadLetter>()

  connect(timing: MemoryTiming = atOnce): DeadLetters {
    return {
      put: async letter => {
        await timing.step()
        this.letters.set(letter.id, letter)
        await timing.step()
      },
    }
  }
}
