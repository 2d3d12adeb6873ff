/**
 * What Firestore refuses to store, so that code which would fail in the cloud fails here too.
 *
 * Sources: https://firebase.google.com/docs/firestore/quotas#limits and
 * https://firebase.google.com/docs/firestore/storage-size
 */
import { relativeSegments } from './document-names.ts'
import { invalidArgument } from './refusal.ts'
import { microsToTimestamp, timestampToMicros } from './timestamps.ts'
import type { Fields, FirestoreValue } from './values.ts'
import { arrayValue, mapValue, timestampValue } from './values.ts'

export const documentBytesMax = 1_048_576
export const commitBytesMax = 10 * 1_048_576
const fieldNameBytesMax = 1500
const nestingMax = 20

/**
 * The fields as they will be stored (timestamps rounded down to microseconds).
 * Throws INVALID_ARGUMENT for what cannot be stored.
 */
export function storableFields(fields: Fields): Fields {
  for (const name of Object.keys(fields)) assertFieldName(name)
  return storableMap(fields, 1)
}

/** The same for one value of a field, as transforms bring them. */
export function storableValue(value: FirestoreValue): FirestoreValue {
  return storable(value, 1)
}

/** The stored size in bytes, by Firestore's published formula. */
export function documentBytes(name: string, fields: Fields): number {
  return nameBytes(name) + fieldsBytes(fields) + 32
}

export function assertDocumentFits(name: string, bytes: number): void {
  if (bytes <= documentBytesMax) return
  const [size, limit] = [bytes, documentBytesMax].map(count => count.toLocaleString('en-US'))
  throw invalidArgument(
    `Document '${name}' cannot be written because its size (${size} bytes) exceeds the maximum allowed size of ${limit} bytes.`,
  )
}

function storable(value: FirestoreValue, depth: number): FirestoreValue {
  if (depth > nestingMax) throw invalidArgument(`Maps and arrays nest deeper than ${nestingMax} levels.`)
  switch (value.valueType) {
    case 'timestampValue':
      return timestampValue(microsToTimestamp(timestampToMicros(value.timestampValue)))
    case 'arrayValue':
      if (value.arrayValue.values.some(element => element.valueType === 'arrayValue'))
        throw invalidArgument('Cannot convert an array value in an array value.')
      return arrayValue(value.arrayValue.values.map(element => storable(element, depth + 1)))
    case 'mapValue':
      return mapValue(storableMap(value.mapValue.fields, depth + 1))
    case 'nullValue':
    case 'booleanValue':
    case 'integerValue':
    case 'doubleValue':
    case 'stringValue':
    case 'bytesValue':
    case 'referenceValue':
    case 'geoPointValue':
      return value
    default:
      throw invalidArgument('A value has no type, or one that cannot be stored.')
  }
}

function storableMap(fields: Fields, depth: number): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      // The mark of a vector is the one reserved name that clients do write.
      if (name !== '__type__') assertFieldName(name)
      return [name, storable(value, depth)]
    }),
  )
}

function assertFieldName(name: string): void {
  if (name === '') throw invalidArgument('A field name must not be empty.')
  if (/^__.*__$/.test(name)) throw invalidArgument(`The field name "${name}" is reserved.`)
  if (Buffer.byteLength(name) > fieldNameBytesMax)
    throw invalidArgument(`A field name is longer than ${fieldNameBytesMax} bytes.`)
}

function nameBytes(name: string): number {
  return relativeSegments(name).reduce((sum, segment) => sum + stringBytes(segment), 16)
}

function fieldsBytes(fields: Fields): number {
  return Object.entries(fields).reduce((sum, [name, value]) => sum + stringBytes(name) + valueBytes(value), 0)
}

function valueBytes(value: FirestoreValue): number {
  switch (value.valueType) {
    case 'nullValue':
    case 'booleanValue':
      return 1
    case 'integerValue':
    case 'doubleValue':
    case 'timestampValue':
      return 8
    case 'geoPointValue':
      return 16
    case 'stringValue':
      return stringBytes(value.stringValue)
    case 'bytesValue':
      return value.bytesValue.length
    case 'referenceValue':
      return nameBytes(value.referenceValue)
    case 'arrayValue':
      return value.arrayValue.values.reduce((sum, element) => sum + valueBytes(element), 0)
    case 'mapValue':
      return fieldsBytes(value.mapValue.fields)
  }
}

function stringBytes(text: string): number {
  return Buffer.byteLength(text) + 1
}
