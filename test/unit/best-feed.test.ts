/** Quotes of several venues, by several ways: which one a reader is told to take, and what is said of where it comes from. */
import { describe, expect, it } from 'vitest'
import type { BestFeedDescriptor } from '../../shared/declare/feed-descriptor.ts'
import { bestFeed } from '../../shared/declare/index.ts'
import type { Document } from '../../shared/document/json.ts'
import { feedsTold } from '../../shared/resolve/feeds-told.ts'
import { startMs } from './memory-site.ts'
import { arbitrationsAt, awsSite, azureSite, gcpSite, ThreeSites, thing } from './three-sites.ts'

const declared = bestFeed({ venues: ['kraken', 'okx', 'binance', 'coinbase'] })

const feed = (venue: string, observedS: number, more: Document = {}): Document => ({
  venue,
  class: 'exchange',
  observed_ms: startMs + observedS * 1000,
  price: 1,
  ...more,
})

async function sitesWith(feeds: Document, merge: BestFeedDescriptor = declared, laterS = 0): Promise<ThreeSites> {
  const sites = new ThreeSites(merge)
  for (const site of sites.all) site.clock.nowMs += laterS * 1000
  await sites.begin({ pair: 'BTC-USD', feeds })
  return sites
}

const best = (sites: ThreeSites) => sites.documents.map(document => document?.best)
const everywhere = (name: string) => [name, name, name]

describe('of several venues', () => {
  it('the first in the order of fallback counts', async () => {
    const sites = await sitesWith({ cb: feed('coinbase', 0), kr: feed('kraken', 0), ok: feed('okx', 0) })
    expect(best(sites)).toEqual(everywhere('kr'))
  })

  it.each([
    ['59 s behind the others it still counts', 59, 'kr'],
    ['61 s behind the next venue takes its place', 61, 'ok'],
  ])('one that has fallen silent: %s', async (_, laterS, expected) => {
    const sites = await sitesWith({ kr: feed('kraken', 0), ok: feed('okx', 0), cb: feed('coinbase', 0) })
    for (const site of sites.all) site.clock.nowMs += laterS * 1000
    sites.gcp.write(thing, {
      pair: 'BTC-USD',
      best: 'kr',
      feeds: { kr: feed('kraken', 0), ok: feed('okx', laterS), cb: feed('coinbase', laterS) },
    })
    await sites.settle()
    expect(best(sites)).toEqual(everywhere(expected))
  })

  it('when it speaks again it counts again', async () => {
    const sites = await sitesWith({ kr: feed('kraken', -100), ok: feed('okx', 0) })
    expect(best(sites)).toEqual(everywhere('ok'))
    sites.azure.write(thing, { pair: 'BTC-USD', feeds: { kr: feed('kraken', 0), ok: feed('okx', 0) } })
    await sites.settle()
    expect(best(sites)).toEqual(everywhere('kr'))
  })
})

describe("of one venue's feeds", () => {
  it.each<[string, Document, Document]>([
    ["the exchange's own API is before a site nearby", { class: 'exchange', latency_ms: 90 }, { class: 'regional' }],
    ['a site nearby is before what the primary made', { class: 'regional', latency_ms: 90 }, { class: 'primary' }],
    ['what the primary made is before a backfill', { class: 'primary', latency_ms: 90 }, { class: 'backfill' }],
    ['any declared class is before one that is not', { class: 'backfill', latency_ms: 90 }, { class: 'rumour' }],
    ['of one class the lowest latency counts', { latency_ms: 4, confidence: 0.1 }, { latency_ms: 5, confidence: 0.9 }],
    ['of one latency the highest confidence', { confidence: 0.9 }, { confidence: 0.8 }],
    ['one that tells its latency is before one that does not', { latency_ms: 500 }, {}],
  ])('%s', async (_, better, worse) => {
    // Whatever their names are.
    for (const names of [['a', 'b'] as const, ['b', 'a'] as const]) {
      const [first, second] = names
      const feeds = { [first]: feed('kraken', 0, better), [second]: feed('kraken', 0, worse) }
      expect(best(await sitesWith(feeds))).toEqual(everywhere(first))
    }
  })
})

describe('a backfill', () => {
  it('that comes late stands beside the quote and not in its place', async () => {
    const live = feed('kraken', 0, { price: 100 })
    const sites = await sitesWith({ live })
    const late = feed('kraken', -3600, { class: 'backfill', price: 90 })
    sites.azure.write(thing, { pair: 'BTC-USD', best: 'live', feeds: { live, late } })
    await sites.settle()
    for (const document of sites.documents) {
      expect(document).toEqual({ pair: 'BTC-USD', best: 'live', feeds: { live, late } })
    }
  })
})

describe('a source whose clock is ahead', () => {
  it('leaves nobody behind: nothing is observed after it was captured', async () => {
    const sites = await sitesWith({ kr: feed('kraken', 0), ok: feed('okx', 9_000_000) })
    expect(best(sites)).toEqual(everywhere('kr'))
  })
})

describe('the name of the feed that counts', () => {
  it('belongs to Tributary: another one is put right, and the audit has it', async () => {
    const sites = await sitesWith({ kr: feed('kraken', 0), ok: feed('okx', 0) })
    sites.gcp.write(thing, { ...sites.documents[1], best: 'ok' })
    await sites.settle()
    expect(best(sites)).toEqual(everywhere('kr'))
    expect(arbitrationsAt(sites.gcp)).toMatchObject([
      { path: ['best'], rule: 'owned-by-tributary', lost: [{ value: 'ok' }] },
    ])
  })

  it('may be left out by who writes the whole document: that is nothing to tell', async () => {
    const sites = await sitesWith({ kr: feed('kraken', 0) })
    sites.gcp.write(thing, { pair: 'BTC-USD', feeds: { kr: feed('kraken', 0, { price: 2 }) } })
    await sites.settle()
    expect(best(sites)).toEqual(everywhere('kr'))
    expect(sites.all.flatMap(arbitrationsAt)).toEqual([])
  })

  it('goes with the last feed', async () => {
    const sites = await sitesWith({ kr: feed('kraken', 0) })
    sites.aws.write(thing, { pair: 'BTC-USD', feeds: {} })
    await sites.settle()
    expect(sites.documents).toEqual(sites.all.map(() => ({ pair: 'BTC-USD', feeds: {} })))
  })
})

describe('one feed, written at two sites at once', () => {
  it('is that of the site that takes in its venue, and the other one is in the audit', async () => {
    const sites = await sitesWith(
      { kr: feed('kraken', 0) },
      bestFeed({ venues: ['kraken'], sites: { kraken: awsSite, okx: azureSite } }),
    )
    const quoting = (price: number): Document => ({
      pair: 'BTC-USD',
      best: 'kr',
      feeds: { kr: feed('kraken', 0, { price }) },
    })
    await sites.atOnce([quoting(10), 1], [quoting(20), 9])
    expect(sites.documents).toEqual(sites.all.map(() => quoting(10)))
    for (const site of sites.all) {
      expect(arbitrationsAt(site)).toMatchObject([
        { path: ['feeds', 'kr'], rule: 'authority-wins', lost: [{ site: gcpSite }] },
      ])
    }
  })
})

describe('what is told of the feeds', () => {
  it('is which site took them in, their age and lag by the clock of whoever asks, and a warning after 60 s', async () => {
    const sites = await sitesWith({ kr: feed('kraken', 10), ok: feed('okx', 30) }, declared, 40)
    const told = (atS: number) => {
      const { state } = sites.azure.record(thing)
      const document = sites.azure.document(thing)
      if (!document) throw new Error('there is no document')
      const origins = sites.azure.here.types.get('things')?.record.origins(state) ?? []
      return feedsTold(declared, document, origins, startMs + atS * 1000)
    }
    const nobodyKnows = { latencyMs: null, confidence: null }
    const kr = { ...nobodyKnows, feed: 'kr', venue: 'kraken', class: 'exchange', site: awsSite, counts: true }
    const ok = { ...nobodyKnows, feed: 'ok', venue: 'okx', class: 'exchange', site: awsSite, counts: false }
    const lags = told(0).map(({ lagMs }) => Math.round(lagMs / 1000))
    expect(lags).toEqual([30, 10])
    expect(told(70)).toMatchObject([
      { ...kr, ageMs: 60_000 },
      { ...ok, ageMs: 40_000 },
    ])
    expect(told(70).map(({ warning }) => warning)).toEqual([undefined, undefined])
    expect(told(71).map(({ warning }) => warning)).toEqual(['older than 60 s', undefined])
    expect(told(91).map(({ warning }) => warning)).toEqual(['older than 60 s', 'older than 60 s'])
  })
})
