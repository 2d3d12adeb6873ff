/** Two types that are written at once: one whose conflicts somebody looks at, one whose conflicts nobody does. */
import { defineSync, register } from '../../shared/declare/index.ts'

export default defineSync({
  sites: {
    'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
    'gcp-us-central1': { cloud: 'gcp', region: 'us-central1' },
    'azure-eastus': { cloud: 'azure', region: 'eastus' },
  },
  data: {
    products: { key: ['product_id'], merge: register({ review: true }) },
    pages: { key: ['page_id'], merge: register() },
  },
})
