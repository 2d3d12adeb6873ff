/** As little as there can be: what is asked of it is only how it comes up and how it ends. */
import { defineSync, register } from '../../shared/declare/index.ts'

export default defineSync({
  sites: {
    'gcp-us-central1': { cloud: 'gcp', region: 'us-central1' },
    'gcp-europe-west1': { cloud: 'gcp', region: 'europe-west1' },
  },
  data: { products: { key: ['product_id'], merge: register() } },
})
