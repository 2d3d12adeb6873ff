/** Tables that held different documents before anybody knew of the others: which one each declared type begins with. */
import { describe, expect, it } from 'vitest'
import { appendOnly, authority, type Declaration, fields, highest } from '../../shared/declare/index.ts'
import type { Document } from '../../shared/document/json.ts'
import { AdoptingSites } from './adopting-sites.ts'
import { settle } from './memory-site.ts'
import { azureSite, gcpSite, thing } from './three-sites.ts'

async function adopted(merge: Declaration['data'][string]['merge'], documents: readonly Document[]) {
  const adopting = new AdoptingSites(merge)
  adopting.write(thing, documents)
  expect(await adopting.run()).toMatchObject({ outcome: 'adopted', different: 1, refused: 0 })
  return adopting.sites
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
