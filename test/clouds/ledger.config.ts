/** Reservations at three sites: by the home with a majority. */
import { defineSync, home, ledger } from '../../shared/declare/index.ts'

export default defineSync({
  sites: {
    'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
    'gcp-us-central1': { cloud: 'gcp', region: 'us-central1' },
    'azure-eastus': { cloud: 'azure', region: 'eastus' },
  },
  data: {
    stock: {
      key: ['sku_id'],
      tier: 1,
      merge: ledger({
        stock: 'on_hand',
        entries: 'reservations',
        available: 'available',
        quantity: 'quantity',
        status: 'status',
        expires: 'expires_at',
        decide: home({ at: 'gcp-us-central1' }),
      }),
    },
  },
})
