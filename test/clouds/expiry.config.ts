/** Sessions that expire. */
import { defineSync, register } from '../../shared/declare/index.ts'

export default defineSync({
  sites: {
    'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
    'gcp-us-central1': { cloud: 'gcp', region: 'us-central1' },
    'azure-eastus': { cloud: 'azure', region: 'eastus' },
  },
  data: {
    sessions: { key: ['session_id'], tier: 1, merge: register(), expires: 'expires_at' },
  },
})
