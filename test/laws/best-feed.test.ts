/**
 * The laws of feeds of which one counts. The feeds join like every set; which of them counts is computed from what is
 * there, without a clock: so replicas that have the same feeds show the same name, whatever they were told first.
 */
import fc from 'fast-check'
import { describe, expect } from 'vitest'
import { bestFeed } from '../../shared/declare/index.ts'
import type { Document, Json } from '../../shared/document/json.ts'
import { expectSame, historyLaws } from './cases.ts'
import { objectOf } from './documents.ts'
import { spoiled } from './garbage.ts'
import { plotsOf } from './history.ts'
import { joinLaws } from './join-laws.ts'

const feeds = fc
  .record(
    {
      venue: fc.constantFrom('kraken', 'okx', 'elsewhere'),
      class: fc.constantFrom<Json>('exchange', 'backfill', 'none', 7),
      observed_ms: fc.constantFrom<Json>(0, 1, 59_000, 61_000, { $number: '12345678901234567890' }, 'soon'),
      latency_ms: fc.constantFrom(3, 5),
      confidence: fc.constantFrom(0.5, 0.9),
    },
    { requiredKeys: ['venue'] },
  )
  .map((feed): Document => ({ ...feed }))

const documents = fc
  .record(
    {
      feeds: objectOf(fc.constantFrom('a', 'b', '__proto__', 'constructor'), feeds),
      best: fc.constantFrom('a', 'mine'),
      title: fc.constantFrom('BTC', 'ETH'),
    },
    { requiredKeys: [] },
  )
  .map((document): Document => ({ ...document }))

describe('the laws of feeds of which one counts', () => {
  const descriptor = bestFeed({ venues: ['kraken'], sites: { kraken: 'site-0', okx: 'site-1' } })
  const plots = plotsOf(documents)
  const historyLaw = historyLaws(descriptor, plots)
  joinLaws(descriptor, historyLaw)

  historyLaw('all but the name of the feed that counts reads as it was written', history => {
    for (const { after, document } of history.writes) {
      const { best: _mine, ...written } = document ?? {}
      const { best: _counts, ...shown } = history.view(after) ?? {}
      expectSame(shown, written)
    }
  })

  historyLaw('the name is that of a feed that is there, or there is none', history => {
    for (const { after } of history.writes) {
      const { best, feeds: entries = {} } = history.view(after) ?? {}
      const names = Object.keys(entries as Document)
      expect(names.length === 0 ? best === undefined : names.includes(String(best))).toBe(true)
    }
  })

  historyLaw('a state that is spoiled anywhere is not recognised', (history, pick) => {
    const { state } = pick(history.snapshots)
    if (state !== undefined) expect(history.type.isState(spoiled(state, pick))).toBe(false)
  })
})
