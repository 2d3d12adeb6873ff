/** Operators who tell sites to take the part of others as a home, and to stop that: at any moment, several at once. */
import type { SiteId } from '../../shared/causality/dot.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import type { TakingOver } from '../../shared/resolve/merge-type.ts'
import type { Network } from './network.ts'
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

  /**
   * Nothing that the others say reaches a site any more, what it says reaches them, and one of them takes its part: what
   * the site has ruled is fixed without its knowledge. Of many runs hardly one comes to that by chance.
   */
  planCutOff(network: Network): void {
    const { random } = this.#world
    const lost = random.pick(this.#sites)
    const others = this.#sites.filter(site => site !== lost)
    const heir = random.pick(others)
    const cutMs = random.between(0, 500)
    for (const { id } of others) {
      this.#world.after(cutMs, () => network.hold(id, lost.id))
      this.#world.after(phaseMs, () => network.release(id, lost.id))
    }
    this.#world.after(random.between(500, phaseMs - 1000), () => {
      for (const type of this.#types) this.#take(heir, type, [lost.id], true)
    })
  }

  get #types(): readonly string[] {
    return [...new Set(this.#refs.map(ref => ref.type))]
  }

  #move(): void {
    const { random } = this.#world
    const type = random.pick(this.#types)
    const site = random.pick(this.#sites)
    if (random.chance(0.2)) {
      site.taken.delete(type)
      return
    }
    const others = this.#sites.map(({ id }) => id).filter(id => id !== site.id)
    const homes = random.chance(0.5) ? others : [random.pick(others)]
    if (this.#writesOff !== undefined) {
      this.#turn += 1
      this.#writeOff(site, type, { homes, turn: this.#turn, most: this.#writesOff })
      return
    }
    this.#take(site, type, homes, random.chance(0.5))
  }

  /** Its records follow at once, or when they are next written. */
  #take(site: SimulatedSite, type: string, homes: readonly SiteId[], isAtOnce: boolean): void {
    this.#turn += 1
    site.taken.set(type, { homes, turn: this.#turn })
    if (isAtOnce) {
      for (const ref of this.#refs)
        if (ref.type === type) this.#world.after(this.#world.random.between(0, 500), () => void site.takeOver(ref))
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
