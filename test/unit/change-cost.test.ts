/** What the command promises must be what the bill says: a few sums by hand, and what must not be forgotten. */
import { describe, expect, it } from 'vitest'
import { defineSync, register } from '../../shared/declare/index.ts'
import { costsOf } from '../../tools/cli/commands/cost.ts'

const [aws, gcp, azure, europe] = ['aws-us-east-1', 'gcp-us-central1', 'azure-eastus', 'aws-eu-west-1'] as const
const sites = {
  [aws]: { cloud: 'aws', region: 'us-east-1' },
  [gcp]: { cloud: 'gcp', region: 'us-central1' },
  [azure]: { cloud: 'azure', region: 'eastus' },
  [europe]: { cloud: 'aws', region: 'eu-west-1' },
} as const
const load = { changesPerDay: 1_000_000, size: 1024 }

function costOf(type: { readonly tier?: 1 | 2 | 3; readonly sites: (keyof typeof sites)[] }, of = load) {
  const plan = defineSync({ sites, data: { carts: { key: ['id'], merge: register(), ...type } } })
  const [cost] = costsOf(plan, of).types
  if (!cost) throw new Error('no cost')
  const usd = (what: string, from: string, to?: string) =>
    cost.parts.find(part => part.what === what && part.from === from && part.to === to)?.usd
  return { ...cost, usd }
}

describe('a million changes of 1 KB', () => {
  it('on DynamoDB are 2 strong reads, a transactional one of two items, and a put; at the peer 2 reads, a transaction, a read', () => {
    const { usd } = costOf({ sites: [aws, gcp] })
    // 6 units of 0.125 and one of 0.625 a million.
    expect(usd('capture: DynamoDB', aws)).toBeCloseTo(6 * 0.125 + 0.625)
    // Both items of a transaction count twice.
    expect(usd('ingest: DynamoDB', gcp, aws)).toBeCloseTo(2 * 0.125 + 4 * 0.625)
    expect(usd('echo: DynamoDB', gcp, aws)).toBeCloseTo(0.125)
  })

  it('are paid by the sites that hold the type, and a change anywhere is the mean of its senders', () => {
    const { parts, usdPerMillion } = costOf({ sites: [aws, gcp] })
    expect(new Set(parts.map(({ at }) => at))).toEqual(new Set([aws, gcp]))
    expect(usdPerMillion).toBeCloseTo(parts.reduce((sum, { usd }) => sum + usd, 0) / 2)
  })

  it('between two regions of AWS leave at the price between regions', () => {
    const { usd } = costOf({ sites: [aws, gcp, europe] })
    expect(usd('egress', aws, gcp)).toBeCloseTo(4.5 * (usd('egress', aws, europe) ?? 0))
  })

  it('cost more with an express lane, and less each the more there are', () => {
    const three = { sites: [aws, gcp, azure] }
    expect(costOf({ ...three, tier: 1 }).usdPerMillion).toBeGreaterThan(costOf(three).usdPerMillion)
    const many = costOf(three, { ...load, changesPerDay: 100_000_000 })
    expect(many.usdPerMillion).toBeLessThan(costOf(three).usdPerMillion)
  })

  it('on global tables are one replicated write for each other replica, and its way', () => {
    expect(costOf({ sites: [aws, gcp, azure] }).globalTablesUsdPerMillion).toBeCloseTo(
      2 * (0.625 + 0.02 / 1.048576 / 1.024),
      2,
    )
  })
})

describe('functions of Google Cloud and Azure', () => {
  const few = { changesPerDay: 1000, size: 1024 }

  it('bill a tenth of a second and a whole one at least, whatever they work', () => {
    const { usd } = costOf({ sites: [aws, gcp, azure] }, few)
    const perSecond = 0.5 * 0.000026
    // With a line of the log.
    expect(usd('ingest: functions', aws, azure)).toBeCloseTo(0.4 + perSecond * 1e6 + ((400 * 2.3) / 1024 ** 3) * 1e6, 1)
    const tenth = 0.1 * (0.000024 + 0.5 * 0.0000025)
    expect(usd('echo: functions', aws, gcp)).toBeCloseTo(2 * (0.4 + tenth * 1e6), 1)
  })

  it('never bill more than all the time there is', () => {
    const load = { changesPerDay: 10_000_000, size: 1024 }
    const { parts } = costOf({ sites: [aws, azure] }, load)
    // Forward alone, which nothing else shares: half the changes of a day, in millions.
    const forward = parts.find(({ what, at }) => what === 'forward: functions' && at === azure)
    const dayOfOneInstance = 86_400 * 0.5 * 0.000026
    expect((forward?.usd ?? 0) * 5).toBeLessThan(dayOfOneInstance + 5 * 0.4 + 1)
  })
})

describe('a change feed of Cosmos DB', () => {
  const feed = (tier: 1 | 2 | 3) => costOf({ tier, sites: [aws, azure] }).usd('echo: functions', aws, azure) ?? 0

  it('that is looked into less often hands over more at once, so functions cost less a change', () => {
    expect(feed(2)).toBeLessThan(feed(1))
    expect(feed(3)).toBeLessThan(feed(2))
  })

  it('is paid all day: two looks for each type, by its tier', () => {
    const plan = defineSync({
      sites: { [aws]: sites[aws], [azure]: sites[azure] },
      data: {
        carts: { key: ['id'], tier: 1, merge: register() },
        products: { key: ['id'], tier: 2, merge: register() },
        reports: { key: ['id'], tier: 3, merge: register() },
      },
    })
    const looks = 2 * (4 + 0.5 + 1 / 15) * 86_400
    expect(costsOf(plan, load).fixedUsdPerDay[azure]).toBeCloseTo((looks * 2 * 0.25) / 1e6)
  })
})

it('says which part takes the most', () => {
  const { most, parts } = costOf({ sites: [aws, gcp, azure] })
  const sums = Map.groupBy(parts, ({ what }) => what)
  for (const same of sums.values()) {
    expect(same.reduce((sum, { usd }) => sum + usd, 0) / 3).toBeLessThanOrEqual(most.usd + 1e-9)
  }
})
