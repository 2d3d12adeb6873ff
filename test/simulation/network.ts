/** The network between the simulated sites: delays, losses, repetitions and cuts, and a memory of all that it carried. */
import type { SiteId } from '../../shared/causality/dot.ts'
import type { Answer } from '../../shared/replicate/answer.ts'
import type { Change } from '../../shared/replicate/change.ts'
import { changeEventOf, readChangeEvent } from '../../shared/replicate/change-event.ts'
import type { Standing, StandingQuestion } from '../../shared/replicate/standing.ts'
import { refused, type SimulatedSite, type Wire } from './site.ts'
import type { World } from './world.ts'

interface Sent {
  readonly from: SiteId
  readonly to: SiteId
  readonly change: Change
}

export class Network implements Wire {
  readonly #world: World
  readonly #sites = new Map<SiteId, SimulatedSite>()
  readonly #cut = new Set<SiteId>()
  readonly #held = new Set<string>()
  readonly #sent: Sent[] = []

  constructor(world: World) {
    this.#world = world
  }

  connect(sites: readonly SimulatedSite[]): void {
    for (const site of sites) this.#sites.set(site.id, site)
  }

  cut(site: SiteId): void {
    this.#cut.add(site)
  }

  heal(site: SiteId): void {
    this.#cut.delete(site)
  }

  /** Changes do not get through in this direction, while everything else does: an ingest that fails. */
  hold(from: SiteId, to: SiteId): void {
    this.#held.add(`${from} ${to}`)
  }

  release(from: SiteId, to: SiteId): void {
    this.#held.delete(`${from} ${to}`)
  }

  healAll(): void {
    this.#cut.clear()
  }

  async send(from: SiteId, to: SiteId, changes: readonly Change[]): Promise<readonly Answer[]> {
    const copy = changes.map(change => readChangeEvent(changeEventOf(change).text).change)
    for (const change of copy) this.#sent.push({ from, to, change })
    const target = await this.#reach(from, to)
    if (this.#held.has(`${from} ${to}`)) throw refused(from, to)
    const { random, faults } = this.#world
    if (random.chance(faults.duplicate)) {
      this.#world.after(random.between(1, 2000), () => void target.receive(from, copy).catch(() => undefined))
    }
    return this.#back(from, to, await target.receive(from, copy))
  }

  async ask(from: SiteId, to: SiteId, questions: readonly StandingQuestion[]): Promise<readonly Standing[]> {
    const target = await this.#reach(from, to)
    return this.#back(from, to, await target.tell(from, questions))
  }

  /** One of all messages there ever were, as an operator replays it: from its sender's bus, or straight to a site. */
  replayAny(): void {
    if (this.#sent.length > 0) this.#replay(this.#world.random.pick(this.#sent))
  }

  replayAll(): void {
    for (const sent of [...this.#sent]) this.#replay(sent)
  }

  #replay({ from, to, change }: Sent): void {
    const { random } = this.#world
    if (random.chance(0.3)) this.#sites.get(from)?.replay(changeEventOf(change).text)
    else {
      this.#sites
        .get(to)
        ?.receive(from, [change])
        .catch(() => undefined)
    }
  }

  async #reach(from: SiteId, to: SiteId): Promise<SimulatedSite> {
    const { random, faults } = this.#world
    await this.#world.sleep(random.between(5, 40))
    const target = this.#sites.get(to)
    if (!target || this.#isCut(from, to) || random.chance(faults.loseRequest)) throw refused(from, to)
    return target
  }

  async #back<Result>(from: SiteId, to: SiteId, answers: Result | undefined): Promise<Result> {
    const { random, faults } = this.#world
    await this.#world.sleep(random.between(5, 40))
    if (answers === undefined || this.#isCut(from, to) || random.chance(faults.loseAnswer)) throw refused(from, to)
    return answers
  }

  #isCut(from: SiteId, to: SiteId): boolean {
    return this.#cut.has(from) || this.#cut.has(to)
  }
}
