/**
 * One number, one portable form, whichever store it comes from.
 *
 * A JSON number where a double holds it and every store's own number type does too; else `{"$number": "<decimal>"}` in
 * one canonical text: 38 digits of DynamoDB, integers of Firestore beyond 2^53, NaN, a double of 1e300. Equal numbers are
 * one number: Firestore's double 1.0 is 1, and -0 is 0 (they are equal in every store's own queries).
 *
 * A double stands for the shortest decimal that reads back as it, as JSON and every store's clients write it; between
 * 2^53 and 2^63, where Firestore has integers of its own beside it, for the exact integer that it is.
 */
import Big from 'big.js'
import type { Json } from './json.ts'

/** DynamoDB's numbers: magnitudes from 1e-130 to below 1e126, 38 decimal digits. */
const magnitudeMin = 1e-130
const magnitudeLimit = 1e126
const digitsMax = 38

/** Longer texts are no numbers of any store; they would only cost time. */
const textLengthMax = 400

const int64Limit = 2 ** 63
const decimal = /^-?\d+(\.\d+)?(e[+-]?\d{1,3})?$/i
const notFinite: ReadonlySet<string> = new Set(['NaN', 'Infinity', '-Infinity'])

/** The portable form of a double. */
export function numberFromDouble(double: number): Json {
  if (double === 0) return 0
  const magnitude = Math.abs(double)
  return magnitude >= magnitudeMin && magnitude < magnitudeLimit ? double : { $number: String(double) }
}

/** The portable form of a decimal, in whatever notation; undefined if it is none. */
export function numberFromText(text: string): Json | undefined {
  const double = Number(text)
  if (Number.isSafeInteger(double) && String(double) === text) return double
  if (notFinite.has(text)) return { $number: text }
  if (text.length > textLengthMax || !decimal.test(text)) return undefined
  const canonical = canonicalDecimal(new Big(text))
  return textOfDouble(double) === canonical ? numberFromDouble(double) : { $number: canonical }
}

/** Is this what stands in `{"$number": text}`: one that is not written as a JSON number, in its one form? */
export function isNumberTagText(text: string): boolean {
  const number = numberFromText(text)
  return typeof number === 'object' && number !== null && '$number' in number && number.$number === text
}

/** The decimal text of a portable number, or `NaN`, `Infinity`, `-Infinity`; undefined: no number. */
export function textOfNumber(value: Json | undefined): string | undefined {
  if (typeof value === 'number') return textOfDouble(value)
  if (typeof value !== 'object' || value === null || !('$number' in value)) return undefined
  const { $number: text, ...others } = value
  const isTag = typeof text === 'string' && Object.keys(others).length === 0 && isNumberTagText(text)
  return isTag ? text : undefined
}

/** The double that stands for exactly this canonical decimal, NaN and the infinities included; undefined: none does. */
export function doubleFromText(text: string): number | undefined {
  const double = Number(text)
  return textOfDouble(double) === text ? double : undefined
}

/** Does a canonical decimal fit into 38 digits from 1e-130 to 1e126, as DynamoDB keeps them? */
export function isDecimal38(text: string): boolean {
  if (notFinite.has(text)) return false
  const { c: digits, e: exponent } = new Big(text)
  return text === '0' || (digits.length <= digitsMax && exponent >= -130 && exponent <= 125)
}

/** A canonical decimal that is a whole number. */
export function isWhole(text: string): boolean {
  if (notFinite.has(text)) return false
  const { c: digits, e: exponent } = new Big(text)
  return text === '0' || digits.length - 1 <= exponent
}

/** Negative, zero or positive, as a comparator's result. Of decimals only. */
export function compareDecimals(a: string, b: string): number {
  return new Big(a).cmp(b)
}

function textOfDouble(double: number): string {
  const magnitude = Math.abs(double)
  if (magnitude <= Number.MAX_SAFE_INTEGER || !Number.isFinite(double)) return String(double === 0 ? 0 : double)
  return double >= -int64Limit && double < int64Limit ? String(BigInt(double)) : canonicalDecimal(new Big(double))
}

/** As JavaScript writes a number, but whole numbers of up to 38 digits with all their digits. */
function canonicalDecimal(value: Big): string {
  return value.e >= 0 && value.e < digitsMax ? value.toFixed() : value.toString()
}
