/**
 * DynamoDB's attribute values and the portable document. What one side cannot hold exactly is refused by name:
 * never rounded, never dropped.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import Big from 'big.js'
import { type Document, emptyObject, isJsonObject, type Json } from '../../shared/document/json.ts'
import { ValueRefused } from '../../shared/ports/index.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'

export type Item = Record<string, AttributeValue>

/** Where a value stands, for the error that may have to name it. */
interface Place {
  readonly ref: RecordRef
  readonly path: readonly string[]
}

/** What DynamoDB's numbers range over: magnitudes from 1e-130 to below 1e126. Both are exact enough as doubles. */
const magnitudeMin = 1e-130
const magnitudeLimit = 1e126

/** The place of a record in its table: one attribute for each part of its key. */
export function keyItem(ref: RecordRef, keyFields: readonly string[]): Item {
  return Object.fromEntries(keyFields.map((field, index) => [field, { S: ref.key[index] ?? '' }]))
}

/** Throws `ValueRefused`. */
export function itemToDocument(ref: RecordRef, keyFields: readonly string[], item: Item): Document {
  const document: Record<string, Json> = emptyObject()
  for (const [name, value] of Object.entries(item)) {
    if (!keyFields.includes(name)) document[name] = attributeToJson(value, { ref, path: [name] })
  }
  return document
}

/** With its key fields. Throws `ValueRefused`. */
export function documentToItem(ref: RecordRef, keyFields: readonly string[], document: Document): Item {
  const item: Item = emptyObject()
  for (const [name, value] of Object.entries(document)) item[name] = fieldToAttribute(ref, name, value)
  return Object.assign(item, keyItem(ref, keyFields))
}

/** A top-level field. Throws `ValueRefused`. */
export function fieldToAttribute(ref: RecordRef, name: string, value: Json): AttributeValue {
  const place = { ref, path: [name] }
  if (name === '__proto__') throw refuse(place, unreadableName)
  refuseName(name, place)
  return jsonToAttribute(value, place)
}

const unreadableName = 'the AWS SDK loses the value of an attribute of this name when it reads it; use another name'

function refuse({ ref, path }: Place, reason: string): ValueRefused {
  return new ValueRefused(ref, path, reason)
}

function inside({ ref, path }: Place, name: string | number): Place {
  return { ref, path: [...path, String(name)] }
}

/** `value` is undefined where the SDK lost it. */
function attributeToJson(value: AttributeValue | undefined, place: Place): Json {
  if (value === undefined) throw refuse(place, unreadableName)
  if (value.S !== undefined) return value.S
  if (value.N !== undefined) return numberFrom(value.N, place)
  if (value.BOOL !== undefined) return value.BOOL
  if (value.NULL !== undefined) return null
  if (value.L !== undefined) return value.L.map((element, index) => attributeToJson(element, inside(place, index)))
  if (value.M !== undefined) {
    const object: Record<string, Json> = emptyObject()
    for (const [name, inner] of Object.entries(value.M)) object[name] = attributeToJson(inner, inside(place, name))
    return object
  }
  if (value.SS !== undefined) throw refuse(place, 'a string set has no form in JSON; use a list')
  if (value.NS !== undefined) throw refuse(place, 'a number set has no form in JSON; use a list')
  if (value.BS !== undefined) throw refuse(place, 'a binary set has no form in JSON; use a list of Base64 texts')
  if (value.B !== undefined) throw refuse(place, 'a binary value has no form in JSON; use its Base64 text')
  throw refuse(place, `an attribute of type ${Object.keys(value).join(', ')} is not known`)
}

/** DynamoDB keeps 38 decimal digits, a double about 16. */
function numberFrom(text: string, place: Place): number {
  const number = Number(text)
  if (String(number) === text || Big(text).eq(Big(number))) return number
  throw refuse(place, `the number ${text} has more digits than a JSON number keeps; use a string`)
}

function jsonToAttribute(value: Json, place: Place): AttributeValue {
  if (value === null) return { NULL: true }
  if (typeof value === 'boolean') return { BOOL: value }
  if (typeof value === 'number') return { N: numberText(value, place) }
  if (typeof value === 'string') return { S: wellFormed(value, place) }
  if (!isJsonObject(value)) return { L: value.map((element, index) => jsonToAttribute(element, inside(place, index))) }
  const attributes: Item = emptyObject()
  for (const [name, inner] of Object.entries(value)) {
    refuseName(name, inside(place, name))
    attributes[name] = jsonToAttribute(inner, inside(place, name))
  }
  return { M: attributes }
}

function numberText(value: number, place: Place): string {
  const magnitude = Math.abs(value)
  if (value !== 0 && !(magnitude >= magnitudeMin && magnitude < magnitudeLimit)) {
    throw refuse(place, `the number ${value} is outside of DynamoDB's range of 1e-130 to 1e126`)
  }
  return String(value)
}

function refuseName(name: string, place: Place): void {
  if (name === '') throw refuse(place, 'DynamoDB has no attribute without a name')
  wellFormed(name, place)
}

function wellFormed(text: string, place: Place): string {
  if (!text.isWellFormed()) throw refuse(place, 'half of a surrogate pair has no UTF-8 form')
  return text
}
