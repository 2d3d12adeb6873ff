/** Documents that differed before anybody knew of the others: what they become, and what was written since stays on top. */
import { array, constantFrom, dictionary, integer, option, property, record, assert as run } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { appendOnly, counter, fields, highest, register, set } from '../../shared/declare/index.ts'
import type { Json } from '../../shared/document/json.ts'
import { rebase } from '../../shared/resolve/rebase.ts'
import { settle, settleDocuments } from '../../shared/resolve/settle.ts'

const merge = fields({
  stock: counter(),
  items: set(fields({ quantity: counter() })),
  lines: set(fields({ count: counter() }), { by: 'sku' }),
  offer: highest({ by: 'version' }),
  log: appendOnly(),
})

const sku = constantFrom('tea', 'mug', 'jam')
const amount = integer({ min: 0, max: 9 })
const documents = record(
  {
    title: constantFrom('a', 'b'),
    stock: amount,
    offer: record(
      { version: option(amount, { nil: 'none' }), title: constantFrom('a', 'b') },
      { noNullPrototype: true },
    ),
    log: dictionary(sku, amount, { noNullPrototype: true }),
    items: dictionary(sku, record({ quantity: amount }), { noNullPrototype: true }),
    lines: option(
      array(record({ sku, count: amount }), { maxLength: 3 }).map(lines => [
        ...new Map(lines.map(line => [line.sku, line])).values(),
      ]),
      { nil: [] },
    ),
  },
  { requiredKeys: [], noNullPrototype: true },
)

/** The order of an array's elements may differ. */
function unordered(document: Json | undefined): Json | undefined {
  const { lines, ...rest } = (document ?? {}) as { readonly lines?: readonly { readonly sku: string }[] }
  const sorted = lines && [...lines].sort((a, b) => (a.sku < b.sku ? -1 : 1))
  return { ...rest, ...(sorted && { lines: sorted as unknown as Json }) }
}

describe('settling', () => {
  it('depends on nothing but the documents: not on who is asked first, nor how often', () => {
    run(
      property(documents, documents, documents, (a, b, c) => {
        expect(settle(merge, a, a)).toEqual(a)
        expect(unordered(settle(merge, a, b))).toEqual(unordered(settle(merge, b, a)))
        const left = settle(merge, settle(merge, a, b), c)
        expect(unordered(left)).toEqual(unordered(settle(merge, a, settle(merge, b, c))))
        // What was settled and interrupted is settled the same when it is begun again.
        expect(unordered(settle(merge, left, b))).toEqual(unordered(left))
      }),
    )
  })

  it('keeps the highest where that is declared to count, and every entry that is only added', () => {
    const one = { offer: { version: 10, title: 'a' }, log: { a: 1 } }
    const other = { offer: { version: 9, title: 'b' }, log: { b: 2 } }
    expect(settle(merge, one, other)).toEqual({ offer: one.offer, log: { a: 1, b: 2 } })
  })

  it('keeps what only one has, the greater number and one of two texts', () => {
    const one = { title: 'a', stock: 5, items: { tea: { quantity: 2 } } }
    const other = { title: 'b', stock: 3, items: { tea: { quantity: 4 }, mug: { quantity: 1 } }, note: 'x' }
    expect(settleDocuments(merge, [one, other])).toEqual({
      title: 'b',
      stock: 5,
      items: { tea: { quantity: 4 }, mug: { quantity: 1 } },
      note: 'x',
    })
  })

  it('takes one document or the other where a document is one value', () => {
    expect(settleDocuments(register(), [{ a: 1 }, { b: 1 }])).toEqual({ b: 1 })
  })
})

describe('rebasing', () => {
  it('of no change gives what was agreed on, and onto the same document the change itself', () => {
    run(
      property(documents, documents, (from, other) => {
        expect(rebase(merge, { from, to: from, onto: other })).toEqual(other)
        expect(rebase(merge, { from, to: other, onto: from })).toEqual(other)
      }),
    )
  })

  it('moves counters, sets what was set, adds and removes elements, and leaves the rest', () => {
    const from = { title: 'a', stock: 5, items: { tea: { quantity: 2 }, jam: { quantity: 1 } }, lines: [] }
    const to = { title: 'c', stock: 8, items: { tea: { quantity: 3 } }, lines: [{ sku: 'x', count: 1 }] }
    const onto = {
      title: 'b',
      stock: 100,
      items: { tea: { quantity: 9 }, jam: { quantity: 1 } },
      lines: [{ sku: 'y', count: 2 }],
      note: 'n',
    }
    expect(rebase(merge, { from, to, onto })).toEqual({
      title: 'c',
      stock: 103,
      items: { tea: { quantity: 10 } },
      lines: [
        { sku: 'y', count: 2 },
        { sku: 'x', count: 1 },
      ],
      note: 'n',
    })
  })

  it('of a deletion is a deletion, of a document made since the union', () => {
    expect(rebase(merge, { from: { stock: 1 }, to: undefined, onto: { stock: 5 } })).toBeUndefined()
    expect(rebase(merge, { from: undefined, to: { stock: 1 }, onto: { stock: 5, title: 'b' } })).toEqual({
      stock: 6,
      title: 'b',
    })
  })
})
