/** A log whose front is not kept everywhere: it has to join, decide and show as if it were. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decide,
  droppedFrom,
  fixedLength,
  fixedVerdicts,
  type Jurisdiction,
  joinRulings,
  logLength,
  majorityOf,
  type Ruling,
  withoutFirst,
} from '../../shared/resolve/ruling.ts'

const sites = ['aws-us-east-1', 'gcp-us-central1', 'azure-eastus']
const jurisdiction: Jurisdiction = { sites, quorum: majorityOf(sites) }

/** Three rulings that agree in the first four verdicts, which are fixed, and of which each may have dropped some. */
const rulings = fc
  .array(
    fc.record({
      epoch: fc.nat(4),
      more: fc.nat(4),
      stored: fc.constantFrom(...sites),
      dropped: fc.nat(4),
    }),
    { minLength: 3, maxLength: 3 },
  )
  .map(drawn =>
    drawn.map(({ epoch, more, stored, dropped }): { readonly whole: Ruling; readonly short: Ruling } => {
      const log = ['a', 'b', 'c', 'd', ...Array.from({ length: more }, (_, index) => `${epoch}/${index}`)]
      const everywhere = Object.fromEntries(sites.map(site => [site, { 0: 4 }]))
      const whole = {
        epoch,
        log,
        stored: { ...everywhere, [stored]: { 0: 4, [epoch]: log.length } },
        promised: { [stored]: epoch },
      }
      return { whole, short: withoutFirst(whole, dropped) }
    }),
  )

describe('a log of which some sites have dropped the front', () => {
  it('joins in any order to what whole logs join to, without what any of them has dropped', () => {
    fc.assert(
      fc.property(rulings, ([a, b, c]) => {
        if (!a || !b || !c) return
        const most = Math.max(...[a, b, c].map(({ short }) => droppedFrom(short)))
        const expected = withoutFirst([a, b, c].map(({ whole }) => whole).reduce(joinRulings), most)
        expect(joinRulings(joinRulings(a.short, b.short), c.short)).toEqual(expected)
        expect(joinRulings(a.short, joinRulings(c.short, b.short))).toEqual(expected)
        expect(joinRulings(expected, b.short)).toEqual(expected)
      }),
      { numRuns: 1_000 },
    )
  })

  it('shows what is left of the fixed verdicts, and counts all of them', () => {
    fc.assert(
      fc.property(rulings, drawn => {
        for (const { whole, short } of drawn) {
          expect(logLength(short)).toBe(logLength(whole))
          expect(fixedLength(short, jurisdiction)).toBe(fixedLength(whole, jurisdiction))
          expect(fixedVerdicts(short, jurisdiction)).toEqual(
            fixedVerdicts(whole, jurisdiction).slice(droppedFrom(short)),
          )
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it('is ruled on and stored by its whole length', () => {
    const short: Ruling = { epoch: 0, log: ['d'], dropped: 3, stored: {}, promised: {} }
    const after = decide(short, jurisdiction, { site: sites[0] ?? '', taking: undefined, rule: () => ['e'] })
    expect(after).toEqual({ ...short, log: ['d', 'e'], stored: { 'aws-us-east-1': { 0: 5 } } })
  })
})
