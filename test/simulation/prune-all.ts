/** The end of a run that prunes. */
import type { Network } from './network.ts'
import type { SimulatedSite } from './site.ts'
import type { World } from './world.ts'

export const eventsMax = 60_000

export const hourMs = 3_600_000

/** How often every site may have to prune before nothing is left: send what is missing, strip, remove. */
const pruneRounds = 6

/** All the quiet that pruning needs; and then every message that ever travelled arrives once more. */
export async function pruneAll(
  world: World,
  sites: readonly SimulatedSite[],
  network: Network,
  messageAgeMaxMs: number,
): Promise<void> {
  for (let round = 0; round < pruneRounds; round++) {
    world.nowMs += Math.max(2 * messageAgeMaxMs, 25 * hourMs)
    for (const site of sites) world.after(world.random.between(0, 300), () => void site.prune())
    await world.drain(eventsMax)
  }
  network.replayAll()
  await world.drain(eventsMax)
}
