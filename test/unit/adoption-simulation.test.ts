/** Adoptions under writes, faults and kills: nothing missed, nothing doubled, and a violation for every rule left out. */
import { describe, expect, it } from 'vitest'
import { adoptionBugs } from '../simulation/adoption-bugs.ts'
import { someOf } from '../simulation/hunt.ts'
import { simulate } from '../simulation/simulate-adoption.ts'
import { expectFound, expectNoViolations, expectTheSameAgain } from './simulated-runs.ts'

const long = process.env.TRIBUTARY_LONG === '1'
const seeds = long ? 10_000 : 60
const seedsMax = 3_000

describe('a simulated adoption', () => {
  it(`counts everything once in ${seeds} runs`, { timeout: seeds * 1000 }, async () => {
    const total = await expectNoViolations(simulate, seeds, ['writes', 'kills', 'late'])
    // A run in which nothing happens, or nothing is promised, shows nothing.
    expect(total.writes).toBeGreaterThan(8 * seeds)
    expect(total.kills).toBeGreaterThan(seeds)
    expect(total.late).toBeLessThan(seeds / 50)
  })

  it('does the same again for the same seed, step by step', async () => {
    await expectTheSameAgain(simulate)
  })

  it.each(someOf(adoptionBugs))(`shows when $rule is left out: $leavesOut`, { timeout: 300_000 }, async bug => {
    await expectFound(bug, seedsMax)
  })
})
