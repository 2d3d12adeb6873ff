/**
 * Records of one event or request that are worked on side by side. A store that is slow, for a moment or because it is
 * small, then answers them later; all at once, each would wait beyond the clients' time-outs, and the same would come again.
 */
export const recordsAtOnce = 16

/** So many at a time; whoever comes later waits. */
export interface Limit {
  <Result>(run: () => Promise<Result>): Promise<Result>
  /** Resolves when the next one would not have to wait. */
  untilFree(): Promise<void>
}

export function createLimit(most: number): Limit {
  let running = 0
  const waiting: (() => void)[] = []
  const free = async () => {
    while (running >= most) await new Promise<void>(resolve => waiting.push(resolve))
  }
  const limit = async <Result>(run: () => Promise<Result>): Promise<Result> => {
    // Not `await free()`: between its return and the next line others would pass, too.
    while (running >= most) await new Promise<void>(resolve => waiting.push(resolve))
    running += 1
    try {
      return await run()
    } finally {
      running -= 1
      waiting.shift()?.()
    }
  }
  return Object.assign(limit, { untilFree: free })
}
