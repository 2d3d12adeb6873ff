/** The same sites and types, decided otherwise: what `tributary replay` compares with. */
import { defineSync, highest, register } from '../../shared/declare/index.ts'
import plan from './audit.config.ts'

export default defineSync({
  sites: Object.fromEntries(plan.sites.map(({ id, cloud, region }) => [id, { cloud, region }])),
  data: {
    products: { key: ['product_id'], merge: highest({ by: 'price' }) },
    pages: { key: ['page_id'], merge: register() },
  },
})
