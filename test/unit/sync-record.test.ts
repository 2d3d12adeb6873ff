/** A sync record that is read differently from how it was written makes a merge out of nothing. */
import { describe, expect, it } from 'vitest'
import { canonicalText } from '../../shared/document/canonical.ts'
import {
  decodeRecord,
  EncodingUnknown,
  encodeRecord,
  heldCapturesMax,
  holdCapture,
  noRecord,
  type SyncRecord,
} from '../../shared/replicate/sync-record.ts'
import { NamedCells } from '../../shared/resolve/named-cells.ts'
import plan from '../../sync.config.ts'
import { MemorySite, settle } from './memory-site.ts'

const cart = { type: 'carts', key: ['alice'] }
const text = (record: SyncRecord) => canonicalText(JSON.parse(JSON.stringify(record)))

describe('a stored sync record', () => {
  it('reads back, the empty one too', () => {
    expect(decodeRecord(encodeRecord(noRecord))).toEqual(noRecord)
  })

  it('reads back with siblings, amounts, removed items, held captures and resolutions in it', async () => {
    const sites = [new MemorySite(plan, 'aws-us-east-1'), new MemorySite(plan, 'gcp-us-central1')] as const
    for (const [index, site] of sites.entries()) {
      site.write(cart, {
        currency: 'EUR',
        items: { ['__proto__']: { quantity: 0.1 + index }, mug: { quantity: 2 ** 53 } },
      })
      await site.work()
      site.write(cart, { currency: `c${index}`, items: { mug: { quantity: 3, note: 'x' } } })
    }
    await settle(sites)
    const record = sites[1].record(cart)
    expect(record.resolutions).not.toEqual([])
    expect(record.held).toHaveLength(heldCapturesMax)
    expect(text(decodeRecord(encodeRecord(record)))).toBe(text(record))
  })

  it.each([[4], [0], ['5'], [null]])('of version %j is not guessed at', version => {
    const stored = encodeRecord(noRecord).replace('[5,', `[${JSON.stringify(version)},`)
    expect(() => decodeRecord(stored)).toThrow(EncodingUnknown)
    expect(() => decodeRecord(stored)).toThrow(`encoding ${JSON.stringify(version)}; this version reads 5`)
  })

  it('does not read its state before somebody asks for it, and then only once', () => {
    const state = { present: [['aws-us-east-1', 3] as const], cells: NamedCells.none }
    const text = encodeRecord({ ...noRecord, vector: { 'aws-us-east-1': 3 }, state })
    const record = decodeRecord(text.replace(/\n.*/, '\n[spoiled'))
    expect(record.vector).toEqual({ 'aws-us-east-1': 3 })
    expect(() => record.state).toThrow(SyntaxError)
    const whole = decodeRecord(text)
    expect(whole.state).toEqual(state)
    expect(whole.state).toBe(whole.state)
  })

  it('of a document of 1 KB takes at most 0.6 of its bytes and 300 more, and reads back', async () => {
    const site = new MemorySite(plan, 'aws-us-east-1')
    const lines = Array.from({ length: 9 }, (_, line) => [
      `sku-${(line * 7919) % 10007}`,
      {
        quantity: line + 1,
        note: `${line % 2 ? 'gift wrapped, ' : ''}for the kitchen, colour ${line * 37}, leave at door`,
      },
    ])
    const document = { currency: 'EUR', coupon: 'WINTER-26', items: Object.fromEntries(lines) }
    site.write(cart, document)
    await site.work()
    const record = site.record(cart)
    const stored = encodeRecord(record)
    expect(stored.length).toBeLessThan(0.6 * JSON.stringify(document).length + 300)
    expect(text(decodeRecord(stored))).toBe(text(record))
  })

  it.each(['', 'null', '{}', '[1]', 'hello'])('%j is no record', text => {
    expect(() => decodeRecord(text)).toThrow()
  })

  it('holds the last captures only, oldest first', () => {
    const capture = (to: number) => ({ from: to - 1, to, seen: {}, touched: true }) as const
    const held = [1, 2, 3].map(capture).reduce(holdCapture, [] as ReturnType<typeof holdCapture>)
    expect(held.map(({ to }) => to)).toEqual([2, 3])
  })
})
