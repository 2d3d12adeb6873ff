/** One run with reservations that homes decide: applications that book, confirm, cancel and ship the same few things. */
import { BookingClerks, booked } from './booking-clerks.ts'
import { runDecisions, type SimulateOptions } from './decision-run.ts'
import { checkLedgers } from './ledger-invariants.ts'
import { LedgerJournal } from './ledger-journal.ts'
import { logIn } from './ruling-logs.ts'
import type { Run } from './run-records.ts'

export interface LedgerRun extends Run {
  /** All that homes ruled, and how much of that homes that had taken over. */
  readonly verdicts: number
  readonly takenOver: number
  readonly accepted: number
  readonly rejected: number
}

export async function simulate(seed: number, options: SimulateOptions = {}): Promise<LedgerRun> {
  // In one of ten little is in stock, much is rejected, and homes are cut off with that.
  const cutsOff = seed % 10 === 0
  const movable = booked.filter(({ type }) => type !== 'desks')
  const { run, journal } = await runDecisions(seed, options, {
    journal: nowMs => new LedgerJournal(nowMs),
    clerks: world =>
      cutsOff ? new BookingClerks(world, movable, { theme: ['restock'] }) : new BookingClerks(world, booked),
    refs: booked,
    cutsOff,
    phasesMax: 4,
    check: checkLedgers,
    summary: logIn,
  })
  const shown = [...journal.verdicts.values()]
  return {
    ...run,
    verdicts: journal.rulings.logs.verdicts,
    takenOver: journal.rulings.logs.takenOver,
    accepted: shown.filter(({ accepted }) => accepted).length,
    rejected: shown.filter(({ accepted }) => !accepted).length,
  }
}
