/** So many at a time; whoever comes later waits. */
export interface Limit {
  <Result>(run: () => Promise<Result>): Promise<Result>
  /** Resolves when the next one would not have to wait. */
  untilFree(): Promise<void>
}

export function createLimit(most: number): Limit {
  let running = 0
  const waiting: (() => void)[] = []
  const wakeNext = () => waiting.shift()?.()
  const free = async () => {
    while (running >= most) await new Promise<void>(resolve => waiting.push(resolve))
    // Takes no place itself: whoever waits behind it is not to miss this one.
    wakeNext()
  }
  const limit = async <Result>(run: () => Promise<Result>): Promise<Result> => {
    // Not `await free()`: between its return and the next line others would pass, too.
    while (running >= most) await new Promise<void>(resolve => waiting.push(resolve))
    running += 1
    try {
      return await run()
    } finally {
      running -= 1
      wakeNext()
    }
  }
  return Object.assign(limit, { untilFree: free })
}
