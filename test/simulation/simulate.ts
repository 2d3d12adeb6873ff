/** One run: three sites, applications and faults for a while, then quiet, then the invariants. The seed decides everything. */
import type { SiteId } from '../../shared/causality/dot.ts'
import type { Answer } from '../../shared/replicate/answer.ts'
import type { Change } from '../../shared/replicate/change.ts'
import { recordName } from '../../shared/replicate/record-ref.ts'
import { decodeRecord } from '../../shared/replicate/sync-record.ts'
import { Application, products } from './application.ts'
import { plan } from './catalogue.ts'
import { checkInvariants } from './invariants.ts'
import { Journal } from './journal.ts'
import { Random } from './random.ts'
import { type Observer, refused, SimulatedSite } from './site.ts'
import { type Faults, quiet, World } from './world.ts'

export interface Run {
  readonly seed: number
  readonly violations: readonly string[]
  readonly writes: number
  readonly captures: number
  readonly merges: number
  readonly resolutions: number
  readonly trace: readonly string[]
}

const eventsMax = 60_000

export async function simulate(seed: number, options: { readonly trace?: boolean } = {}): Promise<Run> {
  const world = new World(new Random(seed))
  const journal = new Journal()
  const trace: string[] = []
  const note = (text: () => string) => {
    if (options.trace) trace.push(`${String(world.nowMs - 1_700_000_000_000).padStart(7)} ms  ${text()}`)
  }
  const observer: Observer = {
    documentWritten(site, write) {
      note(
        () =>
          `${site} ${write.merged ? 'merge' : 'application'} wrote ${recordName(write.ref)} ${JSON.stringify(write.after) ?? 'absent'}`,
      )
      journal.noteDocument(site, write)
    },
    recordWritten(site, write) {
      note(
        () =>
          `${site} sync record ${recordName(write.ref)} ${JSON.stringify(decodeRecord(write.after).vector)}${write.cause ? ` <- ${write.cause.origin}` : ''}`,
      )
      journal.noteRecord(site, write)
    },
    trace: text => note(() => text),
  }
  const network = new Network(world)
  const sites = plan.sites.map(
    ({ id }) => new SimulatedSite(id, world, observer, (from, to, changes) => network.send(from, to, changes)),
  )
  network.connect(sites)
  const application = new Application(world)
  const pruned = new Set<string>()
  let writes = 0

  try {
    const phases = world.random.between(1, 2)
    for (let phase = 0; phase < phases; phase++) {
      if (phase > 0) prune(sites, world, pruned, note)
      writes += busyPhase(world, sites, application, network)
      await world.drain(eventsMax)
    }
  } catch (error) {
    journal.violation(error instanceof Error ? error.message : String(error))
  }
  return {
    seed,
    violations: checkInvariants({ sites, journal, added: application.added, pruned }),
    writes,
    captures: [...journal.captures.values()].reduce((sum, { length }) => sum + length, 0),
    merges: [...journal.merges.values()].reduce((sum, { length }) => sum + length, 0),
    resolutions: sites.reduce((sum, { auditStore }) => sum + auditStore.entries.size, 0),
    trace,
  }
}

/** Plans writes, partitions and an end to all faults; the queue runs them. */
function busyPhase(world: World, sites: readonly SimulatedSite[], application: Application, network: Network): number {
  const { random } = world
  const lengthMs = random.between(200, 6000)
  const writes = random.between(3, 25)
  world.faults = randomFaults(random)
  for (let i = 0; i < writes; i++) world.after(random.between(0, lengthMs), () => application.act(random.pick(sites)))
  for (let i = random.between(0, 2); i > 0; i--) {
    const cut = random.pick(sites).id
    world.after(random.between(0, lengthMs), () => network.cut(cut))
    world.after(random.between(0, lengthMs), () => network.heal(cut))
  }
  world.after(lengthMs + 1, () => {
    world.faults = quiet
    network.healAll()
  })
  return writes
}

function randomFaults(random: Random): Faults {
  const up = (most: number) => (random.chance(0.5) ? random.next() * most : 0)
  return { crash: up(0.05), duplicate: up(0.3), loseRequest: up(0.2), loseAnswer: up(0.2), stall: up(0.15) }
}

/**
 * Stands in for pruning: a deletion that every site has seen, with nothing under way, is forgotten at one site while
 * the others still remember it.
 */
function prune(
  sites: readonly SimulatedSite[],
  world: World,
  pruned: Set<string>,
  note: (text: () => string) => void,
): void {
  for (const ref of products) {
    const records = sites.map(site => site.database.record(ref))
    if (records.some(record => record === undefined) || sites.some(site => site.database.document(ref))) continue
    const site = world.random.pick(sites)
    site.database.forget(ref)
    pruned.add(recordName(ref))
    note(() => `${site.id} pruned ${recordName(ref)}`)
  }
}

class Network {
  readonly #world: World
  readonly #sites = new Map<SiteId, SimulatedSite>()
  readonly #cut = new Set<SiteId>()

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

  healAll(): void {
    this.#cut.clear()
  }

  async send(from: SiteId, to: SiteId, changes: readonly Change[]): Promise<readonly Answer[]> {
    const { random, faults } = this.#world
    await this.#world.sleep(random.between(5, 40))
    const target = this.#sites.get(to)
    if (!target || this.#isCut(from, to) || random.chance(faults.loseRequest)) throw refused(from, to)
    const copy: readonly Change[] = JSON.parse(JSON.stringify(changes))
    if (random.chance(faults.duplicate)) {
      this.#world.after(random.between(1, 2000), () => void target.receive(from, copy).catch(() => undefined))
    }
    const answers = await target.receive(from, copy)
    await this.#world.sleep(random.between(5, 40))
    if (!answers || this.#isCut(from, to) || random.chance(faults.loseAnswer)) throw refused(from, to)
    return answers
  }

  #isCut(from: SiteId, to: SiteId): boolean {
    return this.#cut.has(from) || this.#cut.has(to)
  }
}
