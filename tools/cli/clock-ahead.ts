/** By how much is a site's clock ahead of this machine's? Asked a few times: the quickest answer tells it best. */
import { z } from 'zod'
import type { RunningClouds } from './running-clouds.ts'

const identified = z.object({ nowMs: z.number() })

const questions = 3

/** In ms, to half of the time that the answer took; below 0: behind. */
export async function clockAheadOf(clouds: RunningClouds, site: string): Promise<number> {
  let best = { tookMs: Number.POSITIVE_INFINITY, aheadMs: 0 }
  for (let question = 0; question < questions; question++) {
    const askedMs = Date.now()
    const { nowMs } = identified.parse(await clouds.ask(site, { ask: 'identify' }))
    const tookMs = Date.now() - askedMs
    if (tookMs < best.tookMs) best = { tookMs, aheadMs: Math.round(nowMs - askedMs - tookMs / 2) }
  }
  return best.aheadMs
}
