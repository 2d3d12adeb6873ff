/** Operators who tell sites to take the part of others as a home, and to stop that: at any moment, several at once. */
import { booked } from './booking-clerks.ts'
import { plan } from './catalogue.ts'
import type { SimulatedSite } from './site.ts'
import type { World } from './world.ts'

/** The types that have homes; that of one of them is declared not to move. */
const types = plan.types.flatMap(({ name, merge }) => (merge.kind === 'ledger' ? [name] : []))

/** A busy phase lasts so long at most. */
const phaseMs = 6000

export class HomeMoves {
  readonly #world: World
  readonly #sites: readonly SimulatedSite[]
  readonly #note: (text: () => string) => void
  readonly #most: number
  #turn = 0

  constructor(world: World, sites: readonly SimulatedSite[], note: (text: () => string) => void) {
    this.#world = world
    this.#sites = sites
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
    const type = random.pick(types)
    const site = random.pick(this.#sites)
    if (random.chance(0.2)) {
      site.taken.delete(type)
      return
    }
    const others = this.#sites.map(({ id }) => id).filter(id => id !== site.id)
    const homes = random.chance(0.5) ? others : [random.pick(others)]
    this.#turn += 1
    site.taken.set(type, { homes, turn: this.#turn })
    // Its records follow when they are next written, or at once.
    if (random.chance(0.5)) {
      for (const ref of booked)
        if (ref.type === type) this.#world.after(random.between(0, 500), () => void site.takeOver(ref))
    }
    this.#note(() => `${site.id} takes the part of ${homes.join(', ')} for ${type}, turn ${this.#turn}`)
  }
}
