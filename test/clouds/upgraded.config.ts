/** What carts-and-products.config.ts is upgraded to: a field that is counted, and a type that is new. */
import { counter, defineSync, fields, register, set } from '../../shared/declare/index.ts'

export default defineSync({
  sites: {
    'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
    'gcp-us-central1': { cloud: 'gcp', region: 'us-central1' },
    'azure-eastus': { cloud: 'azure', region: 'eastus' },
  },
  data: {
    products: { key: ['product_id'], tier: 2, merge: register() },
    carts: {
      key: ['customer_id'],
      tier: 1,
      merge: fields({ items: set(fields({ quantity: counter() })), visits: counter() }),
    },
    reviews: { key: ['review_id'], tier: 1, merge: fields({ likes: counter() }) },
  },
})
