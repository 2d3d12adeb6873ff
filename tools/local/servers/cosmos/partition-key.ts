/**
 * Which logical partition an item belongs to, and where that partition lies on the ring that physical partitions
 * and feed ranges divide ("effective partition key", EPK).
 *
 * Every container is hashed as version 2 of the service does; hierarchical keys are the hashes of their levels in a
 * row, so that all keys below a prefix are one range of the ring.
 *
 * Source: https://learn.microsoft.com/azure/cosmos-db/hierarchical-partition-keys
 */
import type { Document, Json } from '../../../../shared/document/json.ts'
import { isJsonObject } from '../../../../shared/document/json.ts'
import { parseJson } from './http-exchange.ts'
import { murmur3 } from './murmur3.ts'
import { badRequest } from './refusal.ts'

/** One level of a partition key; `undefined` for an item that lacks the property. */
export type KeyLevel = string | number | boolean | null | undefined
export type PartitionKey = readonly KeyLevel[]

/** Half open: `min` belongs to it, `max` does not. */
export interface KeyRange {
  readonly min: string
  readonly max: string
}

const wholeRing: KeyRange = { min: '', max: 'FF' }
/** Version 2 hashes leave the two highest bits unset: this halves them. */
const middleOfRing = '1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF'

/**
 * The ranges of a container's physical partitions. Two, although the service gives a small container one: code that
 * relies on one order over the whole container works until the first split in the cloud, and fails here at once.
 */
export const physicalRanges: readonly KeyRange[] = [
  { min: wholeRing.min, max: middleOfRing },
  { min: middleOfRing, max: wholeRing.max },
]

/** https://learn.microsoft.com/azure/cosmos-db/concepts-limits#per-logical-partition */
const partitionKeyBytesMax = 2048

/** The bytes that tell the kinds of values apart in what is hashed. */
const kindMark = { undefined: 0x00, null: 0x01, false: 0x02, true: 0x03, number: 0x05, string: 0x08, stringEnd: 0xff }

/** The partition key that a document's own properties make. Throws 400 where one is an object or an array. */
export function partitionKeyOf(document: Document, paths: readonly string[]): PartitionKey {
  return paths.map(path => keyLevel(valueAt(document, propertyNames(path))))
}

/** The header `x-ms-documentdb-partitionkey`, and `partitionKey` of a batch operation: `["a"]`, `[{}]` for none. */
export function parsePartitionKey(text: string): PartitionKey {
  const levels = parseJson(text)
  if (!Array.isArray(levels)) throw badRequest(`Partition key ${text} is invalid.`)
  return levels.map((level: Json) =>
    isJsonObject(level) && Object.keys(level).length === 0 ? undefined : keyLevel(level),
  )
}

/** Equal texts for equal keys. */
export function partitionKeyText(key: PartitionKey): string {
  return JSON.stringify(key.map(level => (level === undefined ? {} : level)))
}

/** Whether `key` lies below `prefix` (or is it). */
export function startsWithKey(key: PartitionKey, prefix: PartitionKey): boolean {
  return prefix.every((level, index) => level === key[index])
}

/** The place on the ring: upper-case hexadecimal digits, compared as text. */
export function effectivePartitionKey(key: PartitionKey): string {
  return key.map(level => ringPosition(level)).join('')
}

export function isInRange(epk: string, range: KeyRange): boolean {
  return epk >= range.min && epk < range.max
}

/** `/address/zip` and `/"a/b"/c` as lists of property names. */
export function propertyNames(path: string): readonly string[] {
  return [...path.matchAll(/\/(?:"([^"]*)"|'([^']*)'|([^/]*))/g)].map(match => match[1] ?? match[2] ?? match[3] ?? '')
}

export function valueAt(document: Document, names: readonly string[]): Json | undefined {
  let value: Json | undefined = document
  for (const name of names) {
    if (!isJsonObject(value) || !Object.hasOwn(value, name)) return undefined
    value = value[name]
  }
  return value
}

function keyLevel(value: Json | undefined): KeyLevel {
  if (typeof value === 'object' && value !== null)
    throw badRequest('Partition key values are strings, numbers, booleans or null, not objects or arrays.')
  if (typeof value === 'string' && Buffer.byteLength(value) > partitionKeyBytesMax)
    throw badRequest(`The partition key value is longer than ${partitionKeyBytesMax} bytes.`)
  return value
}

function ringPosition(level: KeyLevel): string {
  const [h1, h2] = murmur3(hashedBytes(level))
  const withoutHighestBits = h2 & 0x3fffffffffffffffn
  return (hex(withoutHighestBits) + hex(h1)).toUpperCase()
}

function hashedBytes(level: KeyLevel): Uint8Array {
  if (level === undefined) return Uint8Array.of(kindMark.undefined)
  if (level === null) return Uint8Array.of(kindMark.null)
  if (typeof level === 'boolean') return Uint8Array.of(level ? kindMark.true : kindMark.false)
  if (typeof level === 'string')
    return Buffer.concat([Uint8Array.of(kindMark.string), Buffer.from(level), Uint8Array.of(kindMark.stringEnd)])
  const number = Buffer.alloc(9)
  number.writeUInt8(kindMark.number)
  number.writeDoubleLE(level, 1)
  return number
}

function hex(value: bigint): string {
  return value.toString(16).padStart(16, '0')
}
