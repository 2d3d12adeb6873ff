/** One run: three sites, applications and faults for a while, then quiet, then the invariants. The seed decides everything. */
import { isResolution } from '../../shared/replicate/audit-entry.ts'
import { recordName } from '../../shared/replicate/record-ref.ts'
import { decodeRecord } from '../../shared/replicate/sync-record.ts'
import { Application } from './application.ts'
import { plan } from './catalogue.ts'
import { checkInvariants } from './invariants.ts'
import { Journal } from './journal.ts'
import { Network } from './network.ts'
import { Random } from './random.ts'
import { type Observer, SimulatedSite } from './site.ts'
import { type Faults, quiet, World } from './world.ts'

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

const eventsMax = 60_000

const hourMs = 3_600_000

export interface SimulateOptions {
  readonly trace?: boolean
  /** Whether sites prune; left out: the seed decides. */
  readonly prune?: boolean
}

export async function simulate(seed: number, options: SimulateOptions = {}): Promise<Run> {
  const world = new World(new Random(seed), new Random(seed + 2 ** 31))
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
    recordRemoved(site, removal) {
      note(() => `${site} forgot ${recordName(removal.ref)}`)
      journal.noteRemoved(site, removal)
      removed += 1
    },
    trace: text => note(() => text),
  }
  const network = new Network(world)
  const chance = world.random.chance(0.7)
  const prunes = options.prune ?? chance
  const messageAgeMaxMs = world.random.pick([1500, 4000, 7 * 24 * hourMs])
  const sites = plan.sites.map(({ id }) => new SimulatedSite(id, world, observer, network, messageAgeMaxMs))
  network.connect(sites)
  const application = new Application(world)
  let writes = 0
  let removed = 0

  try {
    const phases = world.random.between(1, prunes ? 4 : 2)
    for (let phase = 0; phase < phases; phase++) {
      // Days in which nothing happens, or none.
      if (prunes) world.nowMs += world.random.pick([0, messageAgeMaxMs / 2, 2 * messageAgeMaxMs, 25 * hourMs])
      if (prunes) planPruning(world, sites, network, application)
      writes += busyPhase(world, sites, application, network)
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
  return {
    seed,
    violations: checkInvariants({ sites, journal, added: application.added, pruned: prunes }),
    writes,
    captures: [...journal.captures.values()].reduce((sum, { length }) => sum + length, 0),
    merges: [...journal.merges.values()].reduce((sum, { length }) => sum + length, 0),
    resolutions: sites.reduce(
      (sum, { auditStore }) => sum + [...auditStore.entries.values()].filter(isResolution).length,
      0,
    ),
    removed,
    trace,
  }
}

/** Plans writes, partitions, throttled stores and an end to all faults; the queue runs them. */
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

/** Pruning at random sites, and old messages that come back, at random moments of the busy phase that follows. */
function planPruning(world: World, sites: readonly SimulatedSite[], network: Network, application: Application): void {
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

/** How often every site may have to prune before nothing is left: send what is missing, strip, remove. */
const pruneRounds = 6

/** All the quiet that pruning needs; and then every message that ever travelled arrives once more. */
async function pruneAll(
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

function randomFaults(random: Random): Faults {
  const up = (most: number) => (random.chance(0.5) ? random.next() * most : 0)
  return { crash: up(0.05), duplicate: up(0.3), loseRequest: up(0.2), loseAnswer: up(0.2), stall: up(0.15) }
}
