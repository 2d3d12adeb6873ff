/** Documents that expire, under faults: nothing expired comes back, what was prolonged lives, deletions travel. */
import { describe, expect, it } from 'vitest'
import { expiryBugs } from '../simulation/expiry-bugs.ts'
import { someOf } from '../simulation/hunt.ts'
import { simulate } from '../simulation/simulate-expiry.ts'
import { expectFound, expectNoViolations, expectTheSameAgain } from './simulated-runs.ts'

const long = process.env.TRIBUTARY_LONG === '1'
const seeds = long ? 10_000 : 60
const seedsMax = 3_000

describe('simulated stores that remove what has expired', () => {
  it(`keep every invariant in ${seeds} runs`, { timeout: seeds * 1000 }, async () => {
    const total = await expectNoViolations(simulate, seeds, ['writes', 'expiries', 'renewals', 'removed'])
    // A run in which nothing expires, or nothing is prolonged, shows nothing.
    expect(total.writes).toBeGreaterThan(20 * seeds)
    expect(total.expiries).toBeGreaterThan(4 * seeds)
    expect(total.renewals).toBeGreaterThan(seeds)
    expect(total.removed).toBeGreaterThan(seeds)
  })

  it('do the same again for the same seed, step by step', async () => {
    await expectTheSameAgain(simulate)
  })

  it.each(someOf(expiryBugs))(`show when $rule is left out: $leavesOut`, { timeout: 120_000 }, async bug => {
    await expectFound(bug, seedsMax)
  })
})
