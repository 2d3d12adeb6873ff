/** Adoptions under writes, faults and kills: nothing missed, nothing doubled, and a violation for every rule left out. */
import { describe, expect, it } from 'vitest'
import { adoptionBugs } from '../simulation/adoption-bugs.ts'
import { hunt, someOf } from '../simulation/hunt.ts'
import { simulate } from '../simulation/simulate-adoption.ts'

const long = process.env.TRIBUTARY_LONG === '1'
const seeds = long ? 10_000 : 60
const seedsMax = 3_000

describe('a simulated adoption', () => {
  it(`counts everything once in ${seeds} runs`, { timeout: seeds * 1000 }, async () => {
    const failures: { readonly seed: number; readonly violations: readonly string[] }[] = []
    const total = { writes: 0, kills: 0, late: 0 }
    for (let seed = 1; seed <= seeds; seed++) {
      const { violations, writes, kills, late } = await simulate(seed)
      total.writes += writes
      total.kills += kills
      total.late += late ? 1 : 0
      if (violations.length > 0) failures.push({ seed, violations })
    }
    expect(failures).toEqual([])
    // A run in which nothing happens, or nothing is promised, shows nothing.
    expect(total.writes).toBeGreaterThan(8 * seeds)
    expect(total.kills).toBeGreaterThan(seeds)
    expect(total.late).toBeLessThan(seeds / 50)
  })

  it('does the same again for the same seed, step by step', async () => {
    const first = await simulate(17, { trace: true })
    expect(first.trace).not.toEqual([])
    expect(await simulate(17, { trace: true })).toEqual(first)
  })

  it.each(someOf(adoptionBugs))(`shows when $rule is left out: $leavesOut`, { timeout: 300_000 }, async bug => {
    const { seeds: found, violation } = await hunt(bug, { seedsMax, knownFirst: true })
    expect(found, `not found in ${seedsMax} seeds`).toBeDefined()
    expect(violation).not.toBe('')
  })
})
