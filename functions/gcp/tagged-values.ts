/**
 * Which tagged values are types of Firestore's own, and how the client hands them over.
 *
 * An integer and a double that are equal are one number. A whole number is written as an integer, so that the
 * application's `FieldValue.increment` goes on counting in integers; the client hands integers over as BigInt, so that
 * one beyond 2^53 is seen and not rounded.
 *
 * A reference travels as the document's path within its database, so that it names the same record in every project.
 */
import {
  type DocumentData,
  DocumentReference,
  FieldValue,
  type Firestore,
  GeoPoint,
  Timestamp,
  VectorValue,
} from '@google-cloud/firestore'
import type { Json } from '../../shared/document/json.ts'
import { doubleFromText, numberFromDouble, numberFromText } from '../../shared/document/portable-number.ts'
import { pointInTime, timestampText } from '../../shared/document/portable-timestamp.ts'
import { bytesTag, geopointTag, type Tagged, vectorTag } from '../../shared/document/tagged.ts'

/** A value as the client takes and gives it. */
export type NativeValue = DocumentData[string]

const int64Min = -(2n ** 63n)
const int64Limit = 2n ** 63n
/** Of a collection or a document. */
const idBytesMax = 1500

/** What is neither an array nor a map; undefined: of a type that no other store has. */
export function portableOf(value: NativeValue): Json | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return numberFromDouble(value)
  if (typeof value === 'bigint') return numberFromText(String(value))
  if (value instanceof Timestamp) return { $timestamp: timestampText(value) }
  if (value instanceof Uint8Array) return bytesTag(value)
  if (value instanceof GeoPoint) return geopointTag(value.latitude, value.longitude)
  if (value instanceof DocumentReference) return { $reference: value.path }
  if (value instanceof VectorValue) return vectorTag(value.toArray())
  return undefined
}

/** Firestore has this type and this value of it: integers of 64 bits, time to the microsecond. */
export function isNative(tagged: Tagged): boolean {
  switch (tagged.tag) {
    case '$number':
      return isInt64(tagged.text) || doubleFromText(tagged.text) !== undefined
    case '$timestamp':
      return (pointInTime(tagged.text)?.nanoseconds ?? 1) % 1000 === 0
    case '$reference':
      return tagged.path.split('/').every(id => id.isWellFormed() && Buffer.byteLength(id) <= idBytesMax)
    default:
      return tagged.tag === '$bytes' || tagged.tag === '$geopoint' || tagged.tag === '$vector'
  }
}

/** `client` makes references: they lead into its own database. */
export function nativeOf(tagged: Tagged, client: Firestore): NativeValue {
  switch (tagged.tag) {
    case '$number':
      return isInt64(tagged.text) ? BigInt(tagged.text) : Number(tagged.text)
    case '$bytes':
      return Buffer.from(tagged.base64, 'base64')
    case '$timestamp': {
      const { seconds, nanoseconds } = pointInTime(tagged.text) ?? { seconds: 0, nanoseconds: 0 }
      return new Timestamp(seconds, nanoseconds)
    }
    case '$geopoint':
      return new GeoPoint(tagged.latitude, tagged.longitude)
    case '$reference':
      return client.doc(tagged.path)
    case '$vector':
      return FieldValue.vector([...tagged.values])
    default:
      throw new Error(`Firestore has no type for ${tagged.tag}: isNative was not asked`)
  }
}

/** The client writes safe integers as integers; a larger whole number has to be a BigInt, and -0 would be a double. */
export function nativeNumber(value: number): number | bigint {
  if (value === 0) return 0
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return value
  const whole = BigInt(value)
  return whole >= int64Min && whole < int64Limit ? whole : value
}

function isInt64(text: string): boolean {
  if (!/^-?\d{1,19}$/.test(text)) return false
  const whole = BigInt(text)
  return whole >= int64Min && whole < int64Limit
}
