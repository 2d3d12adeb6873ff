/** One run with reservations that every site decides at once, within its share. */
import { BookingClerks, shared, themes } from './booking-clerks.ts'
import { runDecisions, type SimulateOptions } from './decision-run.ts'
import { checkEscrows } from './escrow-invariants.ts'
import { EscrowJournal } from './escrow-journal.ts'
import { answersIn } from './escrow-model.ts'
import { bookIn } from './ruling-logs.ts'
import type { Run } from './run-records.ts'

export interface EscrowRun extends Run {
  readonly accepted: number
  readonly rejected: number
  /** How often rights were handed on. */
  readonly gifts: number
}

export async function simulate(seed: number, options: SimulateOptions = {}): Promise<EscrowRun> {
  const { run, journal } = await runDecisions(seed, options, {
    journal: () => new EscrowJournal(),
    clerks: world => {
      const { random } = world
      // In one of ten what sites owe each other is asked for by all of them.
      if (seed % 10 === 0)
        return new BookingClerks(world, shared, { corrects: false, theme: ['restock', 'ship'], rushes: true })
      const corrects = random.chance(0.5)
      // Of the runs of all kinds of writes some are left as they are.
      if (seed % 5 === 4) return new BookingClerks(world, shared, { corrects })
      return new BookingClerks(
        world,
        shared,
        random.chance(0.5) ? { corrects, theme: random.pick(themes) } : { corrects },
      )
    },
    phasesMax: 2,
    writesOff: random => (random.chance(0.3) ? 3 : undefined),
    check: checkEscrows,
    summary: bookIn,
  })
  const kinds = [...journal.refs.keys()].flatMap(name =>
    [...answersIn(journal.rows(name)).values()].map(({ kind }) => kind),
  )
  const rejected = kinds.filter(kind => kind === 'rejected').length
  return { ...run, accepted: kinds.length - rejected, rejected, gifts: journal.gifts }
}
