/** Each simple type under faults, against its own plain model: no violation as it is, and one for every rule left out. */
import { describe, expect, it } from 'vitest'
import { hunt, someOf } from '../simulation/hunt.ts'
import { simulate } from '../simulation/simulate-types.ts'
import { typeBugs } from '../simulation/type-bugs.ts'

const long = process.env.TRIBUTARY_LONG === '1'
const seeds = long ? 3_000 : 15
const seedsMax = 1_000

describe('simulated types', () => {
  it(`keep every invariant in ${seeds} runs`, { timeout: seeds * 4000 }, async () => {
    const failures: { readonly seed: number; readonly violations: readonly string[] }[] = []
    const total = { writes: 0, merges: 0, resolutions: 0 }
    for (let seed = 1; seed <= seeds; seed++) {
      const { violations, writes, merges, resolutions } = await simulate(seed)
      total.writes += writes
      total.merges += merges
      total.resolutions += resolutions
      if (violations.length > 0) failures.push({ seed, violations })
    }
    expect(failures).toEqual([])
    // A simulator in which nothing happens keeps every invariant too.
    expect(total.writes).toBeGreaterThan(10 * seeds)
    expect(total.merges).toBeGreaterThan(5 * seeds)
    expect(total.resolutions).toBeGreaterThan(5 * seeds)
  })

  it('do the same again for the same seed, step by step', async () => {
    const first = await simulate(17, { trace: true })
    expect(first.trace).not.toEqual([])
    expect(await simulate(17, { trace: true })).toEqual(first)
  })

  it.each(someOf(typeBugs))(`show when $rule is left out: $leavesOut`, { timeout: 600_000 }, async bug => {
    const { seeds: found, violation } = await hunt(bug, { seedsMax, knownFirst: true })
    expect(found, `not found in ${seedsMax} seeds`).toBeDefined()
    expect(violation).not.toBe('')
  })
})
