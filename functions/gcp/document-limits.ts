/** What a document of Firestore may be: how large, how deep, with which names. */
import { DocumentReference, GeoPoint, VectorValue } from '@google-cloud/firestore'
import type { NativeValue } from './tagged-values.ts'

/** https://firebase.google.com/docs/firestore/quotas#limits */
export const documentBytesMax = 1_048_576
export const fieldNameBytesMax = 1500
export const nestingMax = 20

/** Firestore takes no field by this name. */
export function isReservedName(name: string): boolean {
  return name === '' || /^__.*__$/s.test(name)
}

/** By Firestore's formula, without the document's name (https://firebase.google.com/docs/firestore/storage-size). */
export function valueBytes(value: NativeValue): number {
  if (typeof value === 'string') return textBytes(value)
  if (typeof value === 'number' || typeof value === 'bigint') return 8
  if (typeof value !== 'object' || value === null) return 1
  if (Array.isArray(value)) return value.reduce<number>((sum, element) => sum + valueBytes(element), 0)
  if (value instanceof Uint8Array) return value.length
  if (value instanceof GeoPoint) return 16
  if (value instanceof DocumentReference) return textBytes(value.path) + 16
  if (value instanceof VectorValue) return 8 * value.toArray().length + textBytes('__type__') + textBytes('__vector__')
  if (Object.getPrototypeOf(value) !== Object.prototype) return 8
  let bytes = 0
  for (const name of Object.keys(value)) bytes += textBytes(name) + valueBytes(value[name])
  return bytes
}

function textBytes(text: string): number {
  return Buffer.byteLength(text) + 1
}
