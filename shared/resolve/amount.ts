/**
 * Exact decimal sums. Binary fractions would make a counter's view differ from the document in the last digit, and
 * the difference would be captured as one more write. Safe integers, the usual case, never leave machine numbers.
 */
import Big from 'big.js'
import type { Amount } from './merge-type.ts'

function fromBig(value: Big): Amount {
  const number = value.toNumber()
  return Number.isSafeInteger(number) && value.eq(number) ? number : value.toString()
}

export function add(a: Amount, b: Amount): Amount {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b
    if (Number.isSafeInteger(sum)) return sum
  }
  return fromBig(new Big(a).plus(b))
}

export function subtract(a: Amount, b: Amount): Amount {
  return add(a, negate(b))
}

function negate(a: Amount): Amount {
  if (typeof a === 'number') return a === 0 ? 0 : -a
  return fromBig(new Big(a).neg())
}

/** Negative, zero or positive, as a comparator's result. */
export function compareAmounts(a: Amount, b: Amount): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : new Big(a).cmp(b)
}

export function maximum(a: Amount, b: Amount): Amount {
  return compareAmounts(a, b) >= 0 ? a : b
}

/** A JSON number as an amount: the shortest decimal that JavaScript reads as this number. */
export function amountOf(value: number): Amount {
  return Number.isSafeInteger(value) ? value + 0 : fromBig(new Big(value))
}

/** The nearest JSON number; at the ends of the range the largest one there is. */
export function amountToNumber(amount: Amount): number {
  if (typeof amount === 'number') return amount
  const number = Number(amount)
  return Number.isFinite(number) ? number : Math.sign(number) * Number.MAX_VALUE
}

/** Sums of doubles stay within three digits of exponent; one text with nine of them would fill the memory. */
export function isAmount(value: unknown): value is Amount {
  if (typeof value === 'number') return Number.isSafeInteger(value)
  return typeof value === 'string' && value.length < 2000 && /^-?\d+(\.\d+)?(e[+-]?\d{1,3})?$/.test(value)
}
