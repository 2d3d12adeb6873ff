/** Which changes may be applied where: a delta too early makes a hole that nobody sees, one too often counts twice. */
import { describe, expect, it } from 'vitest'
import { applyChange } from '../../shared/replicate/apply-change.ts'
import type { Change } from '../../shared/replicate/change.ts'
import { dataTypeOf } from '../../shared/replicate/here.ts'
import { wholeChange } from '../../shared/replicate/make-change.ts'
import { messageAgeMaxMs } from '../../shared/replicate/message-age.ts'
import { noRecord, type SyncRecord } from '../../shared/replicate/sync-record.ts'
import plan from '../../sync.config.ts'
import { MemorySite, settle, startMs } from './memory-site.ts'

const ref = { type: 'carts', key: ['alice'] }
const aws = 'aws-us-east-1'
const gcp = 'gcp-us-central1'
const at = { site: gcp, nowMs: startMs, messageAgeMaxMs }
const { record: type } = dataTypeOf(new MemorySite(plan, gcp).here, 'carts')

const apply = (record: SyncRecord, change: Change) => applyChange(record, change, type, at)

function applied(record: SyncRecord, change: Change): SyncRecord {
  const merged = apply(record, change)
  if (typeof merged === 'string') throw new Error(`expected it to be applied, it is a ${merged}`)
  return merged.record
}

const holding = (quantity: number) => ({ items: { tea: { quantity } } })

async function changesOf(
  site: MemorySite,
  ...quantities: readonly number[]
): Promise<readonly [Change, Change, Change]> {
  const changes: Change[] = []
  for (const quantity of quantities) changes.push((await site.change(ref, holding(quantity))).change)
  const [first, second, third] = changes
  if (!first || !second || !third) throw new Error('three writes')
  return [first, second, third]
}

describe('a delta', () => {
  it('is applied after what came before it, and never twice', async () => {
    const [first, second, third] = await changesOf(new MemorySite(plan, aws), 1, 3, 6)
    const one = applied(noRecord, first)
    expect(apply(one, first)).toBe('duplicate')
    expect(apply(one, third)).toBe('gap')
    const three = applied(applied(one, second), third)
    expect(type.view(three.state)).toEqual(holding(6))
    for (const change of [first, second, third]) expect(apply(three, change)).toBe('duplicate')
  })

  it('is a gap where its origin is unknown and it is not the first', async () => {
    const [, second] = await changesOf(new MemorySite(plan, aws), 1, 3, 6)
    expect(apply(noRecord, second)).toBe('gap')
  })

  it("is a gap where another site's write that it builds on is missing (P8)", async () => {
    const sites = [new MemorySite(plan, aws), new MemorySite(plan, gcp)] as const
    sites[1].write(ref, holding(1))
    await settle(sites)
    const { change } = await sites[0].change(ref, holding(4))
    expect(apply(noRecord, change)).toBe('gap')
    expect(type.view(applied(sites[1].record(ref), change).state)).toEqual(holding(4))
  })

  it('of two captures fills in what is missing of them', async () => {
    const site = new MemorySite(plan, aws)
    const [first, second] = await changesOf(site, 1, 3, 6)
    const both: Change = { ...second, intervals: [...first.intervals, ...second.intervals] }
    for (const record of [noRecord, applied(noRecord, first)]) {
      expect(applied(record, both).vector).toEqual({ [aws]: startMs + 1 })
    }
  })
})

describe('a whole state', () => {
  it('is applied anywhere, and brings its past along (P9)', async () => {
    const site = new MemorySite(plan, aws)
    const [first, , third] = await changesOf(site, 1, 3, 6)
    const whole = wholeChange(ref, site.record(ref), site.here, startMs)
    for (const record of [noRecord, applied(noRecord, first)]) {
      const { vector, state } = applied(record, whole)
      expect(vector).toEqual({ [aws]: startMs + 2 })
      expect(type.view(state)).toEqual(holding(6))
      expect(apply(applied(record, whole), third)).toBe('duplicate')
    }
  })

  it('that brings nothing new is a duplicate', async () => {
    const site = new MemorySite(plan, aws)
    const [first] = await changesOf(site, 1, 3, 6)
    const early = { ...first, intervals: [] }
    expect(apply(site.record(ref), early)).toBe('duplicate')
  })
})

describe('what was decided', () => {
  it('is told once under one id, however it arrived', async () => {
    const [here, there] = [new MemorySite(plan, gcp), new MemorySite(plan, aws)]
    here.write(ref, { ...holding(1), note: 'ours' })
    await here.capture(ref)
    const { change } = await there.change(ref, { ...holding(2), note: 'theirs' })
    const record = here.record(ref)
    const byDelta = applied(record, change).resolutions
    const byWhole = applied(record, wholeChange(ref, there.record(ref), there.here, startMs)).resolutions
    expect(byDelta).toMatchObject([{ site: gcp, origin: aws, from: 0, to: startMs, atMs: startMs }])
    expect(byWhole.map(({ id }) => id)).toEqual(byDelta.map(({ id }) => id))
    expect(byDelta[0]?.arbitrations).toContainEqual(
      expect.objectContaining({
        path: ['note'],
        rule: 'latest-write-wins',
        kept: expect.objectContaining({ site: gcp, value: 'ours' }),
        lost: [expect.objectContaining({ site: aws, value: 'theirs' })],
      }),
    )
  })

  it('is told even where no value had to be chosen: the writes were concurrent', async () => {
    const sites = [new MemorySite(plan, gcp), new MemorySite(plan, aws)] as const
    const [here, there] = sites
    here.write(ref, {})
    await settle(sites)
    here.write(ref, { note: 'ours' })
    await here.capture(ref)
    const { change } = await there.change(ref, { coupon: 'theirs' })
    const [resolution] = applied(here.record(ref), change).resolutions
    expect(resolution).toMatchObject({ arbitrations: [], outcome: { coupon: 'theirs' } })
  })

  it('is not told where the arriving write had seen all that was here', async () => {
    const [first, second] = await changesOf(new MemorySite(plan, aws), 1, 3, 6)
    expect(applied(applied(noRecord, first), second).resolutions).toEqual([])
  })
})
