/** Orders and payments under faults and with homes that move: what is settled stays, is the same everywhere, and is legal. */
import { describe, expect, it } from 'vitest'
import { eventLogBugs } from '../simulation/event-log-bugs.ts'
import { hunt, someOf } from '../simulation/hunt.ts'
import { simulate } from '../simulation/simulate-event-log.ts'

const long = process.env.TRIBUTARY_LONG === '1'
const seeds = long ? 5_000 : 20
const seedsMax = 3_000

describe('simulated event logs', () => {
  it(`keep every invariant in ${seeds} runs`, { timeout: 60_000 + seeds * 10_000 }, async () => {
    const failures: { readonly seed: number; readonly violations: readonly string[] }[] = []
    const total = { writes: 0, events: 0, verdicts: 0, takenOver: 0, illegal: 0 }
    for (let seed = 1; seed <= seeds; seed++) {
      const run = await simulate(seed)
      total.writes += run.writes
      total.events += run.events
      total.verdicts += run.verdicts
      total.takenOver += run.takenOver
      total.illegal += run.illegal
      if (run.violations.length > 0) failures.push({ seed, violations: run.violations })
    }
    expect(failures).toEqual([])
    // A run in which everything is legal, or no home ever moves, shows nothing.
    expect(total.writes).toBeGreaterThan(10 * seeds)
    expect(total.events).toBeGreaterThan(5 * seeds)
    expect(total.verdicts).toBeGreaterThan(5 * seeds)
    expect(total.illegal).toBeGreaterThan(2 * seeds)
    expect(total.takenOver).toBeGreaterThan(seeds / 4)
  })

  // Of the designs that look right, those that fail at once; all bugs are hunted in the long suite.
  it.each(someOf(eventLogBugs))(`show when $rule is left out: $leavesOut`, { timeout: 120_000 }, async bug => {
    const { seeds: found, violation } = await hunt(bug, { seedsMax, knownFirst: true })
    expect(found, `not found in ${seedsMax} seeds`).toBeDefined()
    expect(violation).not.toBe('')
  })
})
