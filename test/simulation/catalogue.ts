/**
 * The declaration that the simulator runs: the thin path's two data types, every field of them declared, one whose
 * tables held documents before, two whose documents expire, three with reservations that a home decides, two with reservations that every
 * site decides within its share, and four event logs.
 */
import {
  counter,
  defineSync,
  escrow,
  eventLog,
  fields,
  home,
  ledger,
  register,
  set,
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
})
