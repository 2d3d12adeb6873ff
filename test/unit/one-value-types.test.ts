/** One value, written at several sites at once: which one counts by each declared type, and what the audit then says. */
import { describe, expect, it } from 'vitest'
import { tick } from '../../shared/causality/hybrid-logical-clock.ts'
import { authority, fields, highest, register, siblings } from '../../shared/declare/index.ts'
import { documentHash } from '../../shared/document/canonical.ts'
import type { Document, Json } from '../../shared/document/json.ts'
import { applyChange } from '../../shared/replicate/apply-change.ts'
import type { Change } from '../../shared/replicate/change.ts'
import { messageAgeMaxMs } from '../../shared/replicate/message-age.ts'
import { noRecord, type SyncRecord } from '../../shared/replicate/sync-record.ts'
import { documentTypeOf } from '../../shared/resolve/merge-type-of.ts'
import { createRecordType } from '../../shared/resolve/record-type.ts'
import { arbitrationsAt, awsSite, azureSite, gcpSite, lostAt, ThreeSites, thing } from './three-sites.ts'

describe("the worked case of R4: 'pending', and at once 'approved' and 1 ms earlier 'rejected'", () => {
  const sites = ['us-central1', 'us-east1', 'us-west1'] as const
  const [central, east] = sites
  const type = createRecordType(documentTypeOf(register({ review: true }), sites))
  const [pending, approved, rejected] = ['pending', 'approved', 'rejected'].map(status => ({ status }))

  /** The record after a local write, and the write as it travels. */
  function written(before: SyncRecord, document: Document | undefined, site: string, counter: number, ms: number) {
    const hlc = tick(ms, 0)
    const seen = type.view(before.state)
    const { state, touched } = type.write(before.state, seen, document, { site, counter, hlc }) ?? { state: undefined }
    if (!state || !touched) throw new Error('nothing was written')
    const vector = { ...before.vector, [site]: counter }
    const record = { ...noRecord, vector, hlc, shadow: documentHash(document), state }
    const change: Change = {
      type: 'orders',
      key: ['1'],
      origin: site,
      plan: '',
      operation: 'update',
      vector,
      hlc,
      asOfMs: ms,
      intervals: [{ from: counter - 1, to: counter, seen: before.vector }],
      state: type.cut(state, touched),
    }
    return { record, change }
  }

  const base = written(noRecord, pending, central, 1, 1000).record
  const atCentral = written(base, approved, central, 2, 1005)
  const atEast = written(base, rejected, east, 1, 1004)

  function taken(record: SyncRecord, change: Change, site: string): SyncRecord {
    const merged = applyChange(record, change, type, { site, nowMs: 1100, messageAgeMaxMs })
    if (typeof merged === 'string') throw new Error(merged)
    return merged.record
  }

  it.each([
    [central, () => taken(atCentral.record, atEast.change, central)],
    [east, () => taken(atEast.record, atCentral.change, east)],
    ['us-west1, approved first', () => taken(taken(base, atCentral.change, 'us-west1'), atEast.change, 'us-west1')],
    ['us-west1, rejected first', () => taken(taken(base, atEast.change, 'us-west1'), atCentral.change, 'us-west1')],
  ])('at %s approved stands at [2,1,0], flagged, with the whole of what lost', (_, merged) => {
    expect([base, atCentral.record, atEast.record].map(({ vector }) => vector)).toEqual([
      { [central]: 1 },
      { [central]: 2 },
      { [central]: 1, [east]: 1 },
    ])
    const record = merged()
    expect(type.view(record.state)).toEqual(approved)
    expect(record.vector).toEqual({ [central]: 2, [east]: 1 })
    const [resolution, ...others] = record.resolutions
    expect(others).toEqual([])
    expect(resolution?.vectors.merged).toEqual({ [central]: 2, [east]: 1 })
    expect(resolution?.arbitrations).toMatchObject([
      {
        path: [],
        rule: 'latest-write-wins',
        review: true,
        kept: { site: central, counter: 2, hlc: tick(1005, 0), value: approved },
        lost: [{ site: east, counter: 1, hlc: tick(1004, 0), value: rejected }],
      },
    ])
    expect(type.openSiblings(record.state)).toMatchObject([
      { path: [], versions: [{ value: approved }, { value: rejected }] },
    ])
  })
})

describe('register', () => {
  it('without review settles the same conflict and flags nothing', async () => {
    const sites = new ThreeSites(register())
    await sites.atOnce([{ n: 1 }, 5], [{ n: 2 }, 4])
    expect(sites.documents).toEqual([{ n: 1 }, { n: 1 }, { n: 1 }])
    expect(sites.all.flatMap(arbitrationsAt).map(({ review }) => review)).not.toContain(true)
    expect(sites.aws.here.types.get('things')?.record.openSiblings(sites.aws.record(thing).state)).toEqual([])
  })

  it('with review flags nothing where both wrote the same', async () => {
    const sites = new ThreeSites(fields({ status: register({ review: true }) }))
    await sites.begin({ status: 'pending' })
    await sites.atOnce([{ status: 'paid' }, 5], [{ status: 'paid' }, 4])
    expect(sites.all.flatMap(arbitrationsAt).map(({ review }) => review)).not.toContain(true)
  })
})

describe('highest', () => {
  const promo = (version: Json, title: string): Document => ({ version, title })

  it.each<[string, Json, Json, Json]>([
    ['a number', 9, 10, 7],
    ['a number beyond a double', { $number: '9007199254740993' }, { $number: '9007199254740995' }, 2 ** 53],
    ['one of 38 digits', { $number: `${'9'.repeat(37)}7` }, { $number: `${'9'.repeat(37)}8` }, 1e21],
    ['a text', 'v1.2', 'v1.9', 'v1.10'],
    ['a number, above any text', 'zzz', 0, 'aaa'],
    ['infinity', 1e300, { $number: 'Infinity' }, { $number: '1e+308' }],
    ['whatever is one, above NaN', { $number: 'NaN' }, { $number: '-Infinity' }, { $number: 'NaN' }],
  ])('%s counts, however early it was written, with all that was written beside it', async (_, low, high, other) => {
    const sites = new ThreeSites(highest({ by: 'version' }))
    await sites.atOnce([promo(low, 'low'), 9], [promo(high, 'high'), 1], [promo(other, 'other'), 5])
    expect(sites.documents).toEqual(sites.all.map(() => promo(high, 'high')))
    expect(lostAt(sites.gcp, 'highest-wins')).toContainEqual(promo(low, 'low'))
  })

  it('of equal ones the latest counts, and what lacks the field is the lowest', async () => {
    const sites = new ThreeSites(highest({ by: 'version' }))
    await sites.atOnce([promo(3, 'early'), 1], [promo(3, 'late'), 2], [{ title: 'none' }, 9])
    expect(sites.documents).toEqual(sites.all.map(() => promo(3, 'late')))
  })

  it('a write that has seen the highest may set a lower one', async () => {
    const sites = new ThreeSites(fields({ bid: highest() }))
    await sites.atOnce([{ bid: 5 }, 1], [{ bid: 7 }, 2], [{ bid: 6 }, 3])
    expect(sites.documents).toEqual(sites.all.map(() => ({ bid: 7 })))
    sites.aws.write(thing, { bid: 4 })
    await sites.settle()
    expect(sites.documents).toEqual(sites.all.map(() => ({ bid: 4 })))
  })
})

describe('siblings', () => {
  const open = (sites: ThreeSites) =>
    sites.all.map(site =>
      site.here.types
        .get('things')
        ?.record.openSiblings(site.record(thing).state)
        .map(({ path, versions }) => [path.join('.'), ...versions.map(({ value }) => value)]),
    )

  it('are all kept, the latest is shown, and everybody is told until somebody has chosen', async () => {
    const sites = new ThreeSites(fields({ terms: siblings() }))
    await sites.begin({ terms: 'draft' })
    await sites.atOnce([{ terms: 'a' }, 3], [{ terms: 'b' }, 9], [{ terms: 'c' }, 6])
    expect(sites.documents).toEqual(sites.all.map(() => ({ terms: 'b' })))
    expect(open(sites)).toEqual(sites.all.map(() => [['terms', 'b', 'c', 'a']]))
    for (const site of sites.all) {
      expect(arbitrationsAt(site).every(({ rule, review }) => rule === 'siblings-kept' && review)).toBe(true)
    }

    sites.azure.write(thing, { terms: 'a' })
    await sites.settle()
    expect(sites.documents).toEqual(sites.all.map(() => ({ terms: 'a' })))
    expect(open(sites)).toEqual([[], [], []])
  })

  it('that agree are matched without anybody', async () => {
    const sites = new ThreeSites(siblings())
    await sites.atOnce([{ sum: 7 }, 1], [{ sum: 7 }, 2], [{ sum: 7 }, 3])
    expect(open(sites)).toEqual([[], [], []])
    expect(sites.all.flatMap(arbitrationsAt).map(({ review }) => review)).not.toContain(true)
  })
})

describe.each(['transactional', 'versioned', 'batched'] as const)('authority on a %s store', kind => {
  const primary = authority({ primary: gcpSite })

  it("of concurrent writes the primary's counts, however early, if writes elsewhere are accepted", async () => {
    const sites = new ThreeSites(authority({ primary: gcpSite, passive: 'accept' }), { kind })
    await sites.atOnce([{ price: 1 }, 9], [{ price: 2 }, 1], [{ price: 3 }, 5])
    expect(sites.documents).toEqual(sites.all.map(() => ({ price: 2 })))
    expect(lostAt(sites.gcp, 'authority-wins')).toContainEqual({ price: 1 })
    sites.aws.write(thing, { price: 4 })
    await sites.settle()
    expect(sites.documents).toEqual(sites.all.map(() => ({ price: 4 })))
    await sites.atOnce([{ price: 5 }, 50], [undefined, 50], [{ price: 6 }, 51])
    expect(sites.documents).toEqual(sites.all.map(() => ({ price: 6 })))
  })

  it('a change, a creation and a deletion elsewhere are undone there, travel nowhere and are audited', async () => {
    const sites = new ThreeSites(primary, { kind })
    sites.aws.write(thing, { price: 1, note: 'new' })
    await sites.settle()
    expect(sites.documents).toEqual([undefined, undefined, undefined])
    sites.gcp.write(thing, { price: 2 })
    await sites.settle()
    sites.azure.write(thing, { price: 3 })
    sites.aws.write(thing, undefined)
    await sites.settle()
    expect(sites.documents).toEqual(sites.all.map(() => ({ price: 2 })))
    expect(lostAt(sites.azure, 'authority-wins')).toEqual([{ price: 3 }])
    expect(lostAt(sites.aws, 'authority-wins')).toEqual([{ price: 1, note: 'new' }, null])
    expect(sites.all.map(site => site.deadLetters.letters.size)).toEqual([0, 0, 0])
  })

  it('of a single field: all else that was written there stands', async () => {
    const sites = new ThreeSites(fields({ price: primary }), { kind })
    sites.gcp.write(thing, { price: 2, stock: 1 })
    await sites.settle()
    sites.aws.write(thing, { price: 3, stock: 4, tags: ['new'] })
    await sites.settle()
    expect(sites.documents).toEqual(sites.all.map(() => ({ price: 2, stock: 4, tags: ['new'] })))
    expect(arbitrationsAt(sites.aws)).toMatchObject([{ path: ['price'], rule: 'authority-wins', lost: [{ value: 3 }] }])
  })

  it('what an application puts in the place of an expired document elsewhere goes, and nothing comes back', async () => {
    const sites = new ThreeSites(primary, { kind, expires: 'until' })
    const untilS = Math.floor(sites.gcp.clock.nowMs / 1000) + 60
    sites.gcp.write(thing, { price: 2, until: untilS })
    await sites.settle()
    for (const site of sites.all) site.clock.nowMs += 120_000
    sites.aws.write(thing, { price: 3 })
    await sites.settle()
    expect(sites.aws.document(thing)).toBeUndefined()
    expect(lostAt(sites.aws, 'authority-wins')).toEqual([{ price: 3 }])
  })
})

describe('authority by source', () => {
  const bySource = (passive: 'accept' | 'refuse') =>
    fields({ quote: authority({ source: 'from', sites: { kraken: awsSite, okx: azureSite }, passive }) })
  const quote = (from: string, bid: number): Document => ({ quote: { from, bid } })

  it('the site that takes a source in wins for it', async () => {
    const sites = new ThreeSites(bySource('accept'))
    await sites.atOnce([quote('kraken', 1), 1], [quote('kraken', 2), 9])
    expect(sites.documents).toEqual(sites.all.map(() => quote('kraken', 1)))
    await sites.atOnce([quote('okx', 3), 39], [quote('elsewhere', 4), 49], [quote('okx', 5), 31])
    expect(sites.documents).toEqual(sites.all.map(() => quote('okx', 5)))
  })

  it('refused is what another site writes of it; of a source that no site takes in any site may write', async () => {
    const sites = new ThreeSites(bySource('refuse'))
    await sites.begin(quote('kraken', 1))
    sites.gcp.write(thing, quote('kraken', 2))
    await sites.settle()
    expect(sites.documents).toEqual(sites.all.map(() => quote('kraken', 1)))
    sites.gcp.write(thing, quote('elsewhere', 3))
    await sites.settle()
    sites.azure.write(thing, quote('okx', 4))
    await sites.settle()
    expect(sites.documents).toEqual(sites.all.map(() => quote('okx', 4)))
  })

  it('a value that names no source is a dead letter', async () => {
    const sites = new ThreeSites(bySource('accept'))
    sites.aws.write(thing, { quote: { bid: 1 } })
    await sites.settle()
    expect([...sites.aws.deadLetters.letters.values()]).toMatchObject([{ field: 'quote' }])
  })
})
