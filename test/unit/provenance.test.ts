/** Where values come from, as `tributary get` tells it: by whose write, how old, and which feed counts. */
import { expect, it } from 'vitest'
import { bestFeed, counter, custom, fields, register, set } from '../../shared/declare/index.ts'
import type { DocumentDescriptor } from '../../shared/declare/merge-descriptor.ts'
import type { Document } from '../../shared/document/json.ts'
import { feedTable, provenanceOf, valueTable } from '../../tools/cli/provenance.ts'
import { startMs } from './memory-site.ts'
import { awsSite, gcpSite, ThreeSites, type ThreeSitesOptions, thing } from './three-sites.ts'

/** A document, and what one site's own application writes to it 10 s later; asked 60 s after that. */
async function told(merge: DocumentDescriptor, document: Document, later: Document, options?: ThreeSitesOptions) {
  const sites = new ThreeSites(merge, options)
  await sites.begin(document)
  for (const site of sites.all) site.clock.nowMs = startMs + 10_000
  sites.gcp.write(thing, later)
  await sites.settle()
  const { azure } = sites
  const origins = azure.here.types.get('things')?.record.origins(azure.record(thing).state) ?? []
  return provenanceOf(merge, { document: azure.document(thing) ?? null, origins }, startMs + 70_000)
}

it('each plain value has the site and the time of its write, however deep it lies; amounts are of all sites', async () => {
  const merge = fields({
    address: fields(),
    items: set(fields({ quantity: counter() })),
    lines: set(fields(), { by: 'sku' }),
  })
  const { values, feeds } = await told(
    merge,
    { name: 'Ann', address: { city: 'Bonn' }, items: { tea: { quantity: 1, note: 'a' } }, lines: [{ sku: 'x', n: 1 }] },
    { name: 'Ann', address: { city: 'Köln' }, items: { tea: { quantity: 1, note: 'b' } }, lines: [{ sku: 'x', n: 2 }] },
  )
  expect(feeds).toBeUndefined()
  const short = values.map(({ path, site, ageMs }) => [path.join('.'), site, Math.round(ageMs / 1000)])
  expect(short.sort()).toEqual(
    [
      ['address.city', gcpSite, 60],
      ['items.tea.note', gcpSite, 60],
      ['lines."x".n', gcpSite, 60],
      ['name', awsSite, 70],
    ].sort(),
  )
})

it('a document that is one value has one write, or all of those that it was made of', async () => {
  const { values } = await told(register(), { n: 1 }, { n: 2 })
  expect(values).toMatchObject([{ path: [], site: gcpSite }])
  expect(valueTable(values)).toMatch(/the document +gcp-us-central1 .* 60\.0 s/)

  const larger = {
    resolve: (a: { n: number }, b: { n: number }) => ({ n: Math.max(a.n, b.n) }),
    examples: [{ n: 1 }, { n: 2 }],
  }
  const sites = new ThreeSites(custom('larger'), { resolvers: { larger } })
  await sites.atOnce([{ n: 1 }, 0], [{ n: 2 }, 1])
  const origins = sites.azure.here.types.get('things')?.record.origins(sites.azure.record(thing).state)
  expect(origins?.map(({ site }) => site).sort()).toEqual([awsSite, gcpSite])
})

it('each feed has its venue, its class, its site, its age and its lag; the old one carries a warning', async () => {
  const feed = (venue: string, observedMs: number) => ({ venue, class: 'exchange', observed_ms: observedMs, price: 1 })
  const kr = feed('kraken', startMs - 500)
  const { feeds = [] } = await told(
    bestFeed({ venues: ['kraken', 'okx'] }),
    { feeds: { kr } },
    { feeds: { kr, ok: feed('okx', startMs + 10_000) } },
  )
  expect(feeds).toMatchObject([
    { feed: 'kr', site: awsSite, ageMs: 70_500, counts: true, warning: 'older than 60 s' },
    { feed: 'ok', site: gcpSite, ageMs: 60_000, counts: false },
  ])
  const [heads, , first, second] = feedTable(feeds).split('\n')
  expect(heads).toMatch(/^feed +venue +class +from +age +lag/)
  expect(first).toMatch(/^kr +kraken +exchange +aws-us-east-1 +70\.5 s +\d+ ms +counts, warning: older than 60 s$/)
  expect(second).toMatch(/^ok +okx +exchange +gcp-us-central1 +60\.0 s +\d+ ms$/)
})

it('where there is no document nothing comes from anywhere', () => {
  expect(provenanceOf(bestFeed(), { document: null, origins: [] }, startMs)).toEqual({ values: [] })
})
