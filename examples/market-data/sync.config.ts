/** Market data in three AWS regions: each region takes in its own venues; what is derived is written by the primary only. */
import { authority, bestFeed, defineSync, fields, register } from '../../shared/declare/index.ts'

const primary = 'aws-us-east-1'

export default defineSync({
  sites: {
    'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
    'aws-us-west-2': { cloud: 'aws', region: 'us-west-2' },
    'aws-eu-west-1': { cloud: 'aws', region: 'eu-west-1' },
  },
  data: {
    // Hot, active-active: of two copies of a quote the one from the region that takes the venue in counts.
    quotes: {
      key: ['symbol', 'venue'],
      tier: 1,
      merge: authority({
        source: 'venue_feed',
        sites: {
          kraken: 'aws-us-west-2',
          okx: 'aws-us-west-2',
          binance: 'aws-eu-west-1',
          coinbase: 'aws-us-east-1',
        },
        passive: 'accept',
      }),
    },
    // The price of a pair, whoever tells it: each venue's feeds side by side, and Tributary writes into `best` which counts.
    // Kraken, as long as it speaks; a minute behind the others, the next one. `npx tributary get prices BTC-USD` tells ages.
    prices: {
      key: ['pair'],
      tier: 1,
      merge: bestFeed({
        venues: ['kraken', 'okx', 'binance', 'coinbase'],
        classes: ['exchange', 'regional', 'primary', 'backfill'],
        sites: {
          kraken: 'aws-us-west-2',
          okx: 'aws-us-west-2',
          binance: 'aws-eu-west-1',
          coinbase: 'aws-us-east-1',
        },
        staleAfterS: 60,
      }),
    },
    // Warm, active-passive: only the primary writes; what another region writes is undone and audited.
    indices: { key: ['index_id'], tier: 2, merge: authority({ primary }) },
    instruments: { key: ['symbol'], tier: 2, merge: fields() },
    // Cold: files' descriptions; the files themselves are not replicated yet.
    archives: { key: ['file_id'], tier: 3, merge: register() },
  },
})
