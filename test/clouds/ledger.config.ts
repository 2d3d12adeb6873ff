/** Reservations at three sites: by the home with a majority, and by every site within its share. */
import { defineSync, escrow, home, ledger } from '../../shared/declare/index.ts'

const named = {
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
    stock: {
      key: ['sku_id'],
      tier: 1,
      merge: ledger({ ...named, decide: home({ at: 'gcp-us-central1' }) }),
    },
    seats: {
      key: ['show_id'],
      tier: 1,
      merge: ledger({
        ...named,
        decide: escrow({ shares: { 'aws-us-east-1': 40, 'gcp-us-central1': 30, 'azure-eastus': 30 } }),
      }),
    },
  },
})
