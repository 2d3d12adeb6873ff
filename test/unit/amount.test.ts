/** A counter's sum must be the number that people would write down, or every merge looks like one more change. */
import Big from 'big.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isJsonObject, type Json } from '../../shared/document/json.ts'
import { numberFromDouble } from '../../shared/document/portable-number.ts'
import {
  add,
  amountOf as amountIn,
  amountToJson,
  compareAmounts,
  isAmount,
  maximum,
  subtract,
} from '../../shared/resolve/amount.ts'
import { counterType } from '../../shared/resolve/counter.ts'
import type { Amount } from '../../shared/resolve/merge-type.ts'

const numbers = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0.1, 0.2, 0.3, 1e-7, 2 ** 53, -(2 ** 53), Number.MAX_VALUE, Number.MIN_VALUE),
)
function amountOf(value: Json): Amount {
  const amount = amountIn(value)
  if (amount === undefined) throw new Error(`${JSON.stringify(value)} is no amount`)
  return amount
}

/** As a double: what a document shows as one. */
function amountToNumber(amount: Amount): number {
  const json = amountToJson(amount)
  return Number(isJsonObject(json) ? json.$number : json)
}

const amounts = numbers.map(amountOf)

describe('sums', () => {
  it.each([
    [0.1, 0.2, 0.3],
    [0.3, -0.1, 0.2],
    [-0.7, 0.1, -0.6],
    [1.005, 0.005, 1.01],
    [2 ** 53 - 1, 2, 2 ** 53 + 1],
    [-(2 ** 53) + 1, -1, -(2 ** 53)],
    [1e21, -1e21, 0],
    [5, -5, 0],
  ])('%d + %d = %d', (a, b, sum) => {
    expect(amountToNumber(add(amountOf(a), amountOf(b)))).toBe(sum)
  })

  it('keep what a double cannot: 2^53 + 1 - 2^53 is 1', () => {
    const large = add(amountOf(2 ** 53), 1)
    expect(large).toBe('9007199254740993')
    expect(subtract(large, amountOf(2 ** 53))).toBe(1)
  })

  it('are exact, in every order, and written the one way', () => {
    fc.assert(
      fc.property(amounts, amounts, amounts, (a, b, c) => {
        expect(add(a, b)).toBe(add(b, a))
        expect(add(add(a, b), c)).toBe(add(a, add(b, c)))
        expect(subtract(add(a, b), b)).toBe(a)
        expect(new Big(add(a, b)).eq(new Big(a).plus(b))).toBe(true)
        expect(isAmount(add(add(a, b), c))).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  it('compare as numbers do', () => {
    fc.assert(
      fc.property(numbers, numbers, (x, y) => {
        const [a, b] = [amountOf(x), amountOf(y)]
        expect(Math.sign(compareAmounts(a, b))).toBe(x > y ? 1 : x < y ? -1 : 0)
        expect(amountToNumber(maximum(a, b))).toBe(Math.max(x, y) + 0)
      }),
    )
  })
})

describe('an amount', () => {
  it('reads back as the number it was made from', () => {
    fc.assert(
      fc.property(numbers, value => void expect(amountToNumber(amountOf(value))).toBe(value + 0)),
      { numRuns: 2000 },
    )
  })

  it('is in a document as numbers are in it: a double, or tagged where no store has one', () => {
    fc.assert(
      fc.property(numbers, value => void expect(amountToJson(amountOf(value))).toEqual(numberFromDouble(value))),
    )
  })

  it.each(
    ['9007199254740993', '-12345678901234567890123456789012345678', '1.5e+300', '1e-200'].map($number => ({ $number })),
  )('reads back as the tagged number it was made from: $$number', tagged => {
    expect(amountToJson(amountOf(tagged))).toEqual(tagged)
  })

  it.each([
    { $number: 'NaN' },
    { $number: '-Infinity' },
    { $number: '0.12345678901234567890' },
    { $number: '123456789012345678901234567890123456789' },
    { $number: '5' },
    { $number: '1.50' },
    { $bytes: 'AQID' },
    '5',
    null,
  ])('is not made from %j: no sum of it would be exact', value => {
    expect(amountIn(value)).toBeUndefined()
    expect(counterType.misfit(value, ['n'])).toMatchObject({
      path: ['n'],
      reason: expect.stringContaining('a counter'),
    })
  })

  it('beyond the range of JSON numbers is the largest there is', () => {
    const twice = add(amountOf(Number.MAX_VALUE), amountOf(Number.MAX_VALUE))
    expect(amountToNumber(twice)).toBe(Number.MAX_VALUE)
    expect(subtract(twice, amountOf(Number.MAX_VALUE))).toBe(amountOf(Number.MAX_VALUE))
  })

  it.each([1.5, 2 ** 53, Number.NaN, '', '1.', '.5', '+1', '0x10', '1e', '1e1000', '9'.repeat(2000), null, true, []])(
    '%j is none',
    value => {
      expect(isAmount(value)).toBe(false)
    },
  )
})

describe('a counter beyond 2^53', () => {
  it('loses nothing of what two sites add to it', () => {
    const report = () => undefined
    const of = (site: string, counter: number) => ({ site, counter, hlc: counter })
    const base = counterType.write(undefined, undefined, 2 ** 53, of('aws', 1))?.state
    const plus = (site: string, amount: number) =>
      counterType.write(base, 2 ** 53, 2 ** 53 + amount, of(site, 2))?.state
    const joined = counterType.join(plus('aws', 2), plus('gcp', -4), {
      a: { seen: { aws: 2 }, whole: true },
      b: { seen: { aws: 1, gcp: 2 }, whole: true },
      path: [],
      report,
    })
    expect(joined && counterType.view(joined)).toBe(2 ** 53 - 2)
  })
})

describe('a counter of more digits than a double has', () => {
  const of = (site: string, counter: number) => ({ site, counter, hlc: counter })
  const large = { $number: '12345678901234567890123456789012345678' }

  it('adds what two sites added, to the last digit', () => {
    const base = counterType.write(undefined, undefined, large, of('aws', 1))?.state
    const plus = (site: string, after: string) => counterType.write(base, large, { $number: after }, of(site, 2))?.state
    const joined = counterType.join(
      plus('aws', '12345678901234567890123456789012345679'),
      plus('gcp', '12345678901234567890123456789012345688'),
      {
        a: { seen: { aws: 2 }, whole: true },
        b: { seen: { aws: 1, gcp: 2 }, whole: true },
        path: [],
        report: () => undefined,
      },
    )
    expect(joined && counterType.view(joined)).toEqual({ $number: '12345678901234567890123456789012345689' })
  })

  it('sees no change in the same number again', () => {
    const state = counterType.write(undefined, undefined, large, of('aws', 1))?.state
    expect(counterType.write(state, large, { ...large }, of('aws', 2))).toBeUndefined()
  })
})
