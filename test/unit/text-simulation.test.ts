/** Texts under everything that a network does, and homes that move: nothing that somebody wrote is lost, or comes back. */
import { describe, expect, it } from 'vitest'
import { someOf } from '../simulation/hunt.ts'
import { simulate } from '../simulation/simulate-text.ts'
import { textBugs } from '../simulation/text-bugs.ts'
import { expectFound, expectNoViolations } from './simulated-runs.ts'

const seeds = process.env.TRIBUTARY_LONG === '1' ? 10_000 : 60
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
