/** Reservations that every site decides within its share, under faults: never more than there is, and nothing taken back. */
import { describe, expect, it } from 'vitest'
import { escrowBugs } from '../simulation/escrow-bugs.ts'
import { someOf } from '../simulation/hunt.ts'
import { simulate } from '../simulation/simulate-escrow.ts'
import { expectFound, expectNoViolations } from './simulated-runs.ts'

const long = process.env.TRIBUTARY_LONG === '1'
const seeds = long ? 5_000 : 25
const seedsMax = 3_000

describe('simulated shares', () => {
  it(`keep every invariant in ${seeds} runs`, { timeout: 60_000 + seeds * 10_000 }, async () => {
    const total = await expectNoViolations(simulate, seeds, ['writes', 'accepted', 'rejected', 'gifts'])
    // A run in which all fits, or no right ever moves, shows nothing.
    expect(total.writes).toBeGreaterThan(10 * seeds)
    expect(total.accepted).toBeGreaterThan(seeds)
    expect(total.rejected).toBeGreaterThan(seeds / 2)
    expect(total.gifts).toBeGreaterThan(seeds)
  })

  // Of the designs that look right, those that fail at once; all bugs are hunted in the long suite.
  it.each(someOf(escrowBugs))(`show when $rule is left out: $leavesOut`, { timeout: 120_000 }, async bug => {
    await expectFound(bug, seedsMax)
  })
})
