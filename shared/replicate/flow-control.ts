/**
 * The settings of one route as running code sees them: read again every few seconds, and kept at the rate they say.
 */
import type { Clock, ControlStore } from '../ports/index.ts'
import { type FlowSettings, readFlow } from './flow-settings.ts'
import { keepReading } from './settings-cache.ts'

/** The longest that a run waits for its turn; the trigger brings back what would take longer. */
export const turnWaitMsMax = 5_000

export interface FlowControl {
  /** Rejects with `StoreUnavailable` where nothing was read yet; later what was read last counts on. */
  settings(): Promise<FlowSettings>
  /** Waits until so many changes may go under this rate. False: that would take too long, and nothing was used up. */
  turn(changes: number, changesPerSecond: number): Promise<boolean>
}

/** What a route's settings are kept under. */
export function flowName(peer: string): string {
  return `flow-${peer}`
}

/** One for each instance and peer. */
export function createFlowControl({
  control,
  clock,
  peer,
}: {
  readonly control: ControlStore
  readonly clock: Clock
  readonly peer: string
}): FlowControl {
  /** When everything that went before has had its time. */
  let freeAtMs = 0

  return {
    settings: keepReading(clock, async () => readFlow(await control.read(flowName(peer)))),
    async turn(changes, changesPerSecond) {
      const nowMs = clock.now()
      const waitMs = Math.max(0, freeAtMs - nowMs)
      if (waitMs > turnWaitMsMax) return false
      freeAtMs = nowMs + waitMs + (changes / changesPerSecond) * 1000
      if (waitMs > 0) await clock.sleep(waitMs)
      return true
    },
  }
}
