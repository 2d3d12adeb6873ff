/** A clock that is wrong must not win over everybody else's writes, and must not lose anything either. */
import { describe, expect, it } from 'vitest'
import { skewMaxMs, skewWarnMs } from '../../shared/causality/clock-skew.ts'
import { hlcToMs } from '../../shared/causality/hybrid-logical-clock.ts'
import { appendOnly, defineSync, highest, register, siblings } from '../../shared/declare/index.ts'
import { createMemoryPeer } from '../../shared/ports/memory/memory-peer.ts'
import { isQuarantine, isResolution } from '../../shared/replicate/audit-entry.ts'
import { isFlagged, rulesOf } from '../../shared/replicate/audit-place.ts'
import type { BatchReport } from '../../shared/replicate/batch-report.ts'
import { forward } from '../../shared/replicate/forward.ts'
import { ingest } from '../../shared/replicate/ingest.ts'
import { MemorySite, settle, startMs } from './memory-site.ts'
import { ThreeSites } from './three-sites.ts'
import { wire } from './wire-sites.ts'

const aws = 'aws-us-east-1'
const gcp = 'gcp-us-central1'
const plan = defineSync({
  sites: { [aws]: { cloud: 'aws', region: 'us-east-1' }, [gcp]: { cloud: 'gcp', region: 'us-central1' } },
  data: { products: { key: ['id'], merge: register() } },
})
const teapot = { type: 'products', key: ['teapot'] }

function twoSites() {
  return [new MemorySite(plan, aws), new MemorySite(plan, gcp, 'transactional')] as const
}

/** What becomes at the peer of everything that is on the site's bus. */
async function send(from: MemorySite, to: MemorySite, texts: readonly string[]) {
  return forward(texts, { ...from.ports, peerId: to.id, peer: createMemoryPeer(from.id, to.ports) })
}

describe('a write whose stamp is more than 10 s ahead', () => {
  it('waits at its sender, is told of at the receiver, once, and is applied when the time has come', async () => {
    const [ahead, right] = twoSites()
    ahead.clock.nowMs += skewMaxMs + 1000
    ahead.write(teapot, { title: 'from the future' })
    await ahead.work()
    const texts = ahead.texts.splice(0)
    for (let attempt = 0; attempt < 3; attempt++) {
      const [outcome] = await send(ahead, right, texts)
      expect(outcome).toMatchObject({ outcome: 'waits', reason: expect.stringContaining(`clock of ${aws}`) })
    }
    expect(right.document(teapot)).toBeUndefined()
    expect(ahead.deadLetters.letters.size).toBe(0)
    const entries = [...right.audit.entries.values()]
    expect(entries.filter(isQuarantine)).toMatchObject([{ ...teapot, site: gcp, origin: aws, aheadMs: 11_000 }])
    expect(entries.map(isFlagged)).toEqual([true])

    right.clock.nowMs += 1000
    expect(await send(ahead, right, texts)).toEqual([{ outcome: 'done' }])
    expect(right.document(teapot)).toEqual({ title: 'from the future' })
  })

  it('does not hold up a write of the same site that is not', async () => {
    const [ahead, right] = twoSites()
    const spoon = { type: 'products', key: ['spoon'] }
    const fine = await ahead.change(spoon, { title: 'in time' })
    ahead.clock.nowMs += skewMaxMs + 1
    const early = await ahead.change(teapot, { title: 'from the future' })
    const outcomes = await send(ahead, right, [early.text, fine.text])
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['waits', 'done'])
    expect(right.document(spoon)).toEqual({ title: 'in time' })
  })

  it('of exactly 10 s is taken in', async () => {
    const [ahead, right] = twoSites()
    ahead.clock.nowMs += skewMaxMs
    const { change } = await ahead.change(teapot, { title: 'ten seconds' })
    expect(hlcToMs(change.hlc) - startMs).toBe(10_000)
    expect(await ingest([change], aws, right.ports)).toEqual([{ answer: 'applied' }])
  })
})

it("while the sender's own clock is that far ahead, its older writes wait too: nobody knows which of its stamps are right", async () => {
  const [ahead, right] = twoSites()
  const { change } = await ahead.change(teapot, { title: 'before the clock went wrong' })
  const sentAtMs = startMs + skewMaxMs + 500
  expect(await ingest([change], aws, right.ports, sentAtMs)).toEqual([{ answer: 'quarantined', aheadMs: 10_500 }])
  expect(await ingest([change], aws, right.ports, startMs)).toEqual([{ answer: 'applied' }])
})

it('of a sender that is 11 s ahead the request is read and answered, and one 600 ms ahead is told of', async () => {
  const { sender, ports, peer } = await wire()
  const reports: BatchReport[] = []
  Object.assign(ports, { report: (report: BatchReport) => void reports.push(report) })
  const deliver = async (aheadMs: number) => {
    sender.clock.nowMs = startMs + aheadMs
    return peer().deliver([await sender.change({ type: 'carts', key: ['alice'] }, { currency: `EUR ${aheadMs}` })])
  }
  expect(await deliver(600)).toEqual([{ answer: 'applied' }])
  expect(await deliver(11_000)).toEqual([{ answer: 'quarantined', aheadMs: 11_000 }])
  expect(reports).toMatchObject([
    { batch: 'received', peer: sender.id, changes: 1, types: { carts: 1 }, answers: { applied: 1 }, aheadMs: 600 },
    // What waits in quarantine has not arrived: it is no lag yet.
    { answers: { quarantined: 1 }, aheadMs: 11_000, lagMsByTier: {} },
  ])
  expect(600).toBeGreaterThan(skewWarnMs)
})

describe('concurrent writes of one value', () => {
  async function meet(apartMs: number) {
    const sites = twoSites()
    const [one, two] = sites
    two.clock.nowMs += apartMs
    one.write(teapot, { title: 'one' })
    two.write(teapot, { title: 'two' })
    for (const site of sites) await site.work()
    await settle(sites)
    return sites.flatMap(({ audit }) => [...audit.entries.values()].filter(isResolution))
  }

  it('whose clocks are closer than clocks may differ are flagged as uncertain, at every site', async () => {
    const met = await meet(skewWarnMs)
    expect(met).toHaveLength(2)
    for (const entry of met) {
      expect(entry.outcome).toEqual({ title: 'two' })
      expect(entry.arbitrations).toMatchObject([{ rule: 'latest-write-wins', uncertain: true }])
      expect(rulesOf(entry)).toEqual(['latest-write-wins', 'uncertain'])
    }
  })

  it('further apart are ordered by the clocks, and nobody need wonder', async () => {
    const met = await meet(skewWarnMs + 1)
    expect(met.map(rulesOf)).toEqual([['latest-write-wins'], ['latest-write-wins']])
  })

  it.each([
    ['of several that wait for somebody', siblings(), 'siblings-kept'],
    ['of what is written once', appendOnly(), 'first-write-stays'],
  ])('are flagged so too where the clocks say which one is shown: %s', async (_, merge, rule) => {
    for (const [apartMs, rules] of [
      [skewWarnMs, [rule, 'uncertain']],
      [skewWarnMs + 1, [rule]],
    ] as const) {
      const sites = new ThreeSites(merge)
      await sites.atOnce([{ title: 'one' }, 0], [{ title: 'two' }, apartMs])
      const met = sites.all.flatMap(({ audit }) => [...audit.entries.values()].filter(isResolution))
      expect(met).toHaveLength(3)
      expect(met.map(rulesOf)).toEqual(met.map(() => rules))
    }
  })

  it('are not where the values say it: the highest', async () => {
    const sites = new ThreeSites(highest({ by: 'version' }))
    await sites.atOnce([{ version: 2 }, 0], [{ version: 1 }, 1])
    const met = sites.all.flatMap(({ audit }) => [...audit.entries.values()].filter(isResolution))
    expect(met.map(rulesOf)).toEqual(met.map(() => ['highest-wins']))
  })
})
