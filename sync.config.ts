/**
 * What is kept in all three clouds, and how it merges: a retailer's data, from carts to collaborative texts. Everything
 * else is derived from this file; replace it by your own. Why each type merges as it does: docs/merge-types.md.
 */
import {
  appendOnly,
  authority,
  counter,
  defineSync,
  eventLog,
  fields,
  highest,
  home,
  ledger,
  register,
  set,
  siblings,
  text,
} from './shared/declare/index.ts'

const primary = 'aws-us-east-1'

const order = {
  initial: 'pending',
  transitions: {
    pending: ['approved', 'rejected'],
    approved: ['shipped', 'cancelled'],
    shipped: ['delivered'],
    rejected: [],
    cancelled: [],
    delivered: [],
  },
}

const payment = {
  initial: 'new',
  transitions: {
    new: ['authorized', 'failed'],
    authorized: ['captured', 'voided'],
    captured: ['refunded'],
    refunded: [],
    voided: [],
    failed: [],
  },
}

export default defineSync({
  sites: {
    'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
    'gcp-us-central1': { cloud: 'gcp', region: 'us-central1' },
    'azure-eastus': { cloud: 'azure', region: 'eastus' },
  },
  data: {
    // Tier 1, under a second.

    // Line items are added and removed by sku, quantities add up, everything else merges field by field.
    carts: {
      key: ['customer_id'],
      tier: 1,
      merge: fields({ items: set(fields({ quantity: counter() })) }),
    },
    // The browser that wrote last is right; a store removes what has expired by itself.
    sessions: { key: ['session_id'], tier: 1, merge: register(), expires: 'expires_at' },
    tokens: { key: ['user_id'], tier: 1, merge: register(), expires: 'expires_at' },
    // Every step is an entry that the record's home accepts or rejects, strictly in its order.
    payments: {
      key: ['transaction_id'],
      tier: 1,
      merge: eventLog(payment, { status: 'status', entries: 'events', decide: home({ at: primary }) }),
    },
    // Never more accepted than there is: applications write `requested`, the record's home decides.
    reservations: {
      key: ['sku_id'],
      tier: 1,
      merge: ledger({
        stock: 'stock',
        entries: 'reservations',
        available: 'available',
        quantity: 'quantity',
        status: 'status',
        expires: 'expires_at',
      }),
    },
    // What two people write in one text stays, letter by letter.
    descriptions: { key: ['document_id'], tier: 1, merge: text({ field: 'body' }) },

    // Tier 2, under thirty seconds.

    // One document is one value: of concurrent writes the latest wins, flagged for a person.
    products: { key: ['product_id'], tier: 2, merge: register({ review: true }) },
    // Warehouses add and take away.
    inventory: { key: ['sku_id', 'location_id'], tier: 2, merge: fields({ on_hand: counter() }) },
    profiles: {
      key: ['customer_id'],
      tier: 2,
      merge: fields({ addresses: set(fields()), preferences: fields({ notifications: fields() }) }),
    },
    // A status shows at once; what the home has settled stands beside it and is never taken back.
    orders: {
      key: ['order_id'],
      tier: 2,
      merge: eventLog(order, { status: 'status', settled: 'settled_status' }),
    },
    promotions: { key: ['promo_id'], tier: 2, merge: highest({ by: 'version' }) },

    // Tier 3, in batches.

    // Recomputed from its sources where the jobs run, never merged: what another site writes is undone.
    analytics: { key: ['date'], tier: 3, merge: authority({ primary }) },
    // They have happened: created once, never changed.
    transactions: { key: ['date', 'transaction_id'], tier: 3, merge: appendOnly() },
    // What agrees is matched by itself, the rest waits for a person.
    reconciliations: { key: ['date'], tier: 3, merge: siblings() },
    vendors: { key: ['vendor_id', 'product_id'], tier: 3, merge: register({ review: true }) },
  },
})
