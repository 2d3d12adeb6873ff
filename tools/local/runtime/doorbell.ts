/**
 * Tells a poller that there is something to read, so that it need not look often to find it soon.
 *
 * A ring carries nothing and promises nothing: whoever hears it reads as ever, and whoever misses it (the write came
 * by another way) finds the same a little later by polling. So rings change how soon something is delivered, never
 * what.
 */
export class Doorbell {
  readonly #waiting = new Set<() => void>()
  #rings = 0

  /** How often it has rung. Take it before a look, and wait beyond it: a ring during the look is then not missed. */
  get rings(): number {
    return this.#rings
  }

  ring(): void {
    this.#rings += 1
    for (const resume of this.#waiting) resume()
  }

  /** Resolves once it has rung more often than `rings`, after `ms`, or when `signal` aborts. */
  waitBeyond(rings: number, ms: number, signal: AbortSignal): Promise<void> {
    if (this.#rings > rings || signal.aborted) return Promise.resolve()
    return new Promise(resolve => {
      const done = () => {
        clearTimeout(timer)
        this.#waiting.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.#waiting.add(done)
      signal.addEventListener('abort', done)
    })
  }
}
