/**
 * A document of Firestore and the portable one, each the inverse of the other. Timestamps, bytes, points, references,
 * vectors and numbers beyond JSON's are tagged (see tagged-values.ts); what Firestore cannot hold is refused by name.
 *
 * Two things Firestore does not take are held in another form: an array directly inside an array as
 * `{"$array": [...]}`, and a field whose name it reserves under that name with a `$` before it.
 */
import type { DocumentData, Firestore } from '@google-cloud/firestore'
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import { heldName, nameHeldAs } from '../../shared/document/held-name.ts'
import { type Document, isJsonObject, type Json, setField } from '../../shared/document/json.ts'
import { mapAsHeld, nativeOrMap } from '../../shared/document/tagged.ts'
import { keyPart, keyValue } from '../../shared/place/key-value.ts'
import { ValueRefused } from '../../shared/ports/index.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { documentBytesMax, fieldNameBytesMax, isReservedName, nestingMax, valueBytes } from './document-limits.ts'
import { secondsOf, timestampOf } from './expiry-time.ts'
import { isNative, type NativeValue, nativeNumber, nativeOf, portableOf } from './tagged-values.ts'

const limit = `a document in Firestore has at most ${documentBytesMax}`

/** The document without its key fields and without what its type omits. Throws `ValueRefused`. */
export function portableDocument(ref: RecordRef, type: TypePlan, data: DocumentData): Document {
  const document: Record<string, Json> = {}
  for (const [held, value] of Object.entries(data)) {
    const name = fieldName(held)
    if (type.omit.includes(name)) continue
    const expiry = name === type.expires ? secondsOf(value) : undefined
    setField(document, name, expiry ?? portableValue(ref, value, [name]))
  }
  type.key.forEach((field, index) => {
    if (!Object.hasOwn(document, field)) return
    if (keyPart(document[field], type.keyTypes[index]) !== ref.key[index]) {
      throw new ValueRefused(ref, [field], 'a key field that contradicts the id of its document')
    }
    delete document[field]
  })
  return document
}

/** The document with its key fields, as the client writes it: by the names that Firestore holds. Throws `ValueRefused`. */
export function storableDocument(
  ref: RecordRef,
  type: TypePlan,
  document: Document,
  client: Firestore,
): Readonly<Record<string, NativeValue>> {
  const data = storableMap({ ref, client }, document, [], 1)
  type.key.forEach((field, index) => {
    data[field] = keyValue(ref.key[index] ?? '', type.keyTypes[index])
  })
  const expiry = type.expires === undefined ? undefined : timestampOf(document[type.expires])
  if (type.expires !== undefined && expiry) data[nameInFirestore(type.expires)] = expiry
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

/** The name under which Firestore holds a field. */
export function nameInFirestore(field: string): string {
  return heldName(field, isReservedName)
}

function fieldName(held: string): string {
  return nameHeldAs(held, isReservedName)
}

function portableValue(ref: RecordRef, value: NativeValue, path: readonly string[]): Json {
  if (Array.isArray(value)) {
    return value.map((element, index) => portableElement(ref, element, [...path, `${index}`]))
  }
  if (isMap(value)) {
    const object: Record<string, Json> = {}
    for (const [held, inner] of Object.entries(value)) {
      const name = fieldName(held)
      setField(object, name, portableValue(ref, inner, [...path, name]))
    }
    return mapAsHeld(object, isNative)
  }
  const portable = portableOf(value)
  if (portable === undefined) {
    throw new ValueRefused(ref, path, `a ${value?.constructor?.name ?? typeof value}, which no other store has`)
  }
  return portable
}

/** An array inside an array is held in a map of one field; a map of the application that reads like that, in one more. */
function portableElement(ref: RecordRef, element: NativeValue, path: readonly string[]): Json {
  if (!readsLikeArray(element)) return portableValue(ref, element, path)
  if ('$array' in element) return portableValue(ref, element.$array, path)
  return portableValue(ref, element.$map, path)
}

/** `{"$array": [...]}`, or that in one or more `{"$map": ...}`. */
function readsLikeArray(value: NativeValue): value is DocumentData {
  if (!isMap(value)) return false
  const [name, ...others] = Object.keys(value)
  if (others.length > 0) return false
  return name === '$array' ? Array.isArray(value.$array) : name === '$map' && readsLikeArray(value.$map)
}

/** The client makes plain objects of maps, and classes of its own of everything else. */
function isMap(value: NativeValue): value is DocumentData {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

/** What a value is written for: the record that an error names, the client that makes references. */
interface Target {
  readonly ref: RecordRef
  readonly client: Firestore
}

function storableMap(
  to: Target,
  object: Document,
  path: readonly string[],
  depth: number,
): Record<string, NativeValue> {
  const data: Record<string, NativeValue> = {}
  for (const [name, value] of Object.entries(object)) {
    const inner = [...path, name]
    const held = nameInFirestore(name)
    if (Buffer.byteLength(held) > fieldNameBytesMax) {
      throw new ValueRefused(to.ref, inner, `a field name in Firestore has at most ${fieldNameBytesMax} bytes`)
    }
    refuseBroken(to, name, inner)
    data[held] = storableValue(to, value, inner, depth)
  }
  return data
}

/** `depth`: 1 for a field at the top. */
function storableValue(to: Target, value: Json, path: readonly string[], depth: number): NativeValue {
  if (depth > nestingMax) {
    throw new ValueRefused(to.ref, path, `nested more than ${nestingMax} levels deep, which Firestore refuses`)
  }
  if (typeof value === 'number') return nativeNumber(value)
  if (typeof value === 'string') return refuseBroken(to, value, path)
  if (isArray(value)) {
    return value.map((element, index) => storableElement(to, element, [...path, `${index}`], depth + 1))
  }
  if (!isJsonObject(value)) return value
  const held = nativeOrMap(value, isNative)
  return 'native' in held ? nativeOf(held.native, to.client) : storableMap(to, held.map, path, depth + 1)
}

function storableElement(to: Target, element: Json, path: readonly string[], depth: number): NativeValue {
  if (isArray(element)) return { $array: storableValue(to, element, path, depth + 1) }
  if (readsLikeArray(element)) return { $map: storableValue(to, element, path, depth + 1) }
  return storableValue(to, element, path, depth)
}

function refuseBroken({ ref }: Target, text: string, path: readonly string[]): string {
  if (!text.isWellFormed()) throw new ValueRefused(ref, path, 'half a surrogate pair, which no UTF-8 text can hold')
  return text
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
