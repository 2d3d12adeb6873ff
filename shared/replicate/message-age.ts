/**
 * How old may a message be? Buses keep one for days, dead letters wait for an operator, and a replay brings back
 * anything. A site that has forgotten a deletion could not tell such a message from news, so every site turns away
 * whatever is older than a message on its way may be, and deletions are remembered for longer than that.
 */

const hourMs = 3_600_000

/** The longest retention of the three clouds' buses (Kinesis as declared, Pub/Sub, Storage queues: 7 days). */
export const messageAgeMaxMs = 7 * 24 * hourMs

/** By how much the clocks of two sites may differ, and a stamp be ahead of its site's clock. */
const clockMarginMs = hourMs

/** A deletion, and after it what is left of one, is kept for longer than this. */
export const pruneAfterMs = messageAgeMaxMs + clockMarginMs
