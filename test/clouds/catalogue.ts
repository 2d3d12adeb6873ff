/**
 * One scenario for each data type of the retail catalogue: what its three sites write while none hears of the others, and
 * what an application then finds at every one of them. Writes are made in the order AWS, Google Cloud, Azure, each when
 * the one before has been captured.
 */
import type { ApplicationClient, Item } from '../../tools/local/official-clients/application-client.ts'

type Write = (client: ApplicationClient) => Promise<void>

export interface Scenario {
  /** Of the catalogue; the name of the test. */
  readonly id: string
  readonly means: string
  readonly type: string
  readonly key: readonly string[]
  /** What all three know before; absent: nothing. `shown`: with the fields that are Tributary's. */
  readonly before?: { readonly written: Item; readonly shown?: Item }
  /** At AWS, Google Cloud, Azure; absent: nothing is written there. */
  readonly writes: readonly [Write | undefined, Write | undefined, Write | undefined]
  /** What every site shows in the end: the document, or what must hold of it where chance decides between two. */
  readonly expected: Item | ((document: Item | undefined) => boolean)
  /** Of the entries in the audit. Absent: no value was in question. */
  readonly rule?: string
  /** Whether a person is asked to look at it. */
  readonly review?: boolean
}

export const scenarios: readonly Scenario[] = [
  {
    id: 'D1 carts',
    means: 'quantities add up, a removed line item that another site added to stays, a new one joins',
    type: 'carts',
    key: ['c1'],
    before: { written: { customer_id: 'c1', currency: 'EUR', items: { tea: { quantity: 2 }, jam: { quantity: 4 } } } },
    writes: [
      client => client.increment('carts', ['c1'], ['items', 'tea', 'quantity'], 2),
      async client => {
        await client.increment('carts', ['c1'], ['items', 'tea', 'quantity'], 3)
        await client.increment('carts', ['c1'], ['items', 'jam', 'quantity'], 3)
      },
      async client => {
        await client.unset('carts', ['c1'], ['items', 'jam'])
        await client.set('carts', ['c1'], ['items', 'mug'], { quantity: 1 })
      },
    ],
    expected: {
      customer_id: 'c1',
      currency: 'EUR',
      items: { tea: { quantity: 7 }, jam: { quantity: 3 }, mug: { quantity: 1 } },
    },
  },
  // Without an expiry, which reads differently at each store: expiry.test.ts.
  lastWins('D2 sessions', 'sessions', { session_id: 's1' }),
  lastWins('D3 tokens', 'tokens', { user_id: 'u1' }),
  {
    id: 'D4 payments',
    means: 'captured at all three sites at once, captured once',
    type: 'payments',
    key: ['t1'],
    before: {
      written: { transaction_id: 't1', events: { a: { to: 'authorized', status: 'requested' } } },
      shown: { transaction_id: 't1', status: 'authorized', events: { a: { to: 'authorized', status: 'accepted' } } },
    },
    writes: [capture('by-aws'), capture('by-gcp'), capture('by-azure')],
    expected: document => {
      const events = Object.values((document?.events ?? {}) as Readonly<Record<string, Item>>)
      const captures = events.filter(({ to }) => to === 'captured').map(({ status }) => status)
      return document?.status === 'captured' && captures.sort().join() === 'accepted,rejected,rejected'
    },
  },
  {
    id: 'D5 reservations',
    means: 'three sites reserve 2 of 3 at once: one is accepted, two are rejected',
    type: 'reservations',
    key: ['sku1'],
    before: {
      written: { sku_id: 'sku1', stock: 3, reservations: {} },
      shown: { sku_id: 'sku1', stock: 3, reservations: {}, available: 3 },
    },
    writes: [reserve('at-aws'), reserve('at-gcp'), reserve('at-azure')],
    expected: document => {
      const reservations = Object.values((document?.reservations ?? {}) as Readonly<Record<string, Item>>)
      const words = reservations.map(({ status }) => status).sort()
      return document?.available === 1 && words.join() === 'accepted,rejected,rejected'
    },
  },
  { ...lastWins('D6 products', 'products', { product_id: 'p1' }), review: true },
  {
    id: 'D7 inventory',
    means: 'three warehouses count at once: all of it counts',
    type: 'inventory',
    key: ['sku1', 'berlin'],
    before: { written: { sku_id: 'sku1', location_id: 'berlin', on_hand: 20 } },
    writes: [
      client => client.increment('inventory', ['sku1', 'berlin'], ['on_hand'], 5),
      client => client.increment('inventory', ['sku1', 'berlin'], ['on_hand'], -7),
      client => client.increment('inventory', ['sku1', 'berlin'], ['on_hand'], 1),
    ],
    expected: { sku_id: 'sku1', location_id: 'berlin', on_hand: 19 },
  },
  {
    id: 'D8 profiles',
    means: 'nested fields that different sites change all hold',
    type: 'profiles',
    key: ['c2'],
    before: {
      written: {
        customer_id: 'c2',
        name: 'Ann',
        addresses: { home: { city: 'Bonn' } },
        preferences: { language: 'de', notifications: { mail: true } },
      },
    },
    writes: [
      client => client.set('profiles', ['c2'], ['preferences', 'notifications', 'sms'], true),
      client => client.set('profiles', ['c2'], ['addresses', 'work'], { city: 'Köln' }),
      client => client.set('profiles', ['c2'], ['name'], 'Anna'),
    ],
    expected: {
      customer_id: 'c2',
      name: 'Anna',
      addresses: { home: { city: 'Bonn' }, work: { city: 'Köln' } },
      preferences: { language: 'de', notifications: { mail: true, sms: true } },
    },
  },
  {
    id: 'D9 orders',
    means: 'approved here, rejected there: one is settled, and shown, everywhere',
    type: 'orders',
    key: ['o1'],
    before: {
      written: { order_id: 'o1', status: 'pending' },
      shown: { order_id: 'o1', status: 'pending', settled_status: 'pending' },
    },
    writes: [
      client => client.set('orders', ['o1'], ['status'], 'approved'),
      undefined,
      client => client.set('orders', ['o1'], ['status'], 'rejected'),
    ],
    expected: document =>
      ['approved', 'rejected'].includes(String(document?.settled_status)) &&
      document?.status === document?.settled_status,
  },
  {
    id: 'D10 promotions',
    means: 'the highest version wins, whoever was later',
    type: 'promotions',
    key: ['sale'],
    before: { written: { promo_id: 'sale', version: 1, discount: 5 } },
    writes: [
      client => client.put('promotions', { promo_id: 'sale', version: 3, discount: 10 }),
      client => client.put('promotions', { promo_id: 'sale', version: 5, discount: 20 }),
      client => client.put('promotions', { promo_id: 'sale', version: 4, discount: 15 }),
    ],
    expected: { promo_id: 'sale', version: 5, discount: 20 },
    rule: 'highest-wins',
  },
  {
    id: 'D11 analytics',
    means: 'recomputed where the jobs run: what another site writes is undone',
    type: 'analytics',
    key: ['2026-11-28'],
    before: { written: { date: '2026-11-28', orders: 10 } },
    writes: [
      client => client.put('analytics', { date: '2026-11-28', orders: 12 }),
      client => client.put('analytics', { date: '2026-11-28', orders: 99 }),
      undefined,
    ],
    expected: { date: '2026-11-28', orders: 12 },
    rule: 'authority-wins',
  },
  {
    id: 'D12 transactions',
    means: 'the same transaction with other content: the first one stays, the others are violations',
    type: 'transactions',
    key: ['2026-11-27', 'x1'],
    writes: [transaction(100), transaction(200), transaction(300)],
    expected: { date: '2026-11-27', transaction_id: 'x1', amount: 100 },
    rule: 'first-write-stays',
    review: true,
  },
  {
    id: 'D13 reconciliations',
    means: 'what does not agree waits for a person; the latest is shown until then',
    type: 'reconciliations',
    key: ['2026-11-27'],
    before: { written: { date: '2026-11-27', difference: 0 } },
    writes: [
      client => client.put('reconciliations', { date: '2026-11-27', difference: 3 }),
      client => client.put('reconciliations', { date: '2026-11-27', difference: 4 }),
      client => client.put('reconciliations', { date: '2026-11-27', difference: 5 }),
    ],
    expected: { date: '2026-11-27', difference: 5 },
    rule: 'siblings-kept',
    review: true,
  },
  {
    id: 'D13 reconciliations that agree',
    means: 'are matched by themselves',
    type: 'reconciliations',
    key: ['2026-11-26'],
    before: { written: { date: '2026-11-26', difference: 1 } },
    writes: [
      client => client.put('reconciliations', { date: '2026-11-26', difference: 0 }),
      client => client.put('reconciliations', { date: '2026-11-26', difference: 0 }),
      undefined,
    ],
    expected: { date: '2026-11-26', difference: 0 },
    review: false,
  },
  { ...lastWins('D14 vendors', 'vendors', { vendor_id: 'v1', product_id: 'p1' }), review: true },
  {
    id: 'D15 descriptions',
    means: 'two people edit one text: every letter of both stays',
    type: 'descriptions',
    key: ['d1'],
    before: { written: { document_id: 'd1', body: 'A teapot for two.' } },
    writes: [
      client => client.set('descriptions', ['d1'], ['body'], 'A red teapot for two.'),
      undefined,
      client => client.set('descriptions', ['d1'], ['body'], 'A teapot for two, dishwasher safe.'),
    ],
    expected: { document_id: 'd1', body: 'A red teapot for two, dishwasher safe.' },
  },
]

/** The whole document is written at all three sites; the last writer's is left. */
function lastWins(id: string, type: string, keyFields: Item): Scenario {
  const document = (by: string): Item => ({ ...keyFields, by })
  const put = (by: string) => (client: ApplicationClient) => client.put(type, document(by))
  return {
    id,
    means: 'the last write wins, the others are in the audit',
    type,
    key: Object.values(keyFields).map(String),
    before: { written: document('all') },
    writes: [put('aws'), put('gcp'), put('azure')],
    expected: document('azure'),
    rule: 'latest-write-wins',
    review: false,
  }
}

function capture(event: string): Write {
  return client => client.set('payments', ['t1'], ['events', event], { to: 'captured', status: 'requested' })
}

function reserve(id: string): Write {
  return client => client.set('reservations', ['sku1'], ['reservations', id], { quantity: 2, status: 'requested' })
}

function transaction(amount: number): Write {
  return client => client.put('transactions', { date: '2026-11-27', transaction_id: 'x1', amount })
}
