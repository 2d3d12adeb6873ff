/** Documents that expire, under faults: nothing expired comes back, what was prolonged lives, deletions travel. */
import { describe, expect, it } from 'vitest'
import { expiryBugs } from '../simulation/expiry-bugs.ts'
import { hunt, someOf } from '../simulation/hunt.ts'
import { simulate } from '../simulation/simulate-expiry.ts'

const long = process.env.TRIBUTARY_LONG === '1'
const seeds = long ? 10_000 : 60
const seedsMax = 3_000

describe('simulated stores that remove what has expired', () => {
  it(`keep every invariant in ${seeds} runs`, { timeout: seeds * 1000 }, async () => {
    const failures: { readonly seed: number; readonly violations: readonly string[] }[] = []
    const total = { writes: 0, expiries: 0, renewals: 0, removed: 0 }
    for (let seed = 1; seed <= seeds; seed++) {
      const { violations, writes, expiries, renewals, removed } = await simulate(seed)
      total.writes += writes
      total.expiries += expiries
      total.renewals += renewals
      total.removed += removed
      if (violations.length > 0) failures.push({ seed, violations })
    }
    expect(failures).toEqual([])
    // A run in which nothing expires, or nothing is prolonged, shows nothing.
    expect(total.writes).toBeGreaterThan(20 * seeds)
    expect(total.expiries).toBeGreaterThan(4 * seeds)
    expect(total.renewals).toBeGreaterThan(seeds)
    expect(total.removed).toBeGreaterThan(seeds)
  })

  it('do the same again for the same seed, step by step', async () => {
    const first = await simulate(17, { trace: true })
    expect(first.trace).not.toEqual([])
    expect(await simulate(17, { trace: true })).toEqual(first)
  })

  it.each(someOf(expiryBugs))(`show when $rule is left out: $leavesOut`, { timeout: 120_000 }, async bug => {
    const { seeds: found, violation } = await hunt(bug, { seedsMax, knownFirst: true })
    expect(found, `not found in ${seedsMax} seeds`).toBeDefined()
    expect(violation).not.toBe('')
  })
})
