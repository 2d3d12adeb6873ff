/** Tables that held different documents before anybody knew of the others: which one each declared type begins with. */
import { describe, expect, it } from 'vitest'
import { appendOnly, authority, type Declaration, defineSync, fields, highest } from '../../shared/declare/index.ts'
import { typeOf } from '../../shared/declare/sync-plan.ts'
import type { Document } from '../../shared/document/json.ts'
import { MemoryAdoptionStore } from '../../shared/ports/memory/memory-adoption-store.ts'
import { createMemoryScan } from '../../shared/ports/memory/memory-scan.ts'
import { adopt } from '../../shared/replicate/adopt.ts'
import { createAdoptingSite } from '../../shared/replicate/adopting-site.ts'
import { MemorySite, settle } from './memory-site.ts'
import { azureSite, gcpSite, thing, threeSites } from './three-sites.ts'

async function adopted(merge: Declaration['data'][string]['merge'], documents: readonly Document[]) {
  const plan = defineSync({ sites: threeSites, data: { things: { key: ['id'], merge, adopt: true } } })
  const type = typeOf(plan, 'things')
  if (!type) throw new Error('the plan has things')
  const sites = plan.sites.map(({ id }) => new MemorySite(plan, id))
  const adopting = sites.map((site, index) => {
    site.write(thing, documents[index])
    const scan = createMemoryScan(site.database)
    return createAdoptingSite({ ...site.ports, adoptions: new MemoryAdoptionStore().connect(), scan })
  })
  const [first] = sites
  if (!first) throw new Error('there are three sites')
  const nothing = () => undefined
  const outcome = await adopt({
    type,
    sites: adopting,
    clock: first.clock,
    settleMs: 1000,
    onProgress: nothing,
    onRefused: nothing,
    signal: new AbortController().signal,
  })
  expect(outcome).toMatchObject({ outcome: 'adopted', different: 1, refused: 0 })
  return sites
}

describe('what was there before', () => {
  it("is the primary's where one is declared, also where all others' writes are refused", async () => {
    const sites = await adopted(authority({ primary: gcpSite }), [{ price: 3 }, { price: 1 }, { price: 2 }])
    expect(sites.map(site => site.document(thing))).toEqual(sites.map(() => ({ price: 1 })))

    sites[1]?.write(thing, { price: 4 })
    sites[2]?.write(thing, { price: 5 })
    await settle(sites)
    expect(sites.map(site => site.document(thing))).toEqual(sites.map(() => ({ price: 4 })))
  })

  it('of a field under an authority is kept, though the site of its baseline is another one', async () => {
    const documents = [{ price: 3, title: 'a' }, { price: 3, title: 'b' }, { price: 3 }]
    const sites = await adopted(fields({ price: authority({ primary: azureSite }) }), documents)
    expect(sites.map(site => site.document(thing))).toEqual(sites.map(() => ({ price: 3, title: 'b' })))
  })

  it('is the highest, or all entries that are only added', async () => {
    const merge = fields({ bid: highest(), log: appendOnly() })
    const documents = [{ bid: 9, log: { a: 1 } }, { bid: 10, log: { b: 2 } }, { bid: 2 }]
    const sites = await adopted(merge, documents)
    expect(sites.map(site => site.document(thing))).toEqual(sites.map(() => ({ bid: 10, log: { a: 1, b: 2 } })))
  })
})
