import { describe, expect, it } from 'vitest'
import { LagLedger } from '../bench/lag-ledger.ts'
import { summarizeLag } from '../bench/lag-summary.ts'
import { isBacklogGrowing } from '../bench/rate.ts'

const sites = ['aws', 'gcp', 'azure']

describe('the benchmark keeps its books right', () => {
  it('owes a write to every other site, until each shows it', () => {
    const ledger = new LagLedger(sites)
    ledger.started('aws', 'alice', 1, 0).acknowledged(2)
    expect(ledger.outstanding).toBe(2)
    ledger.seen('aws', 'alice', 1, 3)
    expect(ledger.outstanding).toBe(2)
    ledger.seen('gcp', 'alice', 1, 12)
    ledger.seen('azure', 'alice', 1, 32)
    expect(ledger.outstanding).toBe(0)
    const { routes } = summarizeLag(ledger.samples())
    expect(
      routes.map(({ from, to, afterAcknowledged, afterStart }) => [from, to, afterAcknowledged.p50, afterStart.p50]),
    ).toEqual([
      ['aws', 'azure', 30, 32],
      ['aws', 'gcp', 10, 12],
    ])
  })

  it('takes a later value for all before it, and an older one for nothing', () => {
    const ledger = new LagLedger(['aws', 'gcp'])
    for (const value of [1, 2, 3]) ledger.started('aws', 'alice', value, value).acknowledged(value)
    ledger.seen('gcp', 'alice', 2, 10)
    expect(ledger.outstanding).toBe(1)
    ledger.seen('gcp', 'alice', 1, 11)
    expect(ledger.samples().map(({ seenMs }) => seenMs)).toEqual([10, 10, undefined])
  })

  it('counts what never arrived as missing, and leaves it out of the percentiles', () => {
    const ledger = new LagLedger(['aws', 'gcp'])
    ledger.started('aws', 'alice', 1, 0).acknowledged(0)
    ledger.started('aws', 'bob', 2, 0).acknowledged(0)
    ledger.seen('gcp', 'alice', 1, 7)
    expect(summarizeLag(ledger.samples())).toMatchObject({
      count: 2,
      missing: 1,
      afterAcknowledged: { p50: 7, max: 7 },
    })
  })

  it('owes nothing for a write that its own store refused', () => {
    const ledger = new LagLedger(sites)
    ledger.started('aws', 'alice', 1, 0).failed()
    expect([ledger.outstanding, ledger.failed, ledger.samples().length]).toEqual([0, 1, 0])
  })

  it('counts what is visible before the acknowledgement as no lag', () => {
    const ledger = new LagLedger(['aws', 'gcp'])
    const write = ledger.started('aws', 'alice', 1, 0)
    ledger.seen('gcp', 'alice', 1, 4)
    write.acknowledged(6)
    expect(summarizeLag(ledger.samples())).toMatchObject({ afterAcknowledged: { p50: 0 }, afterStart: { p50: 4 } })
  })

  it('leaves the warm-up out', () => {
    const ledger = new LagLedger(['aws', 'gcp'])
    ledger.started('aws', 'alice', 1, 5)
    ledger.started('aws', 'bob', 2, 10)
    expect(ledger.samples(10)).toHaveLength(1)
  })

  it.each([
    {
      name: 'the ups and downs of few writes',
      outstandingBefore: 1,
      outstandingAfter: 4,
      owedPerSecond: 50,
      grows: false,
    },
    {
      name: 'a system that is slow but keeps up',
      outstandingBefore: 200,
      outstandingAfter: 220,
      owedPerSecond: 100,
      grows: false,
    },
    {
      name: 'a queue that gets longer',
      outstandingBefore: 100,
      outstandingAfter: 300,
      owedPerSecond: 400,
      grows: true,
    },
    {
      name: 'a queue that gets shorter',
      outstandingBefore: 300,
      outstandingAfter: 100,
      owedPerSecond: 400,
      grows: false,
    },
  ])('tells a growing backlog from $name', ({ grows, ...backlog }) => {
    expect(isBacklogGrowing(backlog)).toBe(grows)
  })

  it('quotes nearest ranks: of 100 lags of 1 to 100 ms the 95th percentile is 95', () => {
    const ledger = new LagLedger(['aws', 'gcp'])
    for (let value = 1; value <= 100; value++) {
      ledger.started('aws', `c${value}`, value, 0).acknowledged(0)
      ledger.seen('gcp', `c${value}`, value, value)
    }
    expect(summarizeLag(ledger.samples()).afterAcknowledged).toEqual({ p50: 50, p95: 95, p99: 99, max: 100 })
  })
})
