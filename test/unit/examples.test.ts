/** The examples are declarations that somebody copies: they must compile, and stand on the sites that they are about. */
import { expect, it } from 'vitest'
import marketData from '../../examples/market-data/sync.config.ts'
import marketplace from '../../examples/marketplace/sync.config.ts'

it('the marketplace has its seven collections in three regions of Google Cloud', () => {
  expect(marketplace.sites.map(({ cloud }) => cloud)).toEqual(['gcp', 'gcp', 'gcp'])
  expect(marketplace.types.map(({ name }) => name).sort()).toEqual(
    ['analytics', 'orders', 'payments', 'products', 'skus', 'subscriptions', 'users'].sort(),
  )
})

it('market data stands in three regions of AWS, hot, warm and cold', () => {
  expect(marketData.sites.map(({ cloud }) => cloud)).toEqual(['aws', 'aws', 'aws'])
  expect(new Set(marketData.types.map(({ tier }) => tier))).toEqual(new Set([1, 2, 3]))
})
