/** The protocol under faults: no violation as it is, and a violation for every rule that is left out. */
import { describe, expect, it } from 'vitest'
import { adoptionBugs } from '../simulation/adoption-bugs.ts'
import { escrowBugs } from '../simulation/escrow-bugs.ts'
import { eventLogBugs } from '../simulation/event-log-bugs.ts'
import { expiryBugs } from '../simulation/expiry-bugs.ts'
import { outOfDate } from '../simulation/hunt.ts'
import { ledgerBugs } from '../simulation/ledger-bugs.ts'
import { plantedBugs } from '../simulation/planted-bugs.ts'
import { simulate } from '../simulation/simulate.ts'
import { textBugs, textFlowBugs } from '../simulation/text-bugs.ts'
import { typeBugs } from '../simulation/type-bugs.ts'
import { expectFound, expectNoViolations, expectTheSameAgain } from './simulated-runs.ts'

const long = process.env.TRIBUTARY_LONG === '1'
const seeds = long ? 10_000 : 200
const seedsMax = 3_000

describe('the simulated sites', () => {
  it(`keep every invariant in ${seeds} runs`, { timeout: seeds * 400 }, async () => {
    const total = await expectNoViolations(simulate, seeds, ['writes', 'merges', 'resolutions'])
    // A simulator in which nothing happens keeps every invariant too.
    expect(total.writes).toBeGreaterThan(10 * seeds)
    expect(total.merges).toBeGreaterThan(5 * seeds)
    expect(total.resolutions).toBeGreaterThan(seeds)
  })

  it('do the same again for the same seed, step by step', async () => {
    for (const seed of [1, 17, 42]) await expectTheSameAgain(simulate, seed)
  })
})

describe('the simulator', () => {
  it('has a bug planted for every rule of the protocol that is built', () => {
    const rules = new Set(plantedBugs.map(({ rule }) => rule.split(',')[0]))
    const numbers = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 18]
    expect([...rules].sort()).toEqual(numbers.map(number => `P${number}`).sort())
  })

  const all = [
    plantedBugs,
    adoptionBugs,
    expiryBugs,
    ledgerBugs,
    escrowBugs,
    eventLogBugs,
    textBugs,
    textFlowBugs,
    typeBugs,
  ].flat()

  it('has bugs that fit the code as it is', async () => {
    expect((await Promise.all(all.map(outOfDate))).flat()).toEqual([])
  })

  it.each(plantedBugs)(`finds out when $rule is left out: $leavesOut`, { timeout: 120_000 }, async bug => {
    await expectFound(bug, seedsMax)
  })
})
