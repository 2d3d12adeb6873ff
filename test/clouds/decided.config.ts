/** Types that somebody decides, of both kinds and by every kind of decider, and sessions that expire. */
import { defineSync, escrow, eventLog, home, ledger, register } from '../../shared/declare/index.ts'

const decide = home({ at: 'gcp-us-central1' })
const reservations = {
  stock: 'on_hand',
  entries: 'reservations',
  available: 'available',
  quantity: 'quantity',
  status: 'status',
  expires: 'expires_at',
}

export default defineSync({
  sites: {
    'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
    'gcp-us-central1': { cloud: 'gcp', region: 'us-central1' },
    'azure-eastus': { cloud: 'azure', region: 'eastus' },
  },
  data: {
    stock: { key: ['sku_id'], tier: 1, merge: ledger({ ...reservations, decide }) },
    seats: {
      key: ['show_id'],
      tier: 1,
      merge: ledger({
        ...reservations,
        decide: escrow({ shares: { 'aws-us-east-1': 40, 'gcp-us-central1': 30, 'azure-eastus': 30 } }),
      }),
    },
    orders: {
      key: ['order_id'],
      tier: 1,
      merge: eventLog(
        {
          initial: 'pending',
          transitions: { pending: ['approved', 'rejected'], approved: ['shipped'], rejected: [], shipped: [] },
        },
        { status: 'status', settled: 'settledStatus', decide },
      ),
    },
    payments: {
      key: ['payment_id'],
      tier: 1,
      merge: eventLog(
        {
          initial: 'new',
          transitions: {
            new: ['authorized'],
            authorized: ['captured', 'voided'],
            captured: ['refunded'],
            refunded: [],
            voided: [],
          },
        },
        { status: 'status', entries: 'events', decide },
      ),
    },
    sessions: { key: ['session_id'], tier: 1, merge: register(), expires: 'expires_at' },
  },
})
