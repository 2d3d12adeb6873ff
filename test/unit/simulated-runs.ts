/** What the tests of all simulators ask: many runs without a violation, the same run again, each planted bug found. */
import { expect } from 'vitest'
import { hunt } from '../simulation/hunt.ts'
import type { PlantedBug } from '../simulation/planted-bugs.ts'

interface Outcome {
  readonly violations: readonly string[]
}

/** Runs the seeds from 1 on, expects no violation, and adds up what is `counted`; `true` counts as 1. */
export async function expectNoViolations<Run extends Outcome, Count extends keyof Run & string>(
  simulate: (seed: number) => Promise<Run>,
  seeds: number,
  counted: readonly Count[],
): Promise<Record<Count, number>> {
  const failures: { readonly seed: number; readonly violations: readonly string[] }[] = []
  const totals = new Map<Count, number>(counted.map(count => [count, 0]))
  for (let seed = 1; seed <= seeds; seed++) {
    const run = await simulate(seed)
    for (const count of counted) totals.set(count, (totals.get(count) ?? 0) + Number(run[count]))
    if (run.violations.length > 0) failures.push({ seed, violations: run.violations })
  }
  expect(failures).toEqual([])
  // It has an entry for each.
  return Object.fromEntries(totals) as Record<Count, number>
}

/** The same seed does the same, step by step. */
export async function expectTheSameAgain(
  simulate: (seed: number, options: { readonly trace: boolean }) => Promise<{ readonly trace: readonly string[] }>,
  seed = 17,
): Promise<void> {
  const first = await simulate(seed, { trace: true })
  expect(first.trace).not.toEqual([])
  expect(await simulate(seed, { trace: true })).toEqual(first)
}

/** The simulator finds out what is left out, in so many seeds; the one that is known to show it first. */
export async function expectFound(bug: PlantedBug, seedsMax: number): Promise<void> {
  const { seeds, violation } = await hunt(bug, { seedsMax, knownFirst: true })
  expect(seeds, `not found in ${seedsMax} seeds`).toBeDefined()
  expect(violation).not.toBe('')
}
