/** Tables that held documents before: one type at all sites, one at two of them. */
import { counter, defineSync, fields, set } from '../../shared/declare/index.ts'

const merge = fields({ on_hand: counter(), shelves: set(fields({ units: counter() })) })

export default defineSync({
  sites: {
    'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
    'gcp-us-central1': { cloud: 'gcp', region: 'us-central1' },
    'azure-eastus': { cloud: 'azure', region: 'eastus' },
  },
  data: {
    stock: { key: ['sku'], tier: 1, adopt: true, merge },
    levels: { key: ['sku'], tier: 1, adopt: true, merge, sites: ['aws-us-east-1', 'azure-eastus'] },
  },
})
