/** How patient the local triggers are. The cloud's own pace would make every local test take minutes: it is there to choose. */
import { cloudTiming } from '../cloud-timing.ts'
import type { Timing } from '../timing.ts'

export interface TriggerPace {
  /** Wait after a poll that found nothing, ms. */
  readonly pollDelayMs: number
  /** Where that wait stops growing while nothing comes, ms; for queues never above host.json's `maxPollingInterval`. */
  readonly pollDelayMsMax: number
  /** The same where a doorbell tells of everything that other sites wait for, ms. */
  readonly rungPollDelayMsMax: number
  /** A change feed waits its function's `feedPollDelay` instead of the three above. */
  readonly feedsAsDeclared: boolean
  /** The longest wait between two attempts, whatever the retry policy says, ms. */
  readonly retryDelayMsMax: number
  /**
   * How long a queue message stays invisible while it is in work, renewed at half of it, s. When a host dies the
   * message comes back after this time. The cloud's host takes 600.
   */
  readonly messageLockSeconds: number
}

const fast: TriggerPace = {
  pollDelayMs: 10,
  pollDelayMsMax: 50,
  rungPollDelayMsMax: 1_000,
  feedsAsDeclared: false,
  retryDelayMsMax: 1_000,
  messageLockSeconds: 30,
}

/** Queues: the host's own back-off, up to host.json's maximum. What follows a failure is the same in both. */
const cloud: TriggerPace = {
  ...fast,
  pollDelayMs: cloudTiming.azure.queueFirstMs,
  pollDelayMsMax: Number.POSITIVE_INFINITY,
  rungPollDelayMsMax: Number.POSITIVE_INFINITY,
  feedsAsDeclared: true,
}

export const triggerPaces: Readonly<Record<Timing, TriggerPace>> = { fast, cloud }

/** For the change feed of a function that declares this `feedPollDelay`, in ms. */
export function feedPace(pace: TriggerPace, feedPollDelay: number): TriggerPace {
  return pace.feedsAsDeclared ? { ...pace, pollDelayMs: feedPollDelay, pollDelayMsMax: feedPollDelay } : pace
}
