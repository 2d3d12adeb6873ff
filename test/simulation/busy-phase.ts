/** A while in which applications write and everything fails that can. */
import type { Network } from './network.ts'
import type { Random } from './random.ts'
import type { SimulatedSite } from './site.ts'
import { type Faults, quiet, type World } from './world.ts'

/** Plans writes, partitions, throttled stores and an end to all faults; the queue runs them. */
export function busyPhase(
  world: World,
  sites: readonly SimulatedSite[],
  act: (site: SimulatedSite) => void,
  network: Network,
): number {
  const { random } = world
  const lengthMs = random.between(200, 6000)
  const writes = random.between(3, 25)
  world.faults = randomFaults(random)
  for (let i = 0; i < writes; i++) world.after(random.between(0, lengthMs), () => act(random.pick(sites)))
  for (let i = random.between(0, 2); i > 0; i--) {
    const cut = random.pick(sites).id
    world.after(random.between(0, lengthMs), () => network.cut(cut))
    world.after(random.between(0, lengthMs), () => network.heal(cut))
  }
  const { capacity } = world
  if (capacity.chance(0.2)) {
    const site = capacity.pick(sites)
    const share = capacity.next()
    world.after(capacity.between(0, lengthMs), () => {
      site.throttled = share
    })
  }
  world.after(lengthMs + 1, () => {
    world.faults = quiet
    network.healAll()
    for (const site of sites) site.throttled = 0
  })
  return writes
}

function randomFaults(random: Random): Faults {
  const up = (most: number) => (random.chance(0.5) ? random.next() * most : 0)
  return { crash: up(0.05), duplicate: up(0.3), loseRequest: up(0.2), loseAnswer: up(0.2), stall: up(0.15) }
}
