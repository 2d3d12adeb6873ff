/**
 * How much earlier than its stamp may a write have happened? A stamp is the time of the capture; the write came before it,
 * and since when it may have been there is told by the feed, as exactly as its source tells the time, or by the last look
 * that found nothing new.
 *
 * Kept in steps of half a power of two, rounded up: one digit or two beside each stamp, and never less than is true.
 */
export type Lateness = number

/** The write is as old as its stamp. */
export const noLateness: Lateness = 0

/** Nobody knows since when it may have been there. In ms more than any clock tells. */
export const unknownLateness: Lateness = 99

/** Step 0 is 0 ms, step 2 is 2, step 20 is 1024. */
export function latenessOf(ms: number): Lateness {
  if (ms <= 0) return noLateness
  let step = 1
  while (step < unknownLateness && latenessMs(step) < ms) step += 1
  return step
}

export function latenessMs(step: Lateness): number {
  return step === noLateness ? 0 : Math.ceil(2 ** (step / 2))
}

export function isLateness(value: unknown): value is Lateness {
  return typeof value === 'number' && Number.isInteger(value) && value >= noLateness && value <= unknownLateness
}
