/** Orders that are shown at once and settled by their home, and payments that are strictly in its order. */
import { defineSync, eventLog, home } from '../../shared/declare/index.ts'

const decide = home({ at: 'gcp-us-central1' })

export default defineSync({
  sites: {
    'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
    'gcp-us-central1': { cloud: 'gcp', region: 'us-central1' },
    'azure-eastus': { cloud: 'azure', region: 'eastus' },
  },
  data: {
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
  },
})
