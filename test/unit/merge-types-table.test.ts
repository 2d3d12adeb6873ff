/** The examples of docs/merge-types.md: what three sites that write at once end up with, type by type. */
import { expect, it } from 'vitest'
import {
  appendOnly,
  authority,
  bestFeed,
  counter,
  custom,
  fields,
  highest,
  register,
  set,
  siblings,
} from '../../shared/declare/index.ts'
import type { Document } from '../../shared/document/json.ts'
import { awsSite, ThreeSites, type ThreeSitesMerge } from './three-sites.ts'

type Range = { readonly low: number; readonly high: number }

const widest = {
  resolve: (a: Range, b: Range): Range => ({ low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) }),
  examples: [
    { low: 3, high: 5 },
    { low: 1, high: 4 },
    { low: 4, high: 9 },
  ],
}
const cart = (items: Document): Document => ({ items })

it.each<[string, ThreeSitesMerge, Document, readonly [Document, Document, Document], Document]>([
  ['register', register(), { price: 20 }, [{ price: 21 }, { price: 22 }, { price: 23 }], { price: 22 }],
  ['highest', fields({ bid: highest() }), { bid: 20 }, [{ bid: 25 }, { bid: 21 }, { bid: 23 }], { bid: 25 }],
  ['siblings', siblings(), { terms: 'draft' }, [{ terms: 'a' }, { terms: 'b' }, { terms: 'c' }], { terms: 'b' }],
  [
    "authority that undoes others' writes",
    authority({ primary: awsSite }),
    { price: 20 },
    [{ price: 21 }, { price: 22 }, { price: 23 }],
    { price: 21 },
  ],
  [
    "authority that accepts others' writes",
    authority({ primary: awsSite, passive: 'accept' }),
    { price: 20 },
    [{ price: 21 }, { price: 22 }, { price: 23 }],
    { price: 21 },
  ],
  [
    'bestFeed, one feed written at three sites',
    bestFeed({ sites: { kraken: awsSite } }),
    { feeds: { k: { venue: 'kraken', price: 20 } } },
    [
      { best: 'k', feeds: { k: { venue: 'kraken', price: 21 } } },
      { best: 'k', feeds: { k: { venue: 'kraken', price: 22 } } },
      { best: 'k', feeds: { k: { venue: 'kraken', price: 23 } } },
    ],
    { best: 'k', feeds: { k: { venue: 'kraken', price: 21 } } },
  ],
  [
    'custom',
    custom('widest'),
    { low: 3, high: 5 },
    [
      { low: 1, high: 4 },
      { low: 4, high: 9 },
      { low: 2, high: 3 },
    ],
    { low: 1, high: 9 },
  ],
  [
    'appendOnly',
    fields({ entries: appendOnly() }),
    { entries: {} },
    [{ entries: { x: 'a' } }, { entries: { x: 'b', y: 1 } }, { entries: { x: 'c' } }],
    { entries: { x: 'a', y: 1 } },
  ],
  [
    'counter',
    fields({ on_hand: counter() }),
    { on_hand: 20 },
    [{ on_hand: 21 }, { on_hand: 22 }, { on_hand: 23 }],
    { on_hand: 26 },
  ],
  [
    'set',
    fields({ items: set(fields({ quantity: counter() })) }),
    cart({ tea: { quantity: 2 } }),
    [cart({}), cart({ tea: { quantity: 5 } }), cart({ tea: { quantity: 2 }, mug: { quantity: 1 } })],
    cart({ tea: { quantity: 3 }, mug: { quantity: 1 } }),
  ],
  [
    'fields',
    fields({ address: fields() }),
    { name: 'Ann', city: 'Bonn' },
    [
      { name: 'Anna', city: 'Bonn' },
      { name: 'Ann', city: 'Köln' },
      { name: 'Ann', city: 'Bonn', vip: true },
    ],
    { name: 'Anna', city: 'Köln', vip: true },
  ],
])('%s', async (_, merge, base, [aws, gcp, azure], outcome) => {
  const sites = new ThreeSites(merge, { resolvers: { widest } })
  await sites.begin(base)
  await sites.atOnce([aws, 1], [gcp, 5], [azure, 3])
  expect(sites.documents).toEqual([outcome, outcome, outcome])
})
