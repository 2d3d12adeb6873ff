/**
 * A peer that is not what it should be sends names that every object has: read by name they would be functions and
 * prototypes where numbers are expected, and a record would be spoiled for good. Applications may well use such names.
 */
import { describe, expect, it } from 'vitest'
import {
  authority,
  counter,
  defineSync,
  escrow,
  eventLog,
  fields,
  home,
  ledger,
  set,
  text,
} from '../../shared/declare/index.ts'
import { readChangeEvent } from '../../shared/replicate/change-event.ts'
import { ingest } from '../../shared/replicate/ingest.ts'
import { applyEdit, transformed } from '../../shared/resolve/text-operation.ts'
import { MemorySite } from './memory-site.ts'
import { awsSite, azureSite, gcpSite, ThreeSites, thing, threeSites } from './three-sites.ts'

const stock = {
  stock: 'on_hand',
  entries: 'reservations',
  available: 'available',
  quantity: 'qty',
  status: 'status',
} as const
const plan = defineSync({
  sites: threeSites,
  data: {
    notes: { key: ['id'], merge: text({ field: 'body', decide: home({ at: awsSite }) }) },
    stock: { key: ['id'], merge: ledger({ ...stock, decide: home({ at: awsSite }) }) },
    shares: {
      key: ['id'],
      merge: ledger({ ...stock, decide: escrow({ shares: { [awsSite]: 50, [gcpSite]: 30, [azureSite]: 20 } }) }),
    },
  },
})

const documents = {
  notes: { body: 'tea' },
  stock: { on_hand: 5, reservations: { a: { qty: 1, status: 'requested' } } },
  shares: { on_hand: 5, reservations: { a: { qty: 1, status: 'requested' } } },
} as const

/** The answer to a change whose book has a field more in its object `record`. */
async function answerTo(type: keyof typeof documents, record: string, field: string) {
  const sender = new MemorySite(plan, awsSite)
  const { text: sent } = await sender.change({ type, key: ['one'] }, documents[type])
  const spoiled = sent.replace(`"${record}":{`, `"${record}":{${field},`).replace(',}', '}')
  expect(spoiled).not.toBe(sent)
  const [answer] = await ingest([readChangeEvent(spoiled).change], awsSite, new MemorySite(plan, gcpSite).ports)
  return answer
}

describe.each(['__proto__', 'constructor', 'toString'])('a site that calls itself %s', name => {
  it.each([
    ['notes', 'applied', '1'],
    ['notes', 'last', '1'],
    ['notes', 'stored', '{"0":1}'],
    ['notes', 'promised', '1'],
    ['stock', 'stored', '{"0":1}'],
    ['stock', 'promised', '4'],
    ['shares', 'escrow', '{"version":1,"given":{},"asked":{},"answers":{}}'],
    ['shares', 'given', '1'],
  ] as const)('is refused: %s, %s', async (type, record, value) => {
    expect(await answerTo(type, record, `"${name}":${value}`)).toMatchObject({ answer: 'refused', reason: 'malformed' })
  })

  it('is refused as the author of an edit', async () => {
    const edit = `"${name}:1":{"base":0,"edit":{"body":["x"]}}`
    expect(await answerTo('notes', 'edits', edit)).toMatchObject({ answer: 'refused', reason: 'malformed' })
  })
})

describe('what stands under __proto__', () => {
  it.each([
    ['stock', 'ended', '7'],
    ['shares', 'asked', '[null,1]'],
    ['shares', 'answers', '"perhaps"'],
    ['notes', 'edits', '{"base":-1}'],
  ] as const)('is looked at as well: %s, %s', async (type, record, value) => {
    expect(await answerTo(type, record, `"__proto__":${value}`)).toMatchObject({
      answer: 'refused',
      reason: 'malformed',
    })
  })

  it('may be a reservation that is called so', async () => {
    expect(await answerTo('stock', 'ended', '"__proto__":"done"')).toEqual({ answer: 'applied' })
  })

  it('may be a text that is called so', () => {
    const edit = JSON.parse('{"__proto__":["tea"]}')
    const texts = applyEdit({}, edit)
    expect(JSON.stringify(texts)).toBe('{"__proto__":"tea"}')
    expect(Object.getPrototypeOf(texts)).toBe(Object.prototype)
    const after = transformed({ site: 'b', edit }, { site: 'a', edit })
    expect(JSON.stringify(after)).toBe('{"__proto__":[3,"tea"]}')
  })
})

describe.each(['constructor', 'toString', 'hasOwnProperty'])('what applications call %s', name => {
  it('is a field that merges as it is declared', async () => {
    const sites = new ThreeSites(fields({ [name]: counter(), all: set(fields({ [name]: counter() })) }))
    await sites.begin({ [name]: 1, all: { [name]: { [name]: 1 } } })
    await sites.atOnce(
      [{ [name]: 3, all: { [name]: { [name]: 3 } } }, 0],
      [{ [name]: 5, all: { [name]: { [name]: 5 } } }, 1],
    )
    const merged = { [name]: 7, all: { [name]: { [name]: 7 } } }
    expect(sites.documents).toEqual([merged, merged, merged])
  })

  it('is a source with a site that has the say', async () => {
    const sites = new ThreeSites(authority({ source: 'from', sites: { [name]: gcpSite }, passive: 'refuse' }))
    await sites.begin({ from: name, price: 1 })
    expect(sites.documents).toEqual([undefined, undefined, undefined])
    sites.gcp.write(thing, { from: name, price: 2 })
    await sites.settle()
    expect(sites.documents.map(document => document?.price)).toEqual([2, 2, 2])
  })

  it('is a source that nobody listed', async () => {
    const sites = new ThreeSites(authority({ source: 'from', sites: { okx: gcpSite }, passive: 'refuse' }))
    await sites.begin({ from: name, price: 1 })
    expect(sites.documents.map(document => document?.price)).toEqual([1, 1, 1])
  })

  it('is a status that the machine knows, or not', async () => {
    const known = { initial: 'new', transitions: { new: [name], [name]: [] } }
    for (const machine of [known, { initial: 'new', transitions: { new: [] } }]) {
      const sites = new ThreeSites(
        eventLog(machine, { status: 'status', settled: 'settled', decide: home({ at: awsSite }) }),
      )
      await sites.begin({ status: 'new' })
      sites.aws.write(thing, { status: name })
      await sites.settle()
      const settled = machine === known ? name : 'new'
      expect(sites.documents.map(document => document?.settled)).toEqual([settled, settled, settled])
    }
  })
})
