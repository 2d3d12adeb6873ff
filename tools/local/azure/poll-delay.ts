/**
 * The wait between polls that find nothing: it doubles, so that an idle site leaves the machine alone, and starts small
 * again as soon as there is something, both as the host's own wait for queues does. A doorbell ends it; then the wait may grow longer, as it is no longer what
 * decides how soon something is found.
 */
import { Doorbell } from '../runtime/doorbell.ts'
import type { TriggerPace } from './trigger-pace.ts'

const growth = 2

export interface PollDelayOptions {
  /** What the function app itself allows at most. */
  readonly limitMs?: number
  readonly doorbell?: Doorbell | undefined
}

export class PollDelay {
  readonly #firstMs: number
  readonly #maxMs: number
  readonly #doorbell: Doorbell
  readonly #hasDoorbell: boolean
  #nextMs: number
  #ringsHeard = 0

  constructor({ pollDelayMs, pollDelayMsMax, rungPollDelayMsMax }: TriggerPace, options: PollDelayOptions = {}) {
    const { limitMs = Number.POSITIVE_INFINITY, doorbell } = options
    this.#firstMs = pollDelayMs
    this.#maxMs = Math.min(doorbell ? rungPollDelayMsMax : pollDelayMsMax, limitMs)
    this.#doorbell = doorbell ?? new Doorbell()
    this.#hasDoorbell = doorbell !== undefined
    this.#nextMs = pollDelayMs
  }

  /** Say so before each poll: what rings from now on is not missed. */
  look(): void {
    if (this.#doorbell.rings > this.#ringsHeard) this.#nextMs = this.#firstMs
    this.#ringsHeard = this.#doorbell.rings
  }

  /** The last poll brought something. */
  foundSomething(): void {
    // What comes next will ring.
    this.#nextMs = this.#hasDoorbell ? this.#maxMs : this.#firstMs
  }

  /** Until the next poll. */
  async wait(stopping: AbortSignal): Promise<void> {
    const delayMs = Math.min(this.#nextMs, this.#maxMs)
    this.#nextMs = delayMs * growth
    await this.#doorbell.waitBeyond(this.#ringsHeard, delayMs, stopping)
  }
}
