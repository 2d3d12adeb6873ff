/** How many are inside at once, for work that is to go side by side, but not without bounds. */
export interface Crowd {
  /** The most that were inside at any moment. */
  readonly most: number
  visit<Result>(run: () => Promise<Result>): Promise<Result>
}

/**
 * Holds whoever comes until `expected` are inside, and a moment longer, in which one too many would show. From then on
 * everybody passes. Fewer than `expected` at once wait for ever: the test ends by its time-out.
 */
export function createCrowd(expected: number, momentMs: number): Crowd {
  const opened = Promise.withResolvers<void>()
  let inside = 0
  let most = 0
  return {
    get most() {
      return most
    },
    async visit(run) {
      inside += 1
      most = Math.max(most, inside)
      if (inside === expected) setTimeout(opened.resolve, momentMs)
      await opened.promise
      try {
        return await run()
      } finally {
        inside -= 1
      }
    },
  }
}
