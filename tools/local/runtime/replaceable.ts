/**
 * A function whose code is replaced while events come, as a deployment does: the next event meets the new code, and what
 * is under way is finished by the code that began it.
 */
export interface Code {
  readonly name: string
  warm(): Promise<void>
  kill(): Promise<void>
  stop(): Promise<void>
}

interface Present<Fn> {
  readonly fn: Fn
  readonly underWay: Set<Promise<unknown>>
}

export class Replaceable<Fn extends Code> {
  #present: Present<Fn>

  constructor(fn: Fn) {
    this.#present = { fn, underWay: new Set() }
  }

  get fn(): Fn {
    return this.#present.fn
  }

  async run<Result>(call: (fn: Fn) => Promise<Result>): Promise<Result> {
    const { fn, underWay } = this.#present
    const running = call(fn)
    underWay.add(running)
    try {
      return await running
    } finally {
      underWay.delete(running)
    }
  }

  /** Resolves when nothing runs the code from before any more. If the new code does not load, the present one stays. */
  async replace(fn: Fn): Promise<void> {
    try {
      await fn.warm()
    } catch (error) {
      await fn.stop()
      throw error
    }
    const before = this.#present
    this.#present = { fn, underWay: new Set() }
    await Promise.allSettled(before.underWay)
    await before.fn.stop()
  }
}

/**
 * One replacement after the other, in an order that nobody promises, as in the clouds. So for a while functions of two
 * declarations work side by side at one site.
 */
export async function replaceInAnyOrder(replacements: readonly (() => Promise<void>)[]): Promise<void> {
  const shuffled = replacements
    .map(replace => ({ replace, place: Math.random() }))
    .toSorted((a, b) => a.place - b.place)
  for (const { replace } of shuffled) await replace()
}
