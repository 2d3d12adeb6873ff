/** Real documents of every shape: some are one value as a whole, some merge field by field. */
import { defineSync, fields, register } from '../../shared/declare/index.ts'

export default defineSync({
  sites: {
    'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
    'gcp-us-central1': { cloud: 'gcp', region: 'us-central1' },
    'azure-eastus': { cloud: 'azure', region: 'eastus' },
  },
  data: {
    wholes: { key: ['name'], tier: 2, merge: register() },
    parts: { key: ['name'], tier: 2, merge: fields() },
  },
})
