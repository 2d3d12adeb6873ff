/** Reservations under faults and with homes that move: never more than there is, and nothing that was said is taken back. */
import { describe, expect, it } from 'vitest'
import { hunt, someOf } from '../simulation/hunt.ts'
import { ledgerBugs } from '../simulation/ledger-bugs.ts'
import { simulate } from '../simulation/simulate-ledger.ts'

const long = process.env.TRIBUTARY_LONG === '1'
const seeds = long ? 5_000 : 30
const seedsMax = 3_000

describe('simulated homes of reservations', () => {
  it(`keep every invariant in ${seeds} runs`, { timeout: seeds * 1000 }, async () => {
    const failures: { readonly seed: number; readonly violations: readonly string[] }[] = []
    const total = { writes: 0, verdicts: 0, takenOver: 0, accepted: 0, rejected: 0 }
    for (let seed = 1; seed <= seeds; seed++) {
      const run = await simulate(seed)
      total.writes += run.writes
      total.verdicts += run.verdicts
      total.takenOver += run.takenOver
      total.accepted += run.accepted
      total.rejected += run.rejected
      if (run.violations.length > 0) failures.push({ seed, violations: run.violations })
    }
    expect(failures).toEqual([])
    // A run in which all fits, or no home ever moves, shows nothing.
    expect(total.writes).toBeGreaterThan(20 * seeds)
    expect(total.verdicts).toBeGreaterThan(5 * seeds)
    expect(total.takenOver).toBeGreaterThan(seeds / 2)
    expect(total.accepted).toBeGreaterThan(2 * seeds)
    expect(total.rejected).toBeGreaterThan(seeds)
  })

  it('do the same again for the same seed, step by step', async () => {
    const first = await simulate(17, { trace: true })
    expect(first.trace).not.toEqual([])
    expect(await simulate(17, { trace: true })).toEqual(first)
  })

  it.each(someOf(ledgerBugs))(`show when $rule is left out: $leavesOut`, { timeout: 120_000 }, async bug => {
    const { seeds: found, violation } = await hunt(bug, { seedsMax, knownFirst: true })
    expect(found, `not found in ${seedsMax} seeds`).toBeDefined()
    expect(violation).not.toBe('')
  })
})
