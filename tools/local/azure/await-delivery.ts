/** The faults that every trigger adds the same way: being paused, and being slow. */
import type { DeliveryFaults } from '../runtime/delivery-faults.ts'
import { pause } from './pause.ts'

const pausedCheckMs = 5

/** Waits until a delivery may be made. False: the trigger was stopped meanwhile, so do not make it. */
export async function awaitDelivery(faults: DeliveryFaults, stopping: AbortSignal): Promise<boolean> {
  if (faults.delayMs > 0) await pause(faults.delayMs, stopping)
  while (faults.paused && !stopping.aborted) await pause(pausedCheckMs, stopping)
  return !stopping.aborted
}

/** Whether a fault of this chance, 0 to 1, happens now. */
export function happens(chance: number): boolean {
  return Math.random() < chance
}
