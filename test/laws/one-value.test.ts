/** The types that hold one value as a whole and differ in which of concurrent ones counts. */
import fc from 'fast-check'
import { describe, expect } from 'vitest'
import { authority, custom, fields, highest, register, set, siblings } from '../../shared/declare/index.ts'
import { composedRuns, expectSame, historyLaws } from './cases.ts'
import { amounts, arrayBy, names, objectOf, optional, texts, values } from './documents.ts'
import { spoiled } from './garbage.ts'
import { plotsOf } from './history.ts'
import { joinLaws } from './join-laws.ts'
import { describeMergeLaws } from './merge-laws.ts'

const measures = fc.oneof(
  amounts,
  texts,
  values,
  fc.constantFrom('12345678901234567890123456789012345678').map($number => ({ $number })),
)
const documents = objectOf(names, values)
const sources = optional({ source: fc.constantFrom('kraken', 'okx', 'elsewhere'), price: amounts }).map(
  ({ source = 'okx', ...rest }) => ({ source, ...rest }),
)

describeMergeLaws('a register that flags its conflicts', register({ review: true }), documents, composedRuns)
describeMergeLaws('siblings', siblings(), documents)
describeMergeLaws('the highest by a field', highest({ by: 'version' }), optional({ version: measures, title: texts }))
describeMergeLaws(
  'the highest number or text in fields and in sets',
  fields({ best: highest(), all: set(highest()) }),
  optional({ best: measures, all: objectOf(names, measures, 2) }),
  composedRuns,
)
describeMergeLaws(
  'the highest in an array',
  fields({ offers: set(highest({ by: 'price' }), { by: 'shop' }) }),
  optional({ offers: arrayBy('shop', fc.constantFrom('a', 'b'), optional({ price: amounts })) }),
  composedRuns,
)
describeMergeLaws('a resolver of the user', custom('union'), documents)
describeMergeLaws(
  'a resolver of the user for fields',
  fields({ prices: custom('union'), by_shop: set(custom('union')) }),
  optional({ prices: objectOf(names, amounts), by_shop: objectOf(names, values, 2) }),
  composedRuns,
)
describeMergeLaws('a primary', authority({ primary: 'site-0', passive: 'accept' }), documents)
describeMergeLaws(
  'local ingestion by source',
  authority({ source: 'source', sites: { kraken: 'site-0', okx: 'site-1' }, passive: 'accept' }),
  sources,
)
describeMergeLaws(
  'a primary for one field',
  fields({ price: authority({ primary: 'site-0', passive: 'accept' }) }),
  optional({ price: amounts, title: texts }),
  composedRuns,
)

describe('the laws of an authority that refuses all other writes', () => {
  const plots = plotsOf(documents)
  const descriptor = authority({ primary: 'site-0' })
  const historyLaw = historyLaws(descriptor, plots)
  joinLaws(descriptor, historyLaw)

  historyLaw('what the primary writes reads as it was written, and what others write changes nothing', history => {
    for (const { site, before, after, document } of history.writes) {
      expectSame(history.view(after), site === 'site-0' ? document : history.view(before))
    }
  })

  historyLaw('a state that is spoiled anywhere is not recognised', (history, pick) => {
    const { state } = pick(history.snapshots)
    if (state !== undefined) expect(history.type.isState(spoiled(state, pick))).toBe(false)
  })
})

describe('the laws of a field under an authority that refuses all other writes', () => {
  const plots = plotsOf(optional({ price: amounts, title: texts }))
  const descriptor = fields({ price: authority({ primary: 'site-0' }) })
  const historyLaw = historyLaws(descriptor, plots)
  joinLaws(descriptor, historyLaw)

  historyLaw('of a write elsewhere all but that field reads as it was written', history => {
    for (const { site, before, after, document } of history.writes) {
      const [was, is] = [history.view(before), history.view(after)]
      const { price: _, ...written } = document ?? {}
      const { price, ...shown } = is ?? {}
      expectSame(shown, written)
      if (site !== 'site-0' && is !== undefined) expect(price).toEqual(was?.price)
      else expectSame(is, document)
    }
  })
})
