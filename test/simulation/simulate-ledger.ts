/**
 * One run with reservations: applications at three sites that book, confirm, cancel and ship the same few things, homes
 * that are cut off and whose part others take over, and all the faults of the other runs. The seed decides everything.
 */

import { isResolution } from '../../shared/replicate/audit-entry.ts'
import { BookingClerks } from './booking-clerks.ts'
import { busyPhase } from './busy-phase.ts'
import { plan } from './catalogue.ts'
import { HomeMoves } from './home-moves.ts'
import { checkLedgers } from './ledger-invariants.ts'
import { LedgerJournal } from './ledger-journal.ts'
import { ledgerObserver } from './ledger-observer.ts'
import { Network } from './network.ts'
import { eventsMax } from './prune-all.ts'
import { Random } from './random.ts'
import type { Run } from './run-records.ts'
import { SimulatedSite } from './site.ts'
import { World } from './world.ts'

export interface LedgerRun extends Run {
  /** All that homes ruled, and how much of that homes that had taken over. */
  readonly verdicts: number
  readonly takenOver: number
  readonly accepted: number
  readonly rejected: number
}

export async function simulate(seed: number, options: { readonly trace?: boolean } = {}): Promise<LedgerRun> {
  const world = new World(new Random(seed), new Random(seed + 2 ** 31))
  const { random } = world
  const journal = new LedgerJournal(() => world.nowMs)
  const trace: string[] = []
  const note = (text: () => string) => {
    if (options.trace) trace.push(`${String(world.nowMs - 1_700_000_000_000).padStart(7)} ms  ${text()}`)
  }
  const network = new Network(world)
  const messageAgeMaxMs = 7 * 24 * 3_600_000
  const observer = ledgerObserver(journal, note)
  const sites = plan.sites.map(({ id }) => new SimulatedSite(id, world, observer, network, messageAgeMaxMs))
  network.connect(sites)
  const clerks = new BookingClerks(world)
  const moves = new HomeMoves(world, sites, note)
  const violations: string[] = []
  let writes = 0

  try {
    for (let phase = random.between(1, 4); phase > 0; phase--) {
      world.nowMs += random.pick([0, 1000, 5000, 70_000])
      for (let i = random.between(0, 4); i > 0; i--) world.after(random.between(0, 6000), () => network.replayAny())
      moves.plan()
      // Two sites can each hear the third and not each other.
      for (let i = random.between(0, 3); i > 0; i--) {
        const [from, to] = [random.pick(sites).id, random.pick(sites).id]
        const atMs = random.between(0, 4000)
        world.after(atMs, () => network.hold(from, to))
        world.after(atMs + random.between(0, 4000), () => network.release(from, to))
      }
      writes += busyPhase(world, sites, site => clerks.act(site), network)
      await world.drain(eventsMax)
      violations.push(...checkLedgers(sites, journal))
    }
    if (random.chance(0.3)) network.replayAll()
    await world.drain(eventsMax)
    violations.push(...checkLedgers(sites, journal))
  } catch (error) {
    journal.violation(error instanceof Error ? error.message : String(error))
  }
  const shown = [...journal.verdicts.values()]
  return {
    seed,
    violations: [...new Set([...journal.violations, ...violations])],
    writes,
    captures: journal.captures,
    merges: journal.merges,
    resolutions: sites.reduce(
      (sum, { auditStore }) => sum + [...auditStore.entries.values()].filter(isResolution).length,
      0,
    ),
    removed: 0,
    verdicts: journal.rulings.verdicts,
    takenOver: journal.rulings.takenOver,
    accepted: shown.filter(({ accepted }) => accepted).length,
    rejected: shown.filter(({ accepted }) => !accepted).length,
    trace,
  }
}
