/**
 * Faults that a local trigger adds to its deliveries on request. The clouds promise at-least-once delivery and
 * (but for one shard on AWS) no order; on a laptop nothing of the kind happens by itself, so tests ask for it.
 * Read at every delivery: a test changes them while the triggers run.
 */
export interface DeliveryFaults {
  /** Chance, 0 to 1, that a delivery which succeeded is made once more. */
  duplicate: number
  /** Chance, 0 to 1, that a delivery is held back so that later ones overtake it (never within one AWS shard). */
  reorder: number
  /** Extra wait before a delivery, in ms. */
  delayMs: number
  /** While true nothing is delivered; what waits is delivered afterwards. */
  paused: boolean
}

export function noFaults(): DeliveryFaults {
  return { duplicate: 0, reorder: 0, delayMs: 0, paused: false }
}
