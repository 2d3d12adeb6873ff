/** A counter's sum must be the number that people would write down, or every merge looks like one more change. */
import Big from 'big.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  add,
  amountOf,
  amountToNumber,
  compareAmounts,
  isAmount,
  maximum,
  subtract,
} from '../../shared/resolve/amount.ts'
import { counterType } from '../../shared/resolve/counter.ts'

const numbers = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0.1, 0.2, 0.3, 1e-7, 2 ** 53, -(2 ** 53), Number.MAX_VALUE, Number.MIN_VALUE),
)
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
