/** A declaration for tables that were there before: one table of several types, names and keys as somebody else chose them. */
import { defineSync, register } from '../../shared/declare/index.ts'

const customerPartition = { pk: 'CUSTOMER#{customer_id}' }

export default defineSync({
  sites: {
    'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
    'gcp-us-central1': { cloud: 'gcp', region: 'us-central1' },
    'azure-eastus': { cloud: 'azure', region: 'eastus' },
  },
  data: {
    carts: {
      key: ['customer_id', 'cart_id'],
      tier: 1,
      merge: register(),
      at: {
        aws: {
          table: 'Shop.Main',
          existing: true,
          feed: 'kinesis',
          key: { pk: 'CUSTOMER#{customer_id}', sk: 'CART#{cart_id}' },
        },
        gcp: { collection: 'customers/{customer_id}/carts', id: '{cart_id}' },
        azure: { database: 'shop', container: 'main', partitionKey: customerPartition, id: 'cart-{cart_id}' },
      },
    },
    profiles: {
      key: ['customer_id'],
      tier: 1,
      merge: register(),
      at: {
        aws: {
          table: 'Shop.Main',
          existing: true,
          feed: 'kinesis',
          key: { pk: 'CUSTOMER#{customer_id}', sk: 'PROFILE' },
          keyAttributes: false,
        },
        gcp: { collection: 'customers' },
        azure: { database: 'shop', container: 'main', partitionKey: customerPartition, id: 'profile' },
      },
    },
    levels: { key: ['sku', { name: 'shelf', type: 'number' }], tier: 1, merge: register() },
    notes: { key: ['id'], tier: 1, merge: register() },
    lines: { key: ['order_id', 'id'], tier: 1, merge: register() },
    pages: { key: ['ref'], tier: 1, merge: register() },
  },
})
