/** How patient the local triggers are. The cloud's own pace would make every local test take minutes. */
export interface TriggerPace {
  /** Wait after a poll that found nothing, ms. In place of `feedPollDelay` (5 s) and the queues' first 100 ms. */
  readonly pollDelayMs: number
  /** Where that wait stops growing while nothing comes, ms; for queues never above host.json's `maxPollingInterval`. */
  readonly pollDelayMsMax: number
  /** The same where a doorbell tells of everything that other sites wait for, ms. */
  readonly rungPollDelayMsMax: number
  /** The longest wait between two attempts, whatever the retry policy says, ms. */
  readonly retryDelayMsMax: number
  /**
   * How long a queue message stays invisible while it is in work, renewed at half of it, s. When a host dies the
   * message comes back after this time. The cloud's host takes 600.
   */
  readonly messageLockSeconds: number
}

export const localPace: TriggerPace = {
  pollDelayMs: 10,
  pollDelayMsMax: 50,
  rungPollDelayMsMax: 250,
  retryDelayMsMax: 1_000,
  messageLockSeconds: 30,
}
