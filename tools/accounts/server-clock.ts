/** What time is it at a store's cloud? Every HTTP answer says so, whatever else it says. */
import { clockAheadOf } from '../cli/clock-ahead.ts'

const clockMsMax = 5_000
/** HTTP tells the time in whole seconds: half of one is right on average. */
const halfSecondMs = 500

/** By how many ms the clock of a server is ahead of this machine's; below 0: behind. Undefined: it does not tell. */
export async function serverClockAhead(url: string): Promise<number | undefined> {
  try {
    return await clockAheadOf(async () => {
      const { headers } = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(clockMsMax) })
      return { nowMs: Date.parse(headers.get('date') ?? '') + halfSecondMs }
    })
  } catch {
    return undefined
  }
}
