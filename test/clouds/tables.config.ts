/**
 * A declaration for tables that were there before: one table of several types, names and keys as somebody else chose them;
 * documents of every shape, some one value as a whole, some field by field; and types that held documents before, two at
 * all sites, one at two of them.
 */
import { counter, defineSync, fields, register, set } from '../../shared/declare/index.ts'

const stock = fields({ on_hand: counter(), shelves: set(fields({ units: counter() })) })

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
    notes: { key: ['id'], tier: 1, merge: register({ review: true }) },
    lines: { key: ['order_id', 'id'], tier: 1, merge: register() },
    pages: { key: ['ref'], tier: 1, merge: register() },
    wholes: { key: ['name'], tier: 2, merge: register() },
    parts: { key: ['name'], tier: 2, merge: fields() },
    stock: { key: ['sku'], tier: 1, adopt: true, merge: stock },
    bins: { key: ['bin'], tier: 1, adopt: true, merge: stock },
    'stock-of-two': {
      key: ['sku'],
      tier: 1,
      adopt: true,
      merge: stock,
      sites: ['aws-us-east-1', 'azure-eastus'],
    },
  },
})
