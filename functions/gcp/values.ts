/**
 * Firestore's values and the portable ones: what fits is the same value on both sides, what does not is refused by name.
 *
 * An integer and a double are one JSON number. A whole number is written as an integer, so that the application's
 * `FieldValue.increment` goes on counting in integers; the client hands integers over as BigInt, so that one beyond
 * 2^53 is seen and not rounded.
 */
import { type DocumentData, DocumentReference, GeoPoint, Timestamp, VectorValue } from '@google-cloud/firestore'
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import { type Document, emptyObject, isJsonObject, type Json } from '../../shared/document/json.ts'
import { ValueRefused } from '../../shared/ports/index.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'

/** https://firebase.google.com/docs/firestore/quotas#limits */
const documentBytesMax = 1_048_576
const fieldNameBytesMax = 1500
const nestingMax = 20
const reservedName = /^__.*__$/s

const limit = `a document in Firestore has at most ${documentBytesMax}`

/** The document without its key fields. Throws `ValueRefused`. */
export function portableDocument(ref: RecordRef, type: TypePlan, data: DocumentData): Document {
  const document = portableObject(ref, data, [])
  type.key.forEach((field, index) => {
    if (!Object.hasOwn(document, field)) return
    if (document[field] !== ref.key[index]) {
      throw new ValueRefused(ref, [field], 'a key field that contradicts the id of its document')
    }
    delete document[field]
  })
  return document
}

/** The document with its key fields, as the client writes it. Throws `ValueRefused`. */
export function storableDocument(ref: RecordRef, type: TypePlan, document: Document): Readonly<Record<string, Json>> {
  const data = storableObject(ref, document, [])
  type.key.forEach((field, index) => {
    data[field] = ref.key[index] ?? ''
  })
  const bytes = valueBytes(data)
  if (bytes > documentBytesMax) throw new ValueRefused(ref, [], `${bytes} bytes; ${limit}`)
  return data
}

/** The text of a sync record, which is a document like any other. Throws `ValueRefused`. */
export function storableRecordText(ref: RecordRef, text: string): string {
  const bytes = valueBytes(text)
  if (bytes > documentBytesMax) throw new ValueRefused(ref, [], `its sync record has ${bytes} bytes; ${limit}`)
  return text
}

function portableObject(ref: RecordRef, data: object, path: readonly string[]): Record<string, Json> {
  const object = emptyObject<Json>()
  for (const [name, value] of Object.entries(data)) object[name] = portableValue(ref, value, [...path, name])
  return object
}

function portableValue(ref: RecordRef, value: unknown, path: readonly string[]): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      if (Number.isFinite(value)) return value
      throw new ValueRefused(ref, path, `${value}, which JSON does not have`)
    case 'bigint':
      if (Number.isSafeInteger(Number(value))) return Number(value)
      throw new ValueRefused(ref, path, `the integer ${value}, which a double cannot hold exactly`)
  }
  if (value === null) return null
  if (Array.isArray(value)) return value.map((element, index) => portableValue(ref, element, [...path, `${index}`]))
  if (isMap(value)) return portableObject(ref, value, path)
  throw new ValueRefused(ref, path, `${kindOf(value)}, which is no JSON value`)
}

/** The client makes plain objects of maps, and classes of its own of everything else. */
function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

function kindOf(value: unknown): string {
  if (value instanceof Timestamp) return 'a timestamp'
  if (value instanceof Uint8Array) return 'bytes'
  if (value instanceof GeoPoint) return 'a geographical point'
  if (value instanceof DocumentReference) return 'a reference'
  if (value instanceof VectorValue) return 'a vector'
  return `a ${value?.constructor.name}`
}

function storableObject(ref: RecordRef, object: Document, path: readonly string[]): Record<string, Json> {
  const data = emptyObject<Json>()
  for (const [name, value] of Object.entries(object)) {
    const inner = [...path, name]
    if (name === '') throw new ValueRefused(ref, inner, 'a field without a name, which Firestore refuses')
    if (reservedName.test(name)) throw new ValueRefused(ref, inner, 'a field name that Firestore reserves')
    if (Buffer.byteLength(name) > fieldNameBytesMax) {
      throw new ValueRefused(ref, inner, `a field name in Firestore has at most ${fieldNameBytesMax} bytes`)
    }
    data[name] = storableValue(ref, value, inner)
  }
  return data
}

function storableValue(ref: RecordRef, value: Json, path: readonly string[]): Json {
  if (path.length > nestingMax) {
    throw new ValueRefused(ref, path, `nested more than ${nestingMax} levels deep, which Firestore refuses`)
  }
  // Negative zero would be stored as a double.
  if (value === 0) return 0
  if (typeof value === 'string' && !value.isWellFormed()) {
    throw new ValueRefused(ref, path, 'half a surrogate pair, which no UTF-8 text can hold')
  }
  if (Array.isArray(value)) return value.map((element, index) => storableElement(ref, element, [...path, `${index}`]))
  return isJsonObject(value) ? storableObject(ref, value, path) : value
}

function storableElement(ref: RecordRef, element: Json, path: readonly string[]): Json {
  if (Array.isArray(element)) {
    throw new ValueRefused(ref, path, 'an array directly inside an array, which Firestore refuses')
  }
  return storableValue(ref, element, path)
}

/** By Firestore's formula, without the document's name (https://firebase.google.com/docs/firestore/storage-size). */
function valueBytes(value: Json): number {
  if (typeof value === 'string') return Buffer.byteLength(value) + 1
  if (typeof value === 'number') return 8
  if (Array.isArray(value)) return value.reduce((sum, element) => sum + valueBytes(element), 0)
  if (!isJsonObject(value)) return 1
  return Object.entries(value).reduce((sum, [name, inner]) => sum + Buffer.byteLength(name) + 1 + valueBytes(inner), 0)
}
