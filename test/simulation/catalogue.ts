/**
 * The declaration that the simulator runs: the thin path's two data types, every field of them declared, and one whose
 * tables held documents before.
 */
import { counter, defineSync, fields, register, set } from '../../shared/declare/index.ts'

export const plan = defineSync({
  sites: {
    'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
    'gcp-us-central1': { cloud: 'gcp', region: 'us-central1' },
    'azure-eastus': { cloud: 'azure', region: 'eastus' },
  },
  data: {
    products: { key: ['product_id'], merge: register() },
    carts: {
      key: ['customer_id'],
      tier: 1,
      merge: fields({
        currency: register(),
        note: register(),
        items: set(fields({ quantity: counter(), note: register() })),
      }),
    },
    shelves: {
      key: ['shelf_id'],
      adopt: true,
      merge: fields({ label: register(), stock: counter(), items: set(fields({ quantity: counter() })) }),
    },
  },
})
