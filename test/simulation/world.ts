/**
 * Virtual time. Everything that happens is an event in one queue, drawn in the order of its time; the seed decides
 * how long each step takes and who crashes where. A run of minutes takes milliseconds, and runs again the same.
 */
import type { MemoryTiming } from '../../shared/ports/memory/memory-timing.ts'
import type { Random } from './random.ts'

interface Event {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
}

export type Outcome<Result> =
  | { readonly outcome: 'returned'; readonly result: Result }
  | { readonly outcome: 'failed'; readonly error: unknown }
  | { readonly outcome: 'crashed' }

/** What can go wrong, as chances per step or message; all 0 in the quiet phase. */
export interface Faults {
  crash: number
  duplicate: number
  loseRequest: number
  loseAnswer: number
  /** Of single steps: the caller stalls for seconds. */
  stall: number
}

export const quiet: Faults = { crash: 0, duplicate: 0, loseRequest: 0, loseAnswer: 0, stall: 0 }

export class World {
  readonly random: Random
  /** What buses and stores can take, drawn apart: a run without such limits is the same as if there were none. */
  readonly capacity: Random
  faults: Faults = quiet
  nowMs = 1_700_000_000_000
  /** A change feed (Cosmos) carries the version before a write; an account can be set so that it does not. */
  carriesBefore = true
  readonly #queue: Event[] = []
  #order = 0

  constructor(random: Random, capacity: Random) {
    this.random = random
    this.capacity = capacity
  }

  after(delayMs: number, run: () => void): void {
    this.#push({ atMs: this.nowMs + delayMs, order: this.#order++, run })
  }

  sleep(ms: number): Promise<void> {
    return new Promise(resolve => this.after(ms, resolve))
  }

  /** Runs until nothing is left to happen. Throws if that takes more than `eventsMax` events: something never ends. */
  async drain(eventsMax: number): Promise<void> {
    for (let count = 0; this.#queue.length > 0; count++) {
      if (count > eventsMax) throw new Error(`still busy after ${eventsMax} events: something never comes to rest`)
      const event = this.#pop()
      this.nowMs = Math.max(this.nowMs, event.atMs)
      event.run()
      await new Promise(setImmediate)
    }
  }

  /** Runs one function invocation that may crash at any of its steps. */
  invoke<Result>(run: (timing: MemoryTiming) => Promise<Result>): Promise<Outcome<Result>> {
    const { promise, resolve } = Promise.withResolvers<Outcome<Result>>()
    let crashed = false
    const step = () =>
      new Promise<void>(proceed => {
        const stall = this.random.chance(this.faults.stall) ? this.random.between(20, 2000) : 0
        this.after(this.random.between(1, 12) + stall, () => {
          if (crashed) return
          if (this.random.chance(this.faults.crash)) {
            crashed = true
            resolve({ outcome: 'crashed' })
          } else proceed()
        })
      })
    const background = (action: () => void) => this.after(this.random.between(1, 250), action)
    run({ step, background }).then(
      result => resolve({ outcome: 'returned', result }),
      error => resolve({ outcome: 'failed', error }),
    )
    return promise
  }

  #push(event: Event): void {
    const queue = this.#queue
    queue.push(event)
    let at = queue.length - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.#isBefore(at, parent)) break
      this.#swap(at, parent)
      at = parent
    }
  }

  #pop(): Event {
    const queue = this.#queue
    const first = queue[0]
    const last = queue.pop()
    if (!first || !last) throw new Error('the queue is empty')
    if (queue.length === 0) return first
    queue[0] = last
    for (let at = 0; ; ) {
      let least = at
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < queue.length && this.#isBefore(child, least)) least = child
      if (least === at) return first
      this.#swap(at, least)
      at = least
    }
  }

  #isBefore(x: number, y: number): boolean {
    const a = this.#queue[x]
    const b = this.#queue[y]
    if (!a || !b) return false
    return a.atMs !== b.atMs ? a.atMs < b.atMs : a.order < b.order
  }

  #swap(x: number, y: number): void {
    const a = this.#queue[x]
    const b = this.#queue[y]
    if (a && b) {
      this.#queue[x] = b
      this.#queue[y] = a
    }
  }
}
