/**
 * What all runs with records have in common: three sites, applications and faults for a while, in some runs pruning, then
 * quiet, then the invariants. The seed decides everything.
 */
import { isResolution } from '../../shared/replicate/audit-entry.ts'
import { busyPhase } from './busy-phase.ts'
import { plan } from './catalogue.ts'
import { checkInvariants, type Ended } from './invariants.ts'
import { Journal } from './journal.ts'
import { journalObserver } from './journal-observer.ts'
import { Network } from './network.ts'
import { eventsMax, hourMs, pruneAll } from './prune-all.ts'
import { Random } from './random.ts'
import { SimulatedSite } from './site.ts'
import { World } from './world.ts'

export interface Run {
  readonly seed: number
  readonly violations: readonly string[]
  readonly writes: number
  readonly captures: number
  readonly merges: number
  readonly resolutions: number
  /** Sync records that were forgotten. */
  readonly removed: number
  readonly trace: readonly string[]
}

export interface SimulateOptions {
  readonly trace?: boolean
  /** Whether sites prune; left out: the seed decides. */
  readonly prune?: boolean
}

/** What is written in a run. */
export interface Writers {
  /** One write now, at one site. */
  act(site: SimulatedSite): void
  /** Deletions and what comes after them, for runs that prune. */
  deleteSome(sites: readonly SimulatedSite[]): void
  createOrDelete(site: SimulatedSite): void
  /** All that was ever added to the cart whose items are never removed. */
  readonly added: number
}

export interface RecordRun {
  readonly writers: (world: World) => Writers
  /** Asked beside the invariants that hold for all. */
  readonly check?: (ended: Ended) => readonly string[]
}

export async function runRecords(seed: number, options: SimulateOptions, run: RecordRun): Promise<Run> {
  const world = new World(new Random(seed), new Random(seed + 2 ** 31))
  // A few runs only, of their own: those that show the planted bugs are others.
  world.carriesBefore = seed % 24 !== 15
  const journal = new Journal(() => world.nowMs)
  const trace: string[] = []
  const note = (text: () => string) => {
    if (options.trace) trace.push(`${String(world.nowMs - 1_700_000_000_000).padStart(7)} ms  ${text()}`)
  }
  const observer = journalObserver(journal, note)
  const network = new Network(world)
  const chance = world.random.chance(0.7)
  const prunes = options.prune ?? chance
  const messageAgeMaxMs = world.random.pick([1500, 4000, 7 * 24 * hourMs])
  const sites = plan.sites.map(({ id }) => new SimulatedSite(id, world, observer, network, messageAgeMaxMs))
  network.connect(sites)
  for (const { id, skewMs } of sites) journal.noteClock(id, skewMs)
  const application = run.writers(world)
  let writes = 0

  try {
    const phases = world.random.between(1, prunes ? 4 : 2)
    for (let phase = 0; phase < phases; phase++) {
      // Days in which nothing happens, or none.
      if (prunes) world.nowMs += world.random.pick([0, messageAgeMaxMs / 2, 2 * messageAgeMaxMs, 25 * hourMs])
      if (prunes) planPruning(world, sites, network, application)
      writes += busyPhase(world, sites, site => application.act(site), network)
      await world.drain(eventsMax)
      if (!prunes) continue
      application.deleteSome(sites)
      await world.drain(eventsMax)
      await pruneSome(world, sites, network, messageAgeMaxMs)
    }
    if (prunes) await pruneAll(world, sites, network, messageAgeMaxMs)
  } catch (error) {
    journal.violation(error instanceof Error ? error.message : String(error))
  }
  const ended = { sites, journal, added: application.added, pruned: prunes, nowMs: world.nowMs }
  return {
    seed,
    violations: [...checkInvariants(ended), ...(run.check?.(ended) ?? [])],
    writes,
    captures: [...journal.captures.values()].reduce((sum, { length }) => sum + length, 0),
    merges: [...journal.merges.values()].reduce((sum, { length }) => sum + length, 0),
    resolutions: sites.reduce(
      (sum, { auditStore }) => sum + [...auditStore.entries.values()].filter(isResolution).length,
      0,
    ),
    removed: journal.removals,
    trace,
  }
}

/** Pruning at random sites, and old messages that come back, at random moments of the busy phase that follows. */
function planPruning(world: World, sites: readonly SimulatedSite[], network: Network, application: Writers): void {
  const { random } = world
  for (let i = random.between(0, 6); i > 0; i--) {
    world.after(random.between(0, 6000), () => application.createOrDelete(random.pick(sites)))
  }
  for (let i = random.between(0, 16); i > 0; i--) {
    world.after(random.between(0, 6000), () => void random.pick(sites).prune())
  }
  for (let i = random.between(0, 5); i > 0; i--) world.after(random.between(0, 6000), () => network.replayAny())
  for (let i = random.between(0, 2); i > 0; i--) {
    const [from, to] = [random.pick(sites), random.pick(sites)]
    world.after(random.between(0, 2000), () => network.hold(from.id, to.id))
    world.after(random.between(2000, 8000), () => network.release(from.id, to.id))
  }
}

/** The next phase finds some records stripped and forgotten, here and not there. */
async function pruneSome(
  world: World,
  sites: readonly SimulatedSite[],
  network: Network,
  messageAgeMaxMs: number,
): Promise<void> {
  const { random } = world
  for (let round = random.between(0, 6); round > 0; round--) {
    world.nowMs += random.pick([0, messageAgeMaxMs / 2, 2 * messageAgeMaxMs])
    for (const site of sites) if (random.chance(0.7)) world.after(random.between(0, 300), () => void site.prune())
    for (let i = random.between(0, 3); i > 0; i--) world.after(random.between(0, 300), () => network.replayAny())
    await world.drain(eventsMax)
  }
}
