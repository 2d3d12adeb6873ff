/** Texts under everything that a network does, and homes that move: nothing that somebody wrote is lost, or comes back. */
import { describe, expect, it } from 'vitest'
import { hunt, someOf } from '../simulation/hunt.ts'
import { simulate } from '../simulation/simulate-text.ts'
import { textBugs } from '../simulation/text-bugs.ts'

const seeds = process.env.TRIBUTARY_LONG === '1' ? 10_000 : 60
const seedsMax = 300

describe('simulated texts', () => {
  it(`are the same everywhere, and whole, in ${seeds} runs`, { timeout: seeds * 1_000 }, async () => {
    const failures: { readonly seed: number; readonly violations: readonly string[] }[] = []
    const total = { edits: 0, folded: 0, moves: 0 }
    for (let seed = 1; seed <= seeds; seed++) {
      const { violations, edits, folded, moves } = await simulate(seed)
      total.edits += edits
      total.folded += folded
      total.moves += moves
      if (violations.length > 0) failures.push({ seed, violations })
    }
    expect(failures).toEqual([])
    // A run in which nothing is folded, or nobody moves, shows nothing.
    expect(total.edits).toBeGreaterThan(30 * seeds)
    expect(total.folded).toBeGreaterThan(20 * seeds)
    expect(total.moves).toBeGreaterThan(seeds / 2)
  })

  it.each(someOf(textBugs))(`show when $rule is left out: $leavesOut`, { timeout: 120_000 }, async bug => {
    const { seeds: found, violation } = await hunt(bug, { seedsMax })
    expect(found, `not found in ${seedsMax} seeds`).toBeDefined()
    expect(violation).not.toBe('')
  })
})
