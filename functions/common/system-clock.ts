/** The machine's own clock. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../shared/ports/index.ts'

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: ms => sleep(ms),
}
