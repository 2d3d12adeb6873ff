/** Which writes are noted as blind. One that is missed leaves a bug unnamed; an honest one that is named wastes a day. */
import { describe, expect, it } from 'vitest'
import { counter, defineSync, fields, register, set } from '../../shared/declare/index.ts'
import type { Document } from '../../shared/document/json.ts'
import type { StoreKind } from '../../shared/ports/memory/memory-database.ts'
import { isWriteBack } from '../../shared/replicate/audit-entry.ts'
import { displacedForS, displacedMax, displacedPathLengthMax } from '../../shared/replicate/displaced.ts'
import { writeBacksMax } from '../../shared/replicate/evidence.ts'
import { publish } from '../../shared/replicate/publish.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { feedRetentionMs } from '../../shared/replicate/resolution-retention.ts'
import { decodeRecord, encodeRecord } from '../../shared/replicate/sync-record.ts'
import { MemorySite, settle, startMs } from './memory-site.ts'

const plan = defineSync({
  sites: {
    aws: { cloud: 'aws', region: 'us-east-1' },
    gcp: { cloud: 'gcp', region: 'us-central1' },
  },
  data: {
    products: { key: ['product_id'], merge: register() },
    carts: { key: ['customer_id'], merge: fields({ items: set(fields({ quantity: counter() })) }) },
    orders: { key: ['order_id'], merge: fields({ lines: set(fields({ quantity: counter() }), { by: 'sku' }) }) },
    sessions: { key: ['session_id'], merge: fields(), expires: 'until' },
  },
})

const product = { type: 'products', key: ['p1'] }
const cart = { type: 'carts', key: ['alice'] }
const order = { type: 'orders', key: ['o1'] }

type Sites = readonly [MemorySite, MemorySite]

/** The same document at both sites, merged so long ago that nobody remembers. */
async function sitesWith(ref: RecordRef, document: Document, kind: StoreKind = 'versioned'): Promise<Sites> {
  const sites = [new MemorySite(plan, 'aws', kind), new MemorySite(plan, 'gcp', kind)] as const
  sites[1].write(ref, document)
  await settle(sites)
  later(sites, 3600)
  return sites
}

function later(sites: Sites, seconds: number): void {
  for (const { clock } of sites) clock.nowMs += 1000 * seconds
}

const writeBacks = (site: MemorySite) => [...site.audit.entries.values()].filter(isWriteBack)

/** What is noted when gcp makes `remote` of a document, and then an application at aws makes `local` of it. */
async function noted(ref: RecordRef, before: Document, remote: Document, local: Document) {
  const sites = await sitesWith(ref, before)
  sites[1].write(ref, remote)
  await settle(sites)
  sites[0].write(ref, local)
  await settle(sites)
  return writeBacks(sites[0])
}

describe.each<StoreKind>(['transactional', 'versioned', 'batched'])('on a %s store', kind => {
  const read = { title: 'mug', price: 10, stock: { prague: 5 } }

  it('a document that is written back whole is noted with the fields that it undid, and captured like any other', async () => {
    const sites = await sitesWith(product, read, kind)
    const [aws, gcp] = sites
    gcp.write(product, { ...read, price: 12, stock: { prague: 5, brno: 1 } })
    await settle(sites)
    later(sites, 5)
    aws.write(product, { ...read, title: 'large mug' })
    await settle(sites)
    const by = ['gcp', startMs + 1]
    expect(writeBacks(aws)).toEqual([
      {
        kind: 'stale-write-back',
        id: expect.stringMatching(/^[\w-]{27}$/),
        ...{ site: 'aws', origin: 'aws', type: 'products', key: ['p1'], from: 0 },
        to: aws.record(product).vector.aws,
        atMs: aws.clock.nowMs,
        setBack: [
          { path: ['price'], kind: 'value', exact: true, undone: '12', written: '10', by },
          { path: ['stock', 'brno'], kind: 'value', exact: true, undone: '1', by },
        ],
        alsoChanged: 1,
      },
    ])
    expect(writeBacks(gcp)).toEqual([])
    for (const site of sites) expect(site.document(product)).toEqual({ ...read, title: 'large mug' })
  })

  it('an update of just the field that is meant is not noted', async () => {
    const sites = await sitesWith(product, read, kind)
    const [aws, gcp] = sites
    gcp.write(product, { ...read, price: 12 })
    await settle(sites)
    aws.database.write(product, present => ({ ...present, title: 'large mug' }))
    await settle(sites)
    expect(writeBacks(aws)).toEqual([])
    expect(gcp.document(product)).toEqual({ ...read, price: 12, title: 'large mug' })
  })

  it('it is noted too where ingest, and not capture, comes upon it', async () => {
    const sites = await sitesWith(product, read, kind)
    const [aws, gcp] = sites
    gcp.write(product, { ...read, price: 12 })
    await settle(sites)
    aws.write(product, { ...read, title: 'large mug' })
    gcp.write(product, { ...read, price: 12, title: 'cup' })
    await settle([gcp, aws])
    expect(writeBacks(aws)).toMatchObject([{ setBack: [{ path: ['price'] }], alsoChanged: 1 }])
  })
})

describe('a field that goes back', () => {
  const before = { price: 10, title: 'mug' }
  const remote = { ...before, price: 12 }

  it.each([
    [displacedForS, 1],
    [displacedForS + 1, 0],
  ])('%i seconds after the merge: %i notes', async (seconds, notes) => {
    const sites = await sitesWith(product, before)
    sites[1].write(product, remote)
    await settle(sites)
    later(sites, seconds)
    sites[0].clock.nowMs -= sites[0].clock.nowMs % 1000
    sites[0].write(product, before)
    await settle(sites)
    expect(writeBacks(sites[0])).toHaveLength(notes)
  })

  it('alone is noted as such: it may be meant', async () => {
    expect(await noted(product, before, remote, before)).toMatchObject([
      { setBack: [{ written: '10' }], alsoChanged: 0 },
    ])
  })

  it('to anything but the displaced value is not noted', async () => {
    expect(await noted(product, before, remote, { ...before, price: 11 })).toEqual([])
  })

  it('to what either of two merges displaced is noted, undoing the latest', async () => {
    const sites = await sitesWith(product, before)
    for (const price of [12, 14]) {
      sites[1].write(product, { ...before, price })
      await settle(sites)
    }
    sites[0].write(product, before)
    await settle(sites)
    const by = ['gcp', startMs + 2]
    expect(writeBacks(sites[0])).toMatchObject([{ setBack: [{ undone: '14', written: '10', by }] }])
  })

  it('after the application itself has written it meanwhile is not noted', async () => {
    const sites = await sitesWith(product, before)
    sites[1].write(product, remote)
    await settle(sites)
    for (const price of [13, 10]) {
      sites[0].write(product, { ...before, price })
      await settle(sites)
    }
    expect(writeBacks(sites[0])).toEqual([])
  })

  it('at the site that made the change itself is not noted', async () => {
    const sites = await sitesWith(product, before)
    for (const price of [12, 10]) {
      sites[1].write(product, { ...before, price })
      await settle(sites)
    }
    expect(sites.flatMap(writeBacks)).toEqual([])
  })
})

describe('a document that begins anew', () => {
  const tea = { currency: 'EUR', items: { tea: { quantity: 2 } } }

  it('after another site created it, or deleted it, is not noted', async () => {
    const sites = await sitesWith(cart, tea)
    const [aws, gcp] = sites
    gcp.write(cart, undefined)
    await settle(sites)
    aws.write(cart, tea)
    await settle(sites)
    gcp.write(cart, undefined)
    await settle(sites)
    gcp.write(cart, tea)
    await settle(sites)
    aws.write(cart, undefined)
    await settle(sites)
    expect(writeBacks(aws)).toEqual([])
  })

  it('because the one before has expired is not noted', async () => {
    const ref = { type: 'sessions', key: ['s1'] }
    const until = startMs / 1000 + 3660
    const sites = await sitesWith(ref, { user: 'alice', until })
    sites[1].write(ref, { user: 'bob', until })
    await settle(sites)
    later(sites, 120)
    sites[0].write(ref, { user: 'alice', until: until + 3600 })
    await settle(sites)
    expect(writeBacks(sites[0])).toEqual([])
  })
})

describe('counters and sets, which honest writes bring back, too', () => {
  const cartOf = (tea: number, mug: number | undefined, others: Document = {}): Document => ({
    currency: 'EUR',
    items: { tea: { quantity: tea }, ...(mug !== undefined && { mug: { quantity: mug } }) },
    ...others,
  })

  it.each<[string, Document, Document, Document]>([
    ['a count taken down as far as another site had taken it up', cartOf(2, 1), cartOf(5, 1), cartOf(2, 1)],
    ['a step down beside another change', cartOf(2, 1), cartOf(3, 1), cartOf(2, 4)],
    ['an element removed that another site had added', cartOf(2, undefined), cartOf(2, 1), cartOf(2, undefined)],
    ['an element added again that another site had removed', cartOf(2, 1), cartOf(2, undefined), cartOf(2, 1)],
    ['a set emptied, and more', cartOf(2, undefined), cartOf(2, 3), { currency: 'CZK', items: {} }],
    ['a count set to anything else, beside another change', cartOf(2, 1), cartOf(5, 1), cartOf(4, 7)],
  ])('%s is not noted', async (_, before, remote, local) => {
    expect(await noted(cart, before, remote, local)).toEqual([])
  })

  it('a count back where it was by more than a step, beside another change, is noted', async () => {
    expect(await noted(cart, cartOf(2, 1), cartOf(5, 1), cartOf(2, 2))).toMatchObject([
      { setBack: [{ path: ['items', 'tea', 'quantity'], kind: 'amount', undone: '5', written: '2' }], alsoChanged: 1 },
    ])
  })

  it('an element gone again, beside another change, is noted', async () => {
    expect(await noted(cart, cartOf(2, undefined), cartOf(2, 1), cartOf(3, undefined))).toMatchObject([
      { setBack: [{ path: ['items', 'mug'], kind: 'member', undone: '{"quantity":1}' }], alsoChanged: 1 },
    ])
  })

  it('beside a plain field that went back every count that the merge had moved is noted, wherever it went', async () => {
    const remote = cartOf(4, 3, { currency: 'CZK' })
    expect(await noted(cart, cartOf(2, 1), remote, cartOf(2, 2))).toMatchObject([
      {
        setBack: [
          { path: ['currency'], kind: 'value', exact: true },
          { path: ['items', 'mug', 'quantity'], kind: 'amount', exact: false, undone: '3', written: '2' },
          { path: ['items', 'tea', 'quantity'], kind: 'amount', exact: true, undone: '4', written: '2' },
        ],
        alsoChanged: 1,
      },
    ])
  })

  it('in an array an element is told by its identity, wherever it stands', async () => {
    const line = (sku: string, quantity: number, note: string) => ({ sku, quantity, note })
    const [mug, tea] = [line('mug', 1, 'blue'), line('tea', 2, 'green')]
    expect(
      await noted(
        order,
        { lines: [mug, tea] },
        { lines: [mug, { ...tea, note: 'black' }] },
        { lines: [tea, { ...mug, quantity: 3 }] },
      ),
    ).toMatchObject([{ setBack: [{ path: ['lines', '"tea"', 'note'], undone: '"black"' }], alsoChanged: 1 }])
  })
})

describe('what a sync record carries for this', () => {
  const before: Document = { price: 10, title: 'mug' }

  /** Of a second line that is not compressed: names, writes, state, what was touched, and the notes if there are any. */
  const partsWithoutNotes = 4
  const storedParts = (site: MemorySite, ref: RecordRef): number => {
    const [, second = ''] = site.database.record(ref)?.split('\n') ?? []
    return JSON.parse(second).length
  }

  it('is nothing while no merge changes its document', async () => {
    const sites = await sitesWith(product, before)
    for (const site of sites) expect(site.record(product).displaced).toBeUndefined()
    for (const site of sites) expect(storedParts(site, product)).toBe(partsWithoutNotes)
  })

  it('goes with the first write after its time, and takes no byte then', async () => {
    const sites = await sitesWith(product, before)
    sites[1].write(product, { ...before, price: 12 })
    await settle(sites)
    expect(sites[0].record(product).displaced).toHaveLength(1)
    later(sites, displacedForS + 1)
    sites[0].write(product, { ...before, price: 13 })
    await settle(sites)
    expect(sites[0].record(product).displaced).toBeUndefined()
    expect(storedParts(sites[0], product)).toBe(partsWithoutNotes)
  })

  it('is small: of one field that a merge changed at most 50 bytes, of as many as there may be 500', async () => {
    const sizeOf = async (names: readonly string[]) => {
      const of = (value: number): Document => Object.fromEntries(names.map(name => [name, value]))
      const sites = await sitesWith(product, of(1))
      sites[1].write(product, of(2))
      await settle(sites)
      const { displaced, ...record } = sites[0].record(product)
      expect(displaced).toHaveLength(Math.min(names.length, displacedMax))
      // The state is read when it is asked for.
      const rest = { ...record, state: sites[0].record(product).state }
      return encodeRecord({ ...rest, ...(displaced && { displaced }) }).length - encodeRecord(rest).length
    }
    expect(await sizeOf(['price'])).toBeLessThanOrEqual(50)
    expect(await sizeOf(Array.from({ length: 40 }, (_, index) => `some-field-${index}`))).toBeLessThanOrEqual(500)
  })

  it('are no fields with long names, and of many merges the latest', async () => {
    const long = 'x'.repeat(displacedPathLengthMax)
    const sites = await sitesWith(product, { [long]: 1, price: 0 })
    for (let price = 1; price <= 20; price++) {
      sites[1].write(product, { [long]: price, price })
      await settle(sites)
    }
    const { displaced = [] } = sites[0].record(product)
    expect(displaced.map(({ path }) => path)).toEqual(Array.from({ length: displacedMax }, () => ['price']))
    expect(displaced.at(-1)?.by).toEqual(['gcp', startMs + 20])
  })

  it('reads back as it was written, evidence and all', async () => {
    const sites = await sitesWith(product, before)
    const [aws, gcp] = sites
    gcp.write(product, { ...before, price: 12, title: 'cup' })
    await settle(sites)
    aws.clock.nowMs += 5000
    aws.write(product, { ...before, title: 'cup' })
    await settle(sites)
    const record = aws.record(product)
    expect(record.writeBacks).toEqual(writeBacks(aws))
    expect(record.displaced).toEqual([
      {
        path: ['title'],
        hash: expect.stringMatching(/^.{4}$/),
        by: ['gcp', startMs + 1],
        atS: Math.floor(startMs / 1000) + 3600,
      },
    ])
    const { displaced, writeBacks: carried } = decodeRecord(encodeRecord(record))
    expect({ displaced, carried }).toEqual({ displaced: record.displaced, carried: record.writeBacks })
  })

  it('are the last two write-backs, until the feed has surely passed; each is in the audit once', async () => {
    const sites = await sitesWith(product, before)
    const [aws, gcp] = sites
    for (let round = 1; round <= 3; round++) {
      gcp.write(product, { ...before, price: 10 + round })
      await settle(sites)
      aws.write(product, before)
      await settle(sites)
    }
    expect(writeBacks(aws)).toHaveLength(3)
    expect(aws.record(product).writeBacks).toEqual(writeBacks(aws).slice(-writeBacksMax))
    // A feed without older versions tells them once more.
    await publish([{ ref: product, text: aws.database.record(product) ?? '', previous: undefined }], aws.ports)
    expect(writeBacks(aws)).toHaveLength(3)
    later(sites, feedRetentionMs / 1000 + 1)
    gcp.write(product, { ...before, price: 20 })
    await settle(sites)
    expect(aws.record(product).writeBacks).toBeUndefined()
  })

  it('holds of a large value only its beginning', async () => {
    const [entry] = await noted(product, { text: 'a'.repeat(5000) }, { text: 'b' }, { text: 'a'.repeat(5000) })
    expect(entry?.setBack[0]?.written).toBe(`"${'a'.repeat(78)}…`)
  })
})
