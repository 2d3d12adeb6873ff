/**
 * The field at which a document expires: seconds since 1970 in the portable document, as DynamoDB wants them, and a
 * timestamp in Firestore, whose TTL policies read nothing else. To the microsecond, the same in both directions.
 * Source: https://cloud.google.com/firestore/docs/ttl
 */
import { Timestamp } from '@google-cloud/firestore'
import type { Json } from '../../shared/document/json.ts'
import type { NativeValue } from './tagged-values.ts'

/** The years 1 to 9999. */
const secondsMin = -62_135_596_800
const secondsLimit = 253_402_300_800

/** Undefined: no timestamp, which stays as it is. */
export function secondsOf(value: NativeValue): number | undefined {
  if (!(value instanceof Timestamp)) return undefined
  return value.seconds + Math.round(value.nanoseconds / 1000) / 1e6
}

/** Undefined: no time that a timestamp can hold. */
export function timestampOf(value: Json | undefined): Timestamp | undefined {
  if (typeof value !== 'number' || value < secondsMin || value >= secondsLimit) return undefined
  const seconds = Math.floor(value)
  return new Timestamp(seconds, Math.min(Math.round((value - seconds) * 1e6), 999_999) * 1000)
}
