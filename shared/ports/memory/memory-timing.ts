/** When things happen inside the memory adapters: at once, or under a simulator's control. */
export interface MemoryTiming {
  /** Awaited before and after each effect of a call: time passes here, and the caller may crash here. */
  step(): Promise<void>
  /** Work that the store finishes by itself, whatever becomes of the caller. */
  background(action: () => void): void
}

export const atOnce: MemoryTiming = {
  step: () => Promise.resolve(),
  background: action => action(),
}
