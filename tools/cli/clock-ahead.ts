/** By how much is a clock ahead of this machine's? Asked a few times: the quickest answer tells it best. */
import { z } from 'zod'

const identified = z.object({ nowMs: z.number() })

const questions = 3

/** `ask` answers with the time there. In ms, to half of the time that the answer took; below 0: behind. */
export async function clockAheadOf(ask: () => Promise<unknown>): Promise<number> {
  let best = { tookMs: Number.POSITIVE_INFINITY, aheadMs: 0 }
  for (let question = 0; question < questions; question++) {
    const askedMs = Date.now()
    const { nowMs } = identified.parse(await ask())
    const tookMs = Date.now() - askedMs
    if (tookMs < best.tookMs) best = { tookMs, aheadMs: Math.round(nowMs - askedMs - tookMs / 2) }
  }
  return best.aheadMs
}
