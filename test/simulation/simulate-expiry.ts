/**
 * One run with documents that expire: stores that remove them by clocks of their own, promptly, days late or never,
 * applications that prolong, end and begin them anew around that moment, and all the faults of the other runs. The seed
 * decides everything.
 */
import { isResolution } from '../../shared/replicate/audit-entry.ts'
import { busyPhase } from './busy-phase.ts'
import { plan } from './catalogue.ts'
import { checkDocuments, checkInvariants } from './invariants.ts'
import { Journal } from './journal.ts'
import { journalObserver } from './journal-observer.ts'
import { Network } from './network.ts'
import { eventsMax, hourMs, pruneAll } from './prune-all.ts'
import { Random } from './random.ts'
import type { Run } from './run-records.ts'
import { SimulatedSite } from './site.ts'
import { lateMsMax, TimeToLive } from './time-to-live.ts'
import { Visitors } from './visitors.ts'
import { World } from './world.ts'

export interface ExpiryRun extends Run {
  /** Documents that a store removed, and how many of those a merge put back because they had been prolonged elsewhere. */
  readonly expiries: number
  readonly renewals: number
}

/** A busy phase and what it leaves to be done take less. */
const phaseMs = 30_000

export async function simulate(seed: number, options: { readonly trace?: boolean } = {}): Promise<ExpiryRun> {
  const world = new World(new Random(seed), new Random(seed + 2 ** 31))
  const { random } = world
  const journal = new Journal(() => world.nowMs)
  const trace: string[] = []
  const note = (text: () => string) => {
    if (options.trace) trace.push(`${String(world.nowMs - 1_700_000_000_000).padStart(7)} ms  ${text()}`)
  }
  const network = new Network(world)
  // Longer than anything that is decided by the clock takes to be committed, as the real one is by far.
  const messageAgeMaxMs = random.pick([15_000, hourMs, 7 * 24 * hourMs])
  const observer = journalObserver(journal, note)
  const sites = plan.sites.map(
    ({ id }): SimulatedSite =>
      new SimulatedSite(
        id,
        world,
        {
          ...observer,
          documentWritten(siteId, write) {
            observer.documentWritten(siteId, write)
            const site = sites.find(each => each.id === siteId)
            if (site) timeToLive.watch(site, write.ref, write.after)
          },
        },
        network,
        messageAgeMaxMs,
      ),
  )
  network.connect(sites)
  for (const { id, skewMs } of sites) journal.noteClock(id, skewMs)
  const timeToLive = new TimeToLive(world, journal, sites)
  const visitors = new Visitors(world, sites)
  const prunes = random.chance(0.5)
  const violations: string[] = []
  let writes = 0

  /** Runs until nothing is left to happen but what stores remove later; then the sites must agree. */
  const rest = async (swept = false) => {
    await world.drain(eventsMax)
    violations.push(...checkDocuments({ sites, journal, nowMs: world.nowMs, swept }))
  }
  const quiet = async (forMs: number) => {
    world.nowMs += forMs
    timeToLive.runUntil(world.nowMs + phaseMs)
    await rest()
  }

  try {
    for (let phase = random.between(1, 4); phase > 0; phase--) {
      world.nowMs += random.pick([0, 2000, 60_000, hourMs, 12 * hourMs, lateMsMax + hourMs])
      timeToLive.runUntil(world.nowMs + phaseMs)
      for (let i = random.between(0, 4); i > 0; i--) world.after(random.between(0, 6000), () => network.replayAny())
      if (prunes) {
        for (let i = random.between(0, 8); i > 0; i--) {
          world.after(random.between(0, 6000), () => void random.pick(sites).prune())
        }
      }
      writes += busyPhase(world, sites, site => visitors.act(site), network)
      await rest()
    }
    // By now short expiries are over, then day-long ones; the stores take their time, and old messages come again.
    await quiet(random.pick([0, 10_000, hourMs]))
    await quiet(24 * hourMs + lateMsMax)
    network.replayAll()
    await rest()
    timeToLive.sweep(sites, journal.refs.values())
    await rest(true)
    if (prunes) {
      await pruneAll(world, sites, network, messageAgeMaxMs)
      timeToLive.sweep(sites, journal.refs.values())
      await pruneAll(world, sites, network, messageAgeMaxMs)
    }
  } catch (error) {
    journal.violation(error instanceof Error ? error.message : String(error))
  }
  const ended = { sites, journal, added: 0, pruned: prunes, nowMs: world.nowMs, swept: true }
  return {
    seed,
    violations: [...new Set([...violations, ...checkInvariants(ended)])],
    writes,
    captures: [...journal.captures.values()].reduce((sum, { length }) => sum + length, 0),
    merges: [...journal.merges.values()].reduce((sum, { length }) => sum + length, 0),
    resolutions: sites.reduce(
      (sum, { auditStore }) => sum + [...auditStore.entries.values()].filter(isResolution).length,
      0,
    ),
    removed: journal.removals,
    expiries: journal.expiries,
    renewals: journal.renewals,
    trace,
  }
}
