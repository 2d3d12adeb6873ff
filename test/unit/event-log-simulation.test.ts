/** Orders and payments under faults and with homes that move: what is settled stays, is the same everywhere, and is legal. */
import { describe, expect, it } from 'vitest'
import { eventLogBugs } from '../simulation/event-log-bugs.ts'
import { someOf } from '../simulation/hunt.ts'
import { simulate } from '../simulation/simulate-event-log.ts'
import { expectFound, expectNoViolations } from './simulated-runs.ts'

const long = process.env.TRIBUTARY_LONG === '1'
const seeds = long ? 5_000 : 20
const seedsMax = 3_000

describe('simulated event logs', () => {
  it(`keep every invariant in ${seeds} runs`, { timeout: 60_000 + seeds * 10_000 }, async () => {
    const total = await expectNoViolations(simulate, seeds, ['writes', 'events', 'verdicts', 'takenOver', 'illegal'])
    // A run in which everything is legal, or no home ever moves, shows nothing.
    expect(total.writes).toBeGreaterThan(10 * seeds)
    expect(total.events).toBeGreaterThan(5 * seeds)
    expect(total.verdicts).toBeGreaterThan(5 * seeds)
    expect(total.illegal).toBeGreaterThan(2 * seeds)
    expect(total.takenOver).toBeGreaterThan(seeds / 4)
  })

  // Of the designs that look right, those that fail at once; all bugs are hunted in the long suite.
  it.each(someOf(eventLogBugs))(`show when $rule is left out: $leavesOut`, { timeout: 120_000 }, async bug => {
    await expectFound(bug, seedsMax)
  })
})
