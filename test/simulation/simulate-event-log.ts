/** One run with event logs: applications that move the same few orders and payments through a state machine. */
import { runDecisions, type SimulateOptions } from './decision-run.ts'
import { EventClerks } from './event-clerks.ts'
import { checkEventLogs } from './event-log-invariants.ts'
import { EventLogJournal } from './event-log-journal.ts'
import { bookIn } from './ruling-logs.ts'
import type { Run } from './run-records.ts'

export interface EventLogRun extends Run {
  readonly events: number
  /** All that homes ruled, and how much of that homes that had taken over. */
  readonly verdicts: number
  readonly takenOver: number
  readonly illegal: number
}

export async function simulate(seed: number, options: SimulateOptions = {}): Promise<EventLogRun> {
  const { run, journal } = await runDecisions(seed, options, {
    journal: () => new EventLogJournal(),
    clerks: world => new EventClerks(world),
    phasesMax: 2,
    check: checkEventLogs,
    summary: bookIn,
  })
  const names = [...journal.refs.keys()]
  const fixed = names.flatMap(name => journal.logs.fixed(name))
  return {
    ...run,
    events: names.reduce((sum, name) => sum + journal.events(name).length, 0),
    verdicts: journal.logs.verdicts,
    takenOver: journal.logs.takenOver,
    illegal: fixed.filter(verdict => Array.isArray(verdict) && verdict[1] === 'illegal').length,
  }
}
