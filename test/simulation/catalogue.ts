/**
 * The declaration that the simulator runs: the thin path's two data types, every field of them declared, one whose
 * tables held documents before, two whose documents expire, three with reservations that a home decides, two with
 * reservations that every site decides within its share, four event logs, one with texts, and the types that hold one value, each as a
 * document and many of them as fields.
 */
import {
  appendOnly,
  authority,
  bestFeed,
  counter,
  custom,
  defineSync,
  escrow,
  eventLog,
  fields,
  highest,
  home,
  ledger,
  register,
  set,
  siblings,
  text,
} from '../../shared/declare/index.ts'
import type { LedgerDescriptor } from '../../shared/declare/merge-descriptor.ts'

const cart = fields({
  currency: register(),
  note: register(),
  items: set(fields({ quantity: counter(), note: register() })),
})

const bookings = (decide: LedgerDescriptor['decide'], shortage: LedgerDescriptor['shortage'] = 'keep') =>
  ledger({
    stock: 'on_hand',
    entries: 'reservations',
    available: 'available',
    quantity: 'qty',
    status: 'status',
    expires: 'until',
    decide,
    shortage,
  })

const venues = { source: 'venue', sites: { kraken: 'aws-us-east-1', okx: 'azure-eastus' } } as const

type Range = { readonly low: number; readonly high: number }

const widest = {
  resolve: (a: Range, b: Range) => ({ low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) }),
  examples: [
    { low: 3, high: 5 },
    { low: 1, high: 4 },
    { low: 4, high: 9 },
  ],
}

/** Few statuses and many ways, so that most pairs of steps are in each other's way. */
const machine = {
  initial: 'new',
  transitions: {
    new: ['approved', 'held'],
    approved: ['held', 'sent'],
    held: ['sent', 'new'],
    sent: ['sent', 'approved'],
  },
}

export const plan = defineSync({
  sites: {
    'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
    'gcp-us-central1': { cloud: 'gcp', region: 'us-central1' },
    'azure-eastus': { cloud: 'azure', region: 'eastus' },
  },
  data: {
    products: { key: ['product_id'], merge: register() },
    carts: { key: ['customer_id'], tier: 1, merge: cart },
    shelves: {
      key: ['shelf_id'],
      adopt: true,
      merge: fields({ label: register(), stock: counter(), items: set(fields({ quantity: counter() })) }),
    },
    sessions: { key: ['session_id'], merge: register(), expires: 'until' },
    baskets: { key: ['session_id'], tier: 1, merge: cart, expires: 'until' },
    seats: { key: ['show_id'], tier: 1, merge: bookings(home()) },
    rooms: { key: ['hotel_id'], tier: 1, merge: bookings(home({ at: 'gcp-us-central1' }), 'revokeLatest') },
    decisions: { key: ['order_id'], merge: register({ review: true }) },
    promotions: { key: ['promo_id'], merge: highest({ by: 'version' }) },
    matches: { key: ['date'], merge: siblings() },
    prices: { key: ['sku'], merge: authority({ primary: 'aws-us-east-1' }) },
    rates: { key: ['pair'], merge: authority({ primary: 'gcp-us-central1', passive: 'accept' }) },
    feeds: { key: ['pair'], merge: authority(venues) },
    quotes: { key: ['pair'], tier: 1, merge: authority({ ...venues, passive: 'accept' }) },
    tickers: { key: ['pair'], tier: 1, merge: bestFeed({ venues: ['okx', 'kraken'], sites: venues.sites }) },
    receipts: { key: ['receipt_id'], tier: 3, merge: appendOnly() },
    journals: { key: ['date'], tier: 3, merge: fields({ title: register(), entries: appendOnly() }) },
    ranges: { key: ['sku'], merge: custom('widest') },
    levels: { key: ['sku', 'location'], merge: fields({ on_hand: counter() }) },
    profiles: {
      key: ['customer_id'],
      merge: fields({
        name: register(),
        address: fields(),
        status: register({ review: true }),
        terms: siblings(),
        bid: highest(),
        range: custom('widest'),
        price: authority({ primary: 'gcp-us-central1' }),
        quote: authority({ ...venues, passive: 'accept' }),
        more: fields({
          status: register({ review: true }),
          price: authority({ primary: 'aws-us-east-1' }),
          bid: highest({ by: 'amount' }),
        }),
      }),
    },
    desks: { key: ['floor_id'], tier: 1, merge: bookings(home({ at: 'azure-eastus', fixed: 'home' })) },
    stalls: {
      key: ['fair_id'],
      tier: 1,
      merge: bookings(escrow({ shares: { 'aws-us-east-1': 50, 'gcp-us-central1': 30, 'azure-eastus': 20 } })),
    },
    booths: { key: ['fair_id'], tier: 1, merge: bookings(escrow()) },
    orders: {
      key: ['order_id'],
      merge: eventLog(machine, { status: 'status', settled: 'settledStatus', compensate: { held: 'approved' } }),
    },
    tickets: {
      key: ['ticket_id'],
      merge: eventLog(machine, {
        status: 'status',
        settled: 'settledStatus',
        entries: 'events',
        compensate: { sent: 'held', approved: 'new' },
      }),
    },
    payments: {
      key: ['payment_id'],
      tier: 1,
      merge: eventLog(machine, { status: 'status', entries: 'events', decide: home({ at: 'gcp-us-central1' }) }),
    },
    notes: { key: ['note_id'], tier: 1, merge: text({ field: 'body' }) },
    fees: {
      key: ['fee_id'],
      merge: eventLog(machine, {
        status: 'status',
        entries: 'events',
        compensate: { new: 'held' },
        decide: home({ at: 'azure-eastus', fixed: 'home' }),
      }),
    },
  },
  resolvers: { widest },
})
