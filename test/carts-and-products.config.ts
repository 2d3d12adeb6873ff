/** The two types that most tests need. Local clouds with fewer types are up sooner, and have less to look after. */
import { counter, defineSync, fields, register, set } from '../shared/declare/index.ts'

export default defineSync({
  sites: {
    'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
    'gcp-us-central1': { cloud: 'gcp', region: 'us-central1' },
    'azure-eastus': { cloud: 'azure', region: 'eastus' },
  },
  data: {
    // One document is one value: of concurrent writes the latest wins, the others stay readable in the audit.
    products: { key: ['product_id'], tier: 2, merge: register() },
    // Line items are added and removed by sku, quantities add up, everything else merges field by field.
    carts: {
      key: ['customer_id'],
      tier: 1,
      merge: fields({ items: set(fields({ quantity: counter() })) }),
    },
  },
})
