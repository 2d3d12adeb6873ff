/**
 * Exact decimal sums. Binary fractions would make a counter's view differ from the document in the last digit, and
 * the difference would be captured as one more write. Safe integers, the usual case, never leave machine numbers.
 */
import Big from 'big.js'
import type { Json } from '../document/json.ts'
import {
  doubleFromText,
  isDecimal38,
  isWhole,
  numberFromDouble,
  numberFromText,
  textOfNumber,
} from '../document/portable-number.ts'
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

/**
 * A document's number as an amount. Undefined for what is none, and for a fraction that no double stands for: sums of
 * doubles have such fractions, which `amountToJson` rounds away, and could not be told from it.
 */
export function amountOf(value: Json | undefined): Amount | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value + 0
  const text = textOfNumber(value)
  if (text === undefined) return undefined
  const isExact = isCountedExactly(text) || Number.isFinite(doubleFromText(text))
  return isExact ? fromBig(new Big(text)) : undefined
}

/**
 * The document's number: exact for whole numbers of up to 38 digits, which DynamoDB and Firestore count in, else the
 * nearest double, at the ends of the range the largest one there is.
 */
export function amountToJson(amount: Amount): Json {
  if (typeof amount === 'number') return amount
  if (isCountedExactly(amount)) return numberFromText(amount) ?? 0
  const number = Number(amount)
  return numberFromDouble(Number.isFinite(number) ? number : Math.sign(number) * Number.MAX_VALUE)
}

function isCountedExactly(text: string): boolean {
  return isWhole(text) && isDecimal38(text)
}

/** Sums of doubles stay within three digits of exponent; one text with nine of them would fill the memory. */
export function isAmount(value: unknown): value is Amount {
  if (typeof value === 'number') return Number.isSafeInteger(value)
  return typeof value === 'string' && value.length < 2000 && /^-?\d+(\.\d+)?(e[+-]?\d{1,3})?$/.test(value)
}
