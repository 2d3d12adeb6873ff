/** Operators who tell sites to take the part of others as a home, and to stop that: at any moment, several at once. */
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import type { TakingOver } from '../../shared/resolve/merge-type.ts'
import type { SimulatedSite } from './site.ts'
import type { World } from './world.ts'

/** A busy phase lasts so long at most. */
const phaseMs = 6000

export class HomeMoves {
  readonly #world: World
  readonly #sites: readonly SimulatedSite[]
  readonly #refs: readonly RecordRef[]
  readonly #note: (text: () => string) => void
  readonly #most: number
  /** Up to how much of their rights is written off with it; undefined: nothing is. */
  readonly #writesOff: number | undefined
  #turn = 0

  constructor(
    world: World,
    sites: readonly SimulatedSite[],
    refs: readonly RecordRef[],
    note: (text: () => string) => void,
    writesOff?: number,
  ) {
    this.#world = world
    this.#sites = sites
    this.#refs = refs
    this.#writesOff = writesOff
    this.#note = note
    this.#most = world.random.pick([0, 3, 10, 30])
  }

  /** Those of one busy phase. */
  plan(): void {
    const { random } = this.#world
    for (let i = random.between(0, this.#most); i > 0; i--) {
      this.#world.after(random.between(0, phaseMs), () => this.#move())
    }
  }

  #move(): void {
    const { random } = this.#world
    const type = random.pick([...new Set(this.#refs.map(ref => ref.type))])
    const site = random.pick(this.#sites)
    if (random.chance(0.2)) {
      site.taken.delete(type)
      return
    }
    const others = this.#sites.map(({ id }) => id).filter(id => id !== site.id)
    const homes = random.chance(0.5) ? others : [random.pick(others)]
    this.#turn += 1
    if (this.#writesOff !== undefined) {
      this.#writeOff(site, type, { homes, turn: this.#turn, most: this.#writesOff })
      return
    }
    site.taken.set(type, { homes, turn: this.#turn })
    // Its records follow when they are next written, or at once.
    if (random.chance(0.5)) {
      for (const ref of this.#refs)
        if (ref.type === type) this.#world.after(random.between(0, 500), () => void site.takeOver(ref))
    }
    this.#note(() => `${site.id} takes the part of ${homes.join(', ')} for ${type}, turn ${this.#turn}`)
  }

  /** A word for now: of the records that there are, and once. */
  #writeOff(site: SimulatedSite, type: string, order: TakingOver): void {
    const { random } = this.#world
    for (const ref of this.#refs)
      if (ref.type === type) this.#world.after(random.between(0, 500), () => void site.takeOver(ref, order))
    this.#note(() => `${site.id} writes off ${order.homes.join(', ')} for ${type}`)
  }
}
