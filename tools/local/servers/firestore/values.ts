/**
 * What is a Firestore document in this server? The proto message as proto-loader decodes it (`longs: String`,
 * `oneofs: true`, `defaults: true`), unchanged: whoever encodes a document into another message (the
 * `DocumentEventData` of a trigger) can hand it to protobuf as it is.
 *
 * Documents are never changed in place. A write makes a new one that shares what stayed the same, so a document
 * that was handed out stays what it was.
 */

/** A point in time with microsecond precision: whole seconds since 1970, and nanoseconds in steps of 1000. */
export interface Timestamp {
  readonly seconds: string
  readonly nanos: number
}

/** One value: `valueType` names the member of the oneof that is present. */
export type FirestoreValue =
  | { readonly valueType: 'nullValue'; readonly nullValue: 'NULL_VALUE' }
  | { readonly valueType: 'booleanValue'; readonly booleanValue: boolean }
  | { readonly valueType: 'integerValue'; readonly integerValue: string }
  | { readonly valueType: 'doubleValue'; readonly doubleValue: number }
  | { readonly valueType: 'timestampValue'; readonly timestampValue: Timestamp }
  | { readonly valueType: 'stringValue'; readonly stringValue: string }
  | { readonly valueType: 'bytesValue'; readonly bytesValue: Buffer }
  | { readonly valueType: 'referenceValue'; readonly referenceValue: string }
  | { readonly valueType: 'geoPointValue'; readonly geoPointValue: GeoPoint }
  | { readonly valueType: 'arrayValue'; readonly arrayValue: ArrayContent }
  | { readonly valueType: 'mapValue'; readonly mapValue: MapContent }

/** Degrees. */
export interface GeoPoint {
  readonly latitude: number
  readonly longitude: number
}

export interface ArrayContent {
  readonly values: readonly FirestoreValue[]
}

export interface MapContent {
  readonly fields: Fields
}

/** Values by field name; the order of the names means nothing. */
export type Fields = Readonly<Record<string, FirestoreValue>>

/** `name` is `projects/p/databases/(default)/documents/carts/alice`. */
export interface FirestoreDocument {
  readonly name: string
  readonly fields: Fields
  readonly createTime: Timestamp
  readonly updateTime: Timestamp
}

export const nullValue: FirestoreValue = { valueType: 'nullValue', nullValue: 'NULL_VALUE' }

export function integerValue(value: bigint): FirestoreValue {
  return { valueType: 'integerValue', integerValue: String(value) }
}

export function doubleValue(value: number): FirestoreValue {
  return { valueType: 'doubleValue', doubleValue: value }
}

export function arrayValue(values: readonly FirestoreValue[]): FirestoreValue {
  return { valueType: 'arrayValue', arrayValue: { values } }
}

export function mapValue(fields: Fields): FirestoreValue {
  return { valueType: 'mapValue', mapValue: { fields } }
}

export function timestampValue(time: Timestamp): FirestoreValue {
  return { valueType: 'timestampValue', timestampValue: time }
}

export function referenceValue(name: string): FirestoreValue {
  return { valueType: 'referenceValue', referenceValue: name }
}
