/** What customers see when two sites write at once: each case by name, through the real flows, on every kind of store. */
import { describe, expect, it } from 'vitest'
import type { Document } from '../../shared/document/json.ts'
import type { StoreKind } from '../../shared/ports/memory/memory-database.ts'
import { isResolution } from '../../shared/replicate/audit-entry.ts'
import plan from '../../sync.config.ts'
import { MemorySite, settle, startMs } from './memory-site.ts'

const cart = { type: 'carts', key: ['alice'] }
const product = { type: 'products', key: ['p-1'] }

const holding = (items: Document): Document => ({ currency: 'EUR', items })

async function sitesWith(kind: StoreKind, document?: Document): Promise<readonly [MemorySite, MemorySite, MemorySite]> {
  const sites = [
    new MemorySite(plan, 'aws-us-east-1', kind),
    new MemorySite(plan, 'gcp-us-central1', kind),
    new MemorySite(plan, 'azure-eastus', kind),
  ] as const
  if (document) sites[0].write(cart, document)
  await settle(sites)
  return sites
}

function auditOf(site: MemorySite) {
  return [...site.audit.entries.values()].filter(isResolution)
}

function arbitrationsOf(site: MemorySite) {
  return auditOf(site).flatMap(({ arbitrations }) => arbitrations)
}

describe.each<StoreKind>(['transactional', 'versioned', 'batched'])('on a %s store', kind => {
  it('2, and +2 and +3 at the same time, is 7', async () => {
    const sites = await sitesWith(kind, holding({ tea: { quantity: 2 } }))
    const [aws, gcp] = sites
    aws.write(cart, holding({ tea: { quantity: 4 } }))
    gcp.write(cart, holding({ tea: { quantity: 5 } }))
    await settle(sites)
    for (const site of sites) expect(site.document(cart)).toEqual(holding({ tea: { quantity: 7 } }))
    expect(arbitrationsOf(gcp)).toEqual([{ path: ['items', 'tea', 'quantity'], rule: 'sum' }])
  })

  it('0.1, and +0.1 and +0.2 at the same time, is 0.4 and not a digit more', async () => {
    const sites = await sitesWith(kind, holding({ tea: { quantity: 0.1 } }))
    const [aws, gcp] = sites
    aws.write(cart, holding({ tea: { quantity: 0.2 } }))
    gcp.write(cart, holding({ tea: { quantity: 0.3 } }))
    await settle(sites)
    for (const site of sites) expect(site.document(cart)).toEqual(holding({ tea: { quantity: 0.4 } }))
  })

  it('a removal against +3 keeps the item with 3 and with all its other fields', async () => {
    const sites = await sitesWith(
      kind,
      holding({ tea: { quantity: 2, note: 'gift', size: { l: 1 } }, mug: { quantity: 1 } }),
    )
    const [aws, gcp] = sites
    aws.write(cart, holding({ mug: { quantity: 1 } }))
    gcp.write(cart, holding({ tea: { quantity: 5, note: 'gift', size: { l: 1 } }, mug: { quantity: 1 } }))
    await settle(sites)
    const kept = holding({ tea: { quantity: 3, note: 'gift', size: { l: 1 } }, mug: { quantity: 1 } })
    for (const site of sites) expect(site.document(cart)).toEqual(kept)
    expect(arbitrationsOf(aws)).toContainEqual({
      path: ['items', 'tea'],
      rule: 'update-beats-removal',
    })
  })

  it('the same new item added with 1 and with 2 is there once, with 3', async () => {
    const sites = await sitesWith(kind, holding({}))
    const [aws, gcp] = sites
    aws.write(cart, holding({ tea: { quantity: 1 } }))
    gcp.write(cart, holding({ tea: { quantity: 2 } }))
    await settle(sites)
    for (const site of sites) expect(site.document(cart)).toEqual(holding({ tea: { quantity: 3 } }))
  })

  it('a deletion of the cart against +3 brings the whole cart back', async () => {
    const sites = await sitesWith(kind, holding({ tea: { quantity: 2, note: 'gift' }, mug: { quantity: 1 } }))
    const [aws, gcp] = sites
    aws.write(cart, undefined)
    gcp.write(cart, holding({ tea: { quantity: 5, note: 'gift' }, mug: { quantity: 1 } }))
    await settle(sites)
    const whole = holding({ tea: { quantity: 5, note: 'gift' }, mug: { quantity: 1 } })
    for (const site of sites) expect(site.document(cart)).toEqual(whole)
    expect(arbitrationsOf(aws)).toContainEqual({ path: [], rule: 'update-beats-removal' })
  })

  it('an item removed at both sites stays removed, and so does a cart', async () => {
    const sites = await sitesWith(kind, holding({ tea: { quantity: 2 } }))
    const [aws, gcp] = sites
    for (const site of [aws, gcp]) site.write(cart, holding({}))
    await settle(sites)
    for (const site of sites) expect(site.document(cart)).toEqual(holding({}))
    for (const site of [aws, gcp]) site.write(cart, undefined)
    await settle(sites)
    for (const site of sites) expect(site.document(cart)).toBeUndefined()
  })

  it('of one product written at three sites the latest stands, the others are in the audit, whole', async () => {
    const sites = await sitesWith(kind)
    const [aws, gcp, azure] = sites
    const titles = ['first', 'latest', 'second'] as const
    const documents = titles.map((title, price) => ({ title, price, attributes: { colours: ['red', title] } }))
    for (const [index, laterMs] of [1, 5, 3].entries()) {
      const site = sites[index]
      if (!site) throw new Error('three sites')
      site.clock.nowMs = startMs + laterMs
      site.write(product, documents[index])
    }
    await settle(sites)

    const [first, latest, second] = documents
    const counters = { [aws.id]: startMs + 1, [gcp.id]: startMs + 5, [azure.id]: startMs + 3 }
    for (const site of sites) {
      expect(site.document(product)).toEqual(latest)
      expect(site.record(product).vector).toEqual(counters)
      for (const entry of auditOf(site)) {
        const { local, remote, merged } = entry.vectors
        expect(merged).toEqual({ ...local, ...remote })
        expect(entry.arbitrations.map(({ rule }) => rule)).toEqual(['latest-write-wins'])
      }
    }
    // gcp held the latest one: what arrived there lost, value by value.
    const lostAtGcp = arbitrationsOf(gcp).flatMap(({ lost }) => lost?.map(({ value }) => value) ?? [])
    expect(lostAtGcp).toContainEqual(first)
    expect(lostAtGcp).toContainEqual(second)
    const [meeting] = auditOf(gcp).filter(({ origin }) => origin === aws.id)
    expect(meeting).toMatchObject({
      site: gcp.id,
      type: 'products',
      key: ['p-1'],
      from: 0,
      to: startMs + 1,
      local: latest,
      remote: first,
      outcome: latest,
      arbitrations: [{ kept: { site: gcp.id, counter: startMs + 5, value: latest } }],
    })
  })

  it('of two products stamped alike the same one stands everywhere', async () => {
    const sites = await sitesWith(kind)
    const [aws, gcp] = sites
    aws.write(product, { title: 'aws' })
    gcp.write(product, { title: 'gcp' })
    await settle(sites)
    for (const site of sites) expect(site.document(product)).toEqual({ title: 'gcp' })
  })

  it('a write that has seen another one replaces it, as far as clocks may differ', async () => {
    const sites = await sitesWith(kind)
    const [aws, gcp] = sites
    // One that is further ahead waits in quarantine.
    aws.clock.nowMs = startMs + 9_900
    aws.write(product, { title: 'from the future' })
    await settle(sites)
    gcp.write(product, { title: 'after it' })
    await settle(sites)
    for (const site of sites) expect(site.document(product)).toEqual({ title: 'after it' })
    expect(sites.flatMap(auditOf)).toEqual([])
  })

  it('different fields of one cart changed at the same time both hold', async () => {
    const sites = await sitesWith(kind, { ...holding({ tea: { quantity: 2 } }), coupon: 'SPRING' })
    const [aws, gcp] = sites
    aws.write(cart, { ...holding({ tea: { quantity: 2 } }), coupon: 'SUMMER' })
    gcp.write(cart, { ...holding({ tea: { quantity: 2, note: 'gift' } }), coupon: 'SPRING' })
    await settle(sites)
    const both = { ...holding({ tea: { quantity: 2, note: 'gift' } }), coupon: 'SUMMER' }
    for (const site of sites) expect(site.document(cart)).toEqual(both)
  })
})
