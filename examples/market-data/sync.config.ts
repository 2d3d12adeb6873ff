/** Market data in three AWS regions: each region takes in its own exchanges; what is derived is decided by the primary. */
import { defineSync, fields, register } from '../../shared/declare/index.ts'

export default defineSync({
  sites: {
    'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
    'aws-us-west-2': { cloud: 'aws', region: 'us-west-2' },
    'aws-eu-west-1': { cloud: 'aws', region: 'eu-west-1' },
  },
  data: {
    quotes: { key: ['symbol', 'venue'], tier: 1, merge: register() },
    instruments: { key: ['symbol'], tier: 2, merge: fields() },
  },
})
