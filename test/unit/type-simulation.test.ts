/** Each simple type under faults, against its own plain model: no violation as it is, and one for every rule left out. */
import { describe, expect, it } from 'vitest'
import { someOf } from '../simulation/hunt.ts'
import { simulate } from '../simulation/simulate-types.ts'
import { typeBugs } from '../simulation/type-bugs.ts'
import { expectFound, expectNoViolations, expectTheSameAgain } from './simulated-runs.ts'

const long = process.env.TRIBUTARY_LONG === '1'
const seeds = long ? 3_000 : 15
const seedsMax = 1_000

describe('simulated types', () => {
  it(`keep every invariant in ${seeds} runs`, { timeout: seeds * 4000 }, async () => {
    const total = await expectNoViolations(simulate, seeds, ['writes', 'merges', 'resolutions'])
    // A simulator in which nothing happens keeps every invariant too.
    expect(total.writes).toBeGreaterThan(10 * seeds)
    expect(total.merges).toBeGreaterThan(5 * seeds)
    expect(total.resolutions).toBeGreaterThan(5 * seeds)
  })

  it('do the same again for the same seed, step by step', async () => {
    await expectTheSameAgain(simulate)
  })

  it.each(someOf(typeBugs))(`show when $rule is left out: $leavesOut`, { timeout: 600_000 }, async bug => {
    await expectFound(bug, seedsMax)
  })
})
