/** Reservations that every site decides within its share, under faults: never more than there is, and nothing taken back. */
import { describe, expect, it } from 'vitest'
import { escrowBugs } from '../simulation/escrow-bugs.ts'
import { hunt, someOf } from '../simulation/hunt.ts'
import { simulate } from '../simulation/simulate-escrow.ts'

const long = process.env.TRIBUTARY_LONG === '1'
const seeds = long ? 5_000 : 25
const seedsMax = 3_000

describe('simulated shares', () => {
  it(`keep every invariant in ${seeds} runs`, { timeout: 60_000 + seeds * 10_000 }, async () => {
    const failures: { readonly seed: number; readonly violations: readonly string[] }[] = []
    const total = { writes: 0, accepted: 0, rejected: 0, gifts: 0 }
    for (let seed = 1; seed <= seeds; seed++) {
      const run = await simulate(seed)
      total.writes += run.writes
      total.accepted += run.accepted
      total.rejected += run.rejected
      total.gifts += run.gifts
      if (run.violations.length > 0) failures.push({ seed, violations: run.violations })
    }
    expect(failures).toEqual([])
    // A run in which all fits, or no right ever moves, shows nothing.
    expect(total.writes).toBeGreaterThan(10 * seeds)
    expect(total.accepted).toBeGreaterThan(seeds)
    expect(total.rejected).toBeGreaterThan(seeds / 2)
    expect(total.gifts).toBeGreaterThan(seeds)
  })

  // Of the designs that look right, those that fail at once; all bugs are hunted in the long suite.
  it.each(someOf(escrowBugs))(`show when $rule is left out: $leavesOut`, { timeout: 120_000 }, async bug => {
    const { seeds: found, violation } = await hunt(bug, { seedsMax, knownFirst: true })
    expect(found, `not found in ${seedsMax} seeds`).toBeDefined()
    expect(violation).not.toBe('')
  })
})
