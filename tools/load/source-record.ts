/** One record of a file that is loaded, as its format's reader hands it on. */
import type { Item, Value } from '../local/official-clients/application-client.ts'
import type { ExactJson } from './parse-exact-json.ts'

export interface Placed {
  /** Where it stands, as a person finds it again: `cars.csv:17` (line), `cars.json[16]` or `cars.json["ford"]`. */
  readonly place: string
  /** Its number in the file, from 1. */
  readonly number: number
  /** Its name, where the file is one object of records by name. */
  readonly name?: string
}

export interface ReadRecord extends Placed {
  readonly document: Item
}

/** What stands there is no record; `reason` says why. The records after it are read all the same. */
export interface UnreadableRecord extends Placed {
  readonly reason: string
}

export type SourceRecord = ReadRecord | UnreadableRecord

/** A record is an object that can be stored as it is written: anything else is unreadable by name. */
export function recordOf(placed: Placed, { value, faultIn }: ExactJson): SourceRecord {
  if (!isItem(value)) return { ...placed, reason: `a record is an object of fields; found ${kindOf(value)}` }
  const reason = faultIn(value)
  return reason === undefined ? { ...placed, document: value } : { ...placed, reason }
}

export function isItem(value: Value): value is Item {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A value's JSON type, in words. */
export function kindOf(value: Value): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
