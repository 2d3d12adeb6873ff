/** An order that the clocks cannot know is called certain, or every order doubtful, if a stamp does not tell how late it is. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mayOverlap, skewWarnMs } from '../../shared/causality/clock-skew.ts'
import { latenessMs, latenessOf, noLateness, unknownLateness } from '../../shared/causality/lateness.ts'
import type { Before } from '../../shared/replicate/before.ts'
import { capture } from '../../shared/replicate/capture.ts'
import { readChangeEvent } from '../../shared/replicate/change-event.ts'
import { ingest } from '../../shared/replicate/ingest.ts'
import { wholeChange } from '../../shared/replicate/make-change.ts'
import { encodeRecord } from '../../shared/replicate/sync-record.ts'
import type { Arbitration } from '../../shared/resolve/merge-type.ts'
import { documentIn } from '../../shared/resolve/record-type.ts'
import plan from '../../sync.config.ts'
import { MemorySite, settle, startMs } from './memory-site.ts'

const teapot = { type: 'products', key: ['teapot'] }
const aws = 'aws-us-east-1'
const gcp = 'gcp-us-central1'

describe('a step', () => {
  it('is never less than what it stands for, and never more than half as much again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 ** 13 }), ms => {
        const kept = latenessMs(latenessOf(ms))
        expect(kept).toBeGreaterThanOrEqual(ms)
        expect(kept).toBeLessThanOrEqual(1.5 * ms + 1)
      }),
    )
  })

  it('is one digit up to 22 ms and two up to any age', () => {
    expect(latenessOf(0)).toBe(noLateness)
    expect(latenessOf(-3)).toBe(noLateness)
    expect(latenessOf(22)).toBe(9)
    expect(latenessOf(Number.POSITIVE_INFINITY)).toBe(unknownLateness)
    expect(latenessMs(unknownLateness)).toBeGreaterThan(Date.UTC(2200, 0))
  })
})

describe('possible times', () => {
  const at = (ms: number, lateMs = 0) => ({ hlc: (startMs + ms) * 1000, late: latenessOf(lateMs) })
  it.each([
    ['as close as clocks may be apart', at(0), at(skewWarnMs), true],
    ['further apart', at(0), at(skewWarnMs + 1), false],
    ['further apart, the later one captured late', at(0), at(skewWarnMs + 1024, 1024), true],
    ['further apart, the later one not late enough', at(0), at(skewWarnMs + 1025, 1024), false],
    ['further apart, the earlier one captured late: it was earlier still', at(0, 1024), at(skewWarnMs + 1), false],
  ])('%s', (_, a, b, overlap) => {
    expect([mayOverlap(a, b), mayOverlap(b, a)]).toEqual([overlap, overlap])
  })
})

/** How late the one write of a record is said to be, in ms; of a type that is one value. */
function lateMs(site: MemorySite): number {
  const cell = documentIn(site.record(teapot).state)
  if (!Array.isArray(cell)) throw new Error('it is one value')
  return latenessMs(cell[0]?.[4] ?? noLateness)
}

const captureAs = (site: MemorySite, ...before: readonly Before[]) =>
  capture(teapot, { ...site.ports, before: () => before })

describe('a captured write', () => {
  it('is as late as its event says, as exactly as the source tells the time', async () => {
    const site = new MemorySite(plan, aws)
    site.write(teapot, { title: 'one' })
    // A stream that tells whole seconds: 26.535 is told as 26.
    await captureAs(site, { document: undefined, untilMs: startMs - 535 })
    expect(lateMs(site)).toBe(latenessMs(latenessOf(535)))
  })

  it('of several events since: the first of them counts', async () => {
    const site = new MemorySite(plan, aws)
    site.write(teapot, { title: 'two' })
    site.clock.nowMs += 900
    await captureAs(
      site,
      { document: undefined, untilMs: startMs },
      { document: { title: 'one' }, untilMs: startMs + 800 },
    )
    expect(lateMs(site)).toBe(latenessMs(latenessOf(900)))
  })

  it('of an event that does not begin at what is known: since the last look', async () => {
    const site = new MemorySite(plan, aws)
    site.write(teapot, { title: 'one' })
    await site.work()
    site.clock.nowMs += 60_000
    site.write(teapot, { title: 'three' })
    await captureAs(site, { document: { title: 'two' }, untilMs: startMs + 60_000 })
    expect(lateMs(site)).toBe(latenessMs(latenessOf(60_000)))
  })

  it('of an event by a clock that cannot be right: as if there were none', async () => {
    const site = new MemorySite(plan, aws)
    site.write(teapot, { title: 'one' })
    await captureAs(site, { document: undefined, untilMs: startMs * 1000 })
    expect(lateMs(site)).toBe(latenessMs(unknownLateness))
  })

  it('is captured whatever its event says: one that cannot be read tells nothing', async () => {
    const site = new MemorySite(plan, aws)
    site.write(teapot, { title: 'one' })
    const unreadable = () => {
      throw new TypeError('of another form')
    }
    expect(await capture(teapot, { ...site.ports, before: unreadable })).toBe('captured')
    expect(lateMs(site)).toBe(latenessMs(unknownLateness))
  })

  it('of a record that nobody has looked at, without an event: nobody knows', async () => {
    const site = new MemorySite(plan, aws)
    site.write(teapot, { title: 'one' })
    await captureAs(site)
    expect(lateMs(site)).toBe(latenessMs(unknownLateness))
  })

  it('that a merge finds: since the merge before it looked', async () => {
    const sites = [new MemorySite(plan, aws), new MemorySite(plan, gcp)] as const
    const [here, there] = sites
    there.write(teapot, { title: 'one' })
    await settle(sites)
    for (const { clock } of sites) clock.nowMs += 3000
    here.write(teapot, { title: 'ours' })
    const { change } = await there.change(teapot, { title: 'theirs' })
    expect(await ingest([change], gcp, here.ports)).toEqual([{ answer: 'applied' }])
    const [entry] = here.record(teapot).resolutions
    const version = versionsIn(entry?.arbitrations ?? []).find(({ site }) => site === aws)
    expect(latenessMs(version?.late ?? noLateness)).toBe(latenessMs(latenessOf(3000)))
  })
})

function versionsIn(arbitrations: readonly Arbitration[]) {
  return arbitrations.flatMap(({ kept, lost = [] }) => [...(kept ? [kept] : []), ...lost])
}

describe('how late a write is', () => {
  it('travels with it, in a delta and in a whole state', async () => {
    const site = new MemorySite(plan, aws)
    site.write(teapot, { title: 'one' })
    site.clock.nowMs += 700
    const { change } = await site.change(teapot, { title: 'two' })
    const whole = wholeChange(teapot, site.record(teapot), site.here, startMs)
    for (const sent of [change, whole]) {
      const peer = new MemorySite(plan, gcp)
      peer.clock.nowMs += 700
      expect(await ingest([sent], aws, peer.ports)).toEqual([{ answer: 'applied' }])
      expect(lateMs(peer)).toBe(latenessMs(latenessOf(700)))
    }
  })

  it('costs three bytes of what is stored and of what travels, and three more for the last look', async () => {
    const sizes: number[] = []
    for (const untilMs of [startMs, startMs - 700]) {
      const site = new MemorySite(plan, aws)
      site.write(teapot, { title: 'one' })
      await captureAs(site, { document: undefined, untilMs })
      await site.work()
      const { lookedMs: _, ...unlooked } = site.record(teapot)
      const stored = encodeRecord(site.record(teapot))
      expect(stored.length - encodeRecord(unlooked).length).toBeLessThanOrEqual(3)
      sizes.push(stored.length)
      const text = site.texts[0] ?? ''
      expect(readChangeEvent(text).text).toBe(text)
      sizes.push(text.length)
    }
    const [stored = 0, sent = 0, storedLate = 0, sentLate = 0] = sizes
    expect([storedLate - stored, sentLate - sent]).toEqual([3, 3])
  })
})
