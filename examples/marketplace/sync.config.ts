/** A marketplace in three regions of Google Cloud: one primary, two that take over reads and, when told to, decisions. */
import { counter, defineSync, eventLog, fields, home, ledger, register, set } from '../../shared/declare/index.ts'

const decide = home({ at: 'gcp-us-central1' })

export default defineSync({
  sites: {
    'gcp-us-central1': { cloud: 'gcp', region: 'us-central1' },
    'gcp-us-east1': { cloud: 'gcp', region: 'us-east1' },
    'gcp-europe-west1': { cloud: 'gcp', region: 'europe-west1' },
  },
  data: {
    products: { key: ['product_id'], tier: 2, merge: register({ review: true }) },
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
        decide,
      }),
    },
    users: { key: ['user_id'], tier: 2, merge: fields({ preferences: fields(), addresses: set(fields()) }) },
    // Shown at once, settled in the primary's order.
    orders: {
      key: ['order_id'],
      tier: 2,
      merge: eventLog(
        {
          initial: 'placed',
          transitions: {
            placed: ['paid', 'cancelled'],
            paid: ['shipped', 'refunded'],
            shipped: ['delivered'],
            cancelled: [],
            refunded: [],
            delivered: [],
          },
        },
        { status: 'status', settled: 'settled_status', decide },
      ),
    },
    // Every step is an entry that the primary accepts or rejects.
    payments: {
      key: ['payment_id'],
      tier: 1,
      merge: eventLog(
        {
          initial: 'open',
          transitions: {
            open: ['authorised', 'failed'],
            authorised: ['captured', 'voided'],
            captured: [],
            voided: [],
            failed: [],
          },
        },
        { status: 'status', entries: 'events', decide },
      ),
    },
    subscriptions: { key: ['user_id', 'plan_id'], tier: 2, merge: register() },
    // Events by day: added up, never overwritten.
    analytics: { key: ['day'], tier: 3, merge: fields({ views: counter(), sales: counter() }) },
  },
})
