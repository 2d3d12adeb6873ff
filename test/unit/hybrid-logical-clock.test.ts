/** "The latest write wins" is only as good as this clock. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareStamps, hlcToMs, type Stamp, tick } from '../../shared/causality/hybrid-logical-clock.ts'
import { startMs } from './memory-site.ts'

const times = fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2254, 0) })
const stamps: fc.Arbitrary<Stamp> = fc.record({
  hlc: fc.nat(3),
  site: fc.constantFrom('aws', 'gcp'),
  counter: fc.nat(2),
})

describe('a stamp', () => {
  it('is the wall clock where nothing later was seen', () => {
    expect(tick(startMs, 0)).toBe(startMs * 1000)
    expect(hlcToMs(tick(startMs + 0.9, 0))).toBe(startMs)
  })

  it('comes after everything seen, whatever the clock says, and stays exact', () => {
    fc.assert(
      fc.property(times, times, fc.nat(999), (nowMs, seenMs, events) => {
        const seen = seenMs * 1000 + events
        const hlc = tick(nowMs, seen)
        expect(hlc).toBeGreaterThan(seen)
        expect(Number.isSafeInteger(hlc)).toBe(true)
        expect(hlcToMs(hlc)).toBeGreaterThanOrEqual(nowMs)
      }),
    )
  })

  it('keeps its order when more than a thousand writes fall into one millisecond', () => {
    let hlc = tick(startMs, 0)
    for (let write = 0; write < 2500; write++) hlc = tick(startMs, hlc)
    expect(hlc).toBe(startMs * 1000 + 2500)
    expect(tick(startMs + 3, hlc)).toBeGreaterThan(hlc)
  })
})

describe('the order of stamps', () => {
  it('is the same at every site and leaves no two different stamps equal', () => {
    fc.assert(
      fc.property(stamps, stamps, stamps, (a, b, c) => {
        expect(Math.sign(compareStamps(a, b))).toBe(-Math.sign(compareStamps(b, a)) + 0)
        if (compareStamps(a, b) === 0) expect(a).toEqual(b)
        if (compareStamps(a, b) <= 0 && compareStamps(b, c) <= 0) expect(compareStamps(a, c)).toBeLessThanOrEqual(0)
      }),
    )
  })

  it('asks for the time first, then the site, then the counter', () => {
    const stamp = { hlc: 5, site: 'gcp', counter: 5 }
    expect(compareStamps(stamp, { hlc: 4, site: 'zzz', counter: 9 })).toBeGreaterThan(0)
    expect(compareStamps(stamp, { hlc: 5, site: 'aws', counter: 9 })).toBeGreaterThan(0)
    expect(compareStamps(stamp, { hlc: 5, site: 'gcp', counter: 4 })).toBeGreaterThan(0)
  })
})
