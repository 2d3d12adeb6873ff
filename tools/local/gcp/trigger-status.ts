/** How a trigger is doing, for the console and for a test that waits until nothing is left to deliver. */
export interface TriggerStatus {
  /** Age of the oldest event that waits or is being delivered, in ms; 0 when there is none. */
  readonly lagMs: number
  /** Events taken over and not yet delivered, those in flight included. */
  readonly backlog: number
  /** What the function answered, or why it did not, at the last delivery that failed. */
  readonly lastError: string | undefined
  /** Deliveries that failed since the trigger started. */
  readonly failures: number
}
