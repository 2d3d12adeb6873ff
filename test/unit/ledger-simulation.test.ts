/** Reservations under faults and with homes that move: never more than there is, and nothing that was said is taken back. */
import { describe, expect, it } from 'vitest'
import { someOf } from '../simulation/hunt.ts'
import { ledgerBugs } from '../simulation/ledger-bugs.ts'
import { simulate } from '../simulation/simulate-ledger.ts'
import { expectFound, expectNoViolations, expectTheSameAgain } from './simulated-runs.ts'

const long = process.env.TRIBUTARY_LONG === '1'
const seeds = long ? 5_000 : 15
const seedsMax = 3_000

describe('simulated homes of reservations', () => {
  it(`keep every invariant in ${seeds} runs`, { timeout: 60_000 + seeds * 3_000 }, async () => {
    const total = await expectNoViolations(simulate, seeds, ['writes', 'verdicts', 'takenOver', 'accepted', 'rejected'])
    // A run in which all fits, or no home ever moves, shows nothing.
    expect(total.writes).toBeGreaterThan(20 * seeds)
    expect(total.verdicts).toBeGreaterThan(5 * seeds)
    expect(total.takenOver).toBeGreaterThan(seeds / 2)
    expect(total.accepted).toBeGreaterThan(2 * seeds)
    expect(total.rejected).toBeGreaterThan(seeds)
  })

  it('do the same again for the same seed, step by step', async () => {
    await expectTheSameAgain(simulate)
  })

  it.each(someOf(ledgerBugs))(`show when $rule is left out: $leavesOut`, { timeout: 120_000 }, async bug => {
    await expectFound(bug, seedsMax)
  })
})
