/**
 * Two sites set the same value at once, and the greater one is right whoever was later: a version, a price floor, a high
 * score. Which one counts?
 *
 * The greatest: by itself, or by one of its fields. Numbers compare as numbers, exactly, also those beyond a double; texts
 * by their UTF-16 units; a number is above a text, and both are above whatever else. Of equal ones the latest counts. The
 * others stay beside it as siblings until a write that has seen them replaces them all.
 *
 * Only concurrent values are compared: an application that has seen 7 may set 5, and reads 5. Not for a value that must
 * never go down: let the application write conditionally, or declare what happened (an event log) instead of its outcome.
 */
import { isJsonObject, type Json } from '../document/json.ts'
import { compareDecimals, textOfNumber } from '../document/portable-number.ts'
import type { MergeType, RegisterState } from './merge-type.ts'
import { byStamp, createRegister, greatest } from './register.ts'

/** `by`: the field that is compared. */
export function createHighest(by: string | undefined): MergeType<RegisterState> {
  const measure = (value: Json) => measureOf(value, by)
  return createRegister({
    rule: 'highest-wins',
    choose: siblings => greatest(siblings, (a, b) => compareMeasures(measure(a[3]), measure(b[3])) || byStamp(a, b)),
  })
}

/** What of a value is compared; undefined: it has no such field. */
export function measureOf(value: Json, by: string | undefined): Json | undefined {
  if (by === undefined) return value
  return isJsonObject(value) && Object.hasOwn(value, by) ? value[by] : undefined
}

/** Negative, zero or positive, as a comparator's result. */
export function compareMeasures(a: Json | undefined, b: Json | undefined): number {
  const [x, y] = [textOfNumber(a), textOfNumber(b)]
  if (x !== undefined && y !== undefined) return compareNumbers(x, y)
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0
  return rank(a) - rank(b)
}

function rank(value: Json | undefined): number {
  return textOfNumber(value) !== undefined ? 2 : typeof value === 'string' ? 1 : 0
}

/** Of canonical decimals, or `NaN` (below all others) and the infinities. */
function compareNumbers(a: string, b: string): number {
  const [x, y] = [endOf(a), endOf(b)]
  return x === 0 && y === 0 ? compareDecimals(a, b) : x - y
}

/** Where on the line a number stands that has no digits; 0: it has. */
function endOf(text: string): number {
  return text === 'NaN' ? -2 : text === '-Infinity' ? -1 : text === 'Infinity' ? 1 : 0
}
