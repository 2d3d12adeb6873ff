/** A peer refuses a request that is too large: batches must stay below it, and no change may be left out. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { batchBytesMax, batchChangesMax, batchesOf } from '../../shared/replicate/batches.ts'
import type { ChangeEvent } from '../../shared/replicate/change-event.ts'

const change = {
  type: 'carts',
  key: ['alice'],
  origin: 'aws-us-east-1',
  plan: 'plan',
  operation: 'update',
  vector: {},
  hlc: 0,
  asOfMs: 0,
  intervals: [],
  state: undefined,
} as const

const eventOf = (text: string): ChangeEvent => ({ change, text })
const bytesOf = (batch: readonly string[]) => Buffer.byteLength(`[${batch.join(',')}]`)

const texts = fc.array(
  fc
    .tuple(fc.constantFrom('x', 'ü', '☂'), fc.oneof(fc.nat(500), fc.nat(60_000)))
    .map(([unit, length]) => unit.repeat(length)),
  { maxLength: 150, size: 'max' },
)

describe('batches', () => {
  it('hold every event once, in order, as few batches as can be', () => {
    fc.assert(
      fc.property(texts, all => {
        const batches = batchesOf(all, eventOf)
        expect(batches.flat()).toEqual(all)
        for (const [index, batch] of batches.entries()) {
          expect(batch.length).toBeLessThanOrEqual(batchChangesMax)
          const next = batches[index + 1]?.[0]
          if (next === undefined || batch.length === batchChangesMax) continue
          expect(bytesOf([...batch, next])).toBeGreaterThan(batchBytesMax)
        }
      }),
    )
  })

  it('stay below their size, but for an event that is larger by itself and travels alone', () => {
    fc.assert(
      fc.property(texts, all => {
        for (const batch of batchesOf(all, eventOf)) {
          if (batch.length > 1) expect(bytesOf(batch)).toBeLessThanOrEqual(batchBytesMax)
        }
      }),
    )
  })

  it('are full to the last byte: two events that just fit travel together', () => {
    const half = 'x'.repeat(batchBytesMax / 2 - 2)
    const rest = batchBytesMax - bytesOf([half, ''])
    expect(batchesOf([half, 'x'.repeat(rest)], eventOf)).toHaveLength(1)
    expect(batchesOf([half, 'x'.repeat(rest + 1)], eventOf)).toHaveLength(2)
  })

  it('count bytes, not letters', () => {
    const umbrellas = '☂'.repeat(batchBytesMax / 5)
    expect(batchesOf([umbrellas, umbrellas], eventOf)).toHaveLength(2)
  })
})
