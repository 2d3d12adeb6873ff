/** Texts under everything that a network does, and homes that move: nothing that somebody wrote is lost, or comes back. */
import { describe, expect, it } from 'vitest'
import { someOf } from '../simulation/hunt.ts'
import { simulate } from '../simulation/simulate-text.ts'
import { simulate as simulateFlows } from '../simulation/simulate-text-flows.ts'
import { textBugs, textFlowBugs } from '../simulation/text-bugs.ts'
import { expectFound, expectNoViolations, expectTheSameAgain } from './simulated-runs.ts'

const long = process.env.TRIBUTARY_LONG === '1'
const seeds = long ? 10_000 : 60
const flowSeeds = long ? 3_000 : 10
const seedsMax = 300

describe('simulated texts', () => {
  it(`are the same everywhere, and whole, in ${seeds} runs`, { timeout: seeds * 1_000 }, async () => {
    const total = await expectNoViolations(simulate, seeds, ['edits', 'folded', 'moves'])
    // A run in which nothing is folded, or nobody moves, shows nothing.
    expect(total.edits).toBeGreaterThan(30 * seeds)
    expect(total.folded).toBeGreaterThan(20 * seeds)
    expect(total.moves).toBeGreaterThan(seeds / 2)
  })

  it.each(someOf(textBugs))(`show when $rule is left out: $leavesOut`, { timeout: 120_000 }, async bug => {
    await expectFound(bug, seedsMax)
  })
})

describe('texts in the flows', () => {
  it(`are the same everywhere, whole, and audited, in ${flowSeeds} runs`, { timeout: flowSeeds * 10_000 }, async () => {
    const total = await expectNoViolations(simulateFlows, flowSeeds, ['captures', 'merges', 'resolutions'])
    // A run in which nobody edits while somebody else does shows nothing.
    expect(total.captures).toBeGreaterThan(10 * flowSeeds)
    expect(total.merges).toBeGreaterThan(30 * flowSeeds)
    expect(total.resolutions).toBeGreaterThan(5 * flowSeeds)
  })

  it('do the same again for the same seed, step by step', async () => {
    await expectTheSameAgain(simulateFlows)
  })

  it.each(someOf(textFlowBugs))(`show when $rule is left out: $leavesOut`, { timeout: 120_000 }, async bug => {
    await expectFound(bug, seedsMax)
  })
})
