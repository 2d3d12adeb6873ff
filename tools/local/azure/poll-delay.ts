/**
 * The wait between polls that find nothing: it grows, so that an idle site leaves the machine alone, and starts small
 * again as soon as there is something.
 */
import type { TriggerPace } from './trigger-pace.ts'

const growth = 1.5

export class PollDelay {
  readonly #firstMs: number
  readonly #maxMs: number
  #nextMs: number

  /** `limitMs`: what the function app itself allows at most. */
  constructor({ pollDelayMs, pollDelayMsMax }: TriggerPace, limitMs = Number.POSITIVE_INFINITY) {
    this.#firstMs = pollDelayMs
    this.#maxMs = Math.min(pollDelayMsMax, limitMs)
    this.#nextMs = pollDelayMs
  }

  foundSomething(): void {
    this.#nextMs = this.#firstMs
  }

  /** How long to wait after one more poll that found nothing, ms. */
  foundNothing(): number {
    const delayMs = Math.min(this.#nextMs, this.#maxMs)
    this.#nextMs = delayMs * growth
    return delayMs
  }
}
