/** Adoptions in memory. */
import type { Adoption, AdoptionStore } from '../index.ts'
import { atOnce, type MemoryTiming } from './memory-timing.ts'

export class MemoryAdoptionStore {
  readonly adoptions = new Map<string, Adoption>()

  connect(timing: MemoryTiming = atOnce): AdoptionStore {
    const timed = async <Result>(effect: () => Result): Promise<Result> => {
      await timing.step()
      const result = effect()
      await timing.step()
      return result
    }
    return {
      read: type => timed(() => this.adoptions.get(type)),
      write: (type, adoption) => timed(() => void this.adoptions.set(type, adoption)),
    }
  }
}
