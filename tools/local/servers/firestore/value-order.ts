/**
 * Which of two values comes first? Firestore's total order over all types: queries sort by it and the array
 * operations compare by it. Two values may be equal in this order and yet differ (integer 3 and double 3.0);
 * `value-identity.ts` answers whether they are the same.
 *
 * Source: https://firebase.google.com/docs/firestore/manage-data/data-types#value_type_ordering
 */
import { compareNames } from './document-names.ts'
import { timestampToMicros } from './timestamps.ts'
import { compareUtf8 } from './utf8-order.ts'
import type { ArrayContent, Fields, FirestoreValue, GeoPoint } from './values.ts'

const vectorRank = 9
const ranks: Readonly<Record<FirestoreValue['valueType'], number>> = {
  nullValue: 0,
  booleanValue: 1,
  integerValue: 2,
  doubleValue: 2,
  timestampValue: 3,
  stringValue: 4,
  bytesValue: 5,
  referenceValue: 6,
  geoPointValue: 7,
  arrayValue: 8,
  mapValue: 10,
}

/** Values are comparable by `<` and `>` in a filter only if their ranks are equal. */
export function typeRank(value: FirestoreValue): number {
  return vectorOf(value) ? vectorRank : ranks[value.valueType]
}

/** Negative, zero or positive, as `Array.sort` wants it. */
export function compareValues(a: FirestoreValue, b: FirestoreValue): number {
  const rankOrder = typeRank(a) - typeRank(b)
  if (rankOrder !== 0) return rankOrder
  const x = numberOf(a)
  const y = numberOf(b)
  if (x !== undefined && y !== undefined) return compareNumbers(x, y)
  if (a.valueType === 'booleanValue' && b.valueType === 'booleanValue')
    return Number(a.booleanValue) - Number(b.booleanValue)
  if (a.valueType === 'timestampValue' && b.valueType === 'timestampValue')
    return compareNumbers(timestampToMicros(a.timestampValue), timestampToMicros(b.timestampValue))
  if (a.valueType === 'stringValue' && b.valueType === 'stringValue') return compareUtf8(a.stringValue, b.stringValue)
  if (a.valueType === 'bytesValue' && b.valueType === 'bytesValue') return Buffer.compare(a.bytesValue, b.bytesValue)
  if (a.valueType === 'referenceValue' && b.valueType === 'referenceValue')
    return compareNames(a.referenceValue, b.referenceValue)
  if (a.valueType === 'geoPointValue' && b.valueType === 'geoPointValue')
    return comparePoints(a.geoPointValue, b.geoPointValue)
  if (a.valueType === 'arrayValue' && b.valueType === 'arrayValue') return compareArrays(a.arrayValue, b.arrayValue)
  if (a.valueType === 'mapValue' && b.valueType === 'mapValue') {
    const v = vectorOf(a)
    const w = vectorOf(b)
    if (v && w) return v.values.length - w.values.length || compareArrays(v, w)
    return compareFields(a.mapValue.fields, b.mapValue.fields)
  }
  return 0
}

/** Equal in the order: what array membership and equality filters mean by "the same". */
export function sameOrder(a: FirestoreValue, b: FirestoreValue): boolean {
  return compareValues(a, b) === 0
}

/** The numeric value: a bigint for an integer (exact), a number for a double, undefined for anything else. */
export function numberOf(value: FirestoreValue): bigint | number | undefined {
  if (value.valueType === 'integerValue') return BigInt(value.integerValue)
  return value.valueType === 'doubleValue' ? value.doubleValue : undefined
}

/** Exact between integers and doubles (JavaScript compares bigint and number exactly); NaN before all numbers. */
function compareNumbers(a: bigint | number, b: bigint | number): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : -1
  if (Number.isNaN(b)) return 1
  return a < b ? -1 : a > b ? 1 : 0
}

function comparePoints(a: GeoPoint, b: GeoPoint): number {
  return compareNumbers(a.latitude, b.latitude) || compareNumbers(a.longitude, b.longitude)
}

function compareArrays(a: ArrayContent, b: ArrayContent): number {
  for (const [index, value] of a.values.entries()) {
    const other = b.values[index]
    if (other === undefined) return 1
    const order = compareValues(value, other)
    if (order !== 0) return order
  }
  return a.values.length - b.values.length
}

function compareFields(a: Fields, b: Fields): number {
  const x = sortedEntries(a)
  const y = sortedEntries(b)
  for (const [index, [name, value]] of x.entries()) {
    const other = y[index]
    if (other === undefined) return 1
    const order = compareUtf8(name, other[0]) || compareValues(value, other[1])
    if (order !== 0) return order
  }
  return x.length - y.length
}

function sortedEntries(fields: Fields): readonly (readonly [string, FirestoreValue])[] {
  return Object.entries(fields).sort(([a], [b]) => compareUtf8(a, b))
}

/** A vector is stored as a map with a mark: `{__type__: '__vector__', value: [...]}`. */
function vectorOf(value: FirestoreValue): ArrayContent | undefined {
  if (value.valueType !== 'mapValue') return undefined
  const { fields } = value.mapValue
  const mark = Object.hasOwn(fields, '__type__') ? fields.__type__ : undefined
  const content = Object.hasOwn(fields, 'value') ? fields.value : undefined
  if (mark?.valueType !== 'stringValue' || mark.stringValue !== '__vector__') return undefined
  return content?.valueType === 'arrayValue' ? content.arrayValue : undefined
}
