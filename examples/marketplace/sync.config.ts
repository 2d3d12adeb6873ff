/** A marketplace in three regions of Google Cloud: one primary, two that take over reads and, when told to, decisions. */
import { counter, defineSync, fields, home, ledger, register, set } from '../../shared/declare/index.ts'

const primary = 'gcp-us-central1'

export default defineSync({
  sites: {
    'gcp-us-central1': { cloud: 'gcp', region: 'us-central1' },
    'gcp-us-east1': { cloud: 'gcp', region: 'us-east1' },
    'gcp-europe-west1': { cloud: 'gcp', region: 'europe-west1' },
  },
  data: {
    products: { key: ['product_id'], tier: 2, merge: register() },
    // What can be sold once only: the primary decides.
    skus: {
      key: ['sku_id'],
      tier: 1,
      merge: ledger({
        stock: 'on_hand',
        entries: 'reservations',
        available: 'available',
        quantity: 'quantity',
        status: 'status',
        expires: 'expires_at',
        decide: home({ at: primary }),
      }),
    },
    users: { key: ['user_id'], tier: 2, merge: fields({ preferences: fields(), addresses: set(fields()) }) },
    orders: { key: ['order_id'], tier: 2, merge: fields({ lines: set(fields({ quantity: counter() })) }) },
    payments: { key: ['payment_id'], tier: 1, merge: register() },
    subscriptions: { key: ['user_id', 'plan_id'], tier: 2, merge: register() },
    // Events by day: added up, never overwritten.
    analytics: { key: ['day'], tier: 3, merge: fields({ views: counter(), sales: counter() }) },
  },
})
