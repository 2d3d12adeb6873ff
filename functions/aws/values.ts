/**
 * DynamoDB's attribute values and the portable document, each the inverse of the other. Numbers of 38 digits, binary
 * values and sets are tagged (shared/document/tagged.ts); what one side cannot hold exactly is refused by name: never
 * rounded, never dropped.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import { heldName, nameHeldAs } from '../../shared/document/held-name.ts'
import { type Document, isJsonObject, type Json, setField } from '../../shared/document/json.ts'
import { isDecimal38, numberFromText, textOfNumber } from '../../shared/document/portable-number.ts'
import {
  bytesSetTag,
  bytesTag,
  mapAsHeld,
  nativeOrMap,
  numberSetTag,
  setTag,
  type Tagged,
} from '../../shared/document/tagged.ts'
import { ValueRefused } from '../../shared/ports/index.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { isKeyAttribute, keyAttributes, refuseOtherKey } from './item-place.ts'

export type Item = Record<string, AttributeValue>

/** Where a value stands, for the error that may have to name it. */
interface Place {
  readonly ref: RecordRef
  readonly path: readonly string[]
}

/** Without key fields and omitted ones. Throws `ValueRefused`. */
export function itemToDocument(ref: RecordRef, type: TypePlan, item: Item): Document {
  refuseOtherKey(ref, type, item)
  const isTakenAtTop = namesTaken(type)
  const document: Record<string, Json> = {}
  for (const [held, value] of Object.entries(item)) {
    const name = nameHeldAs(held, isTakenAtTop)
    if (type.omit.includes(name) || isKeyAttribute(type, held)) continue
    setField(document, name, attributeToJson(value, { ref, path: [name] }))
  }
  return document
}

/** With its key fields. Throws `ValueRefused`. */
export function documentToItem(ref: RecordRef, type: TypePlan, document: Document): Item {
  const item: Item = {}
  for (const [name, value] of Object.entries(document))
    item[attributeName(type, name)] = fieldToAttribute(ref, name, value)
  return Object.assign(item, keyAttributes(ref, type))
}

/** The attribute that holds a top-level field. */
export function attributeName(type: TypePlan, field: string): string {
  return heldName(field, namesTaken(type))
}

/** A top-level field. Throws `ValueRefused`. */
export function fieldToAttribute(ref: RecordRef, name: string, value: Json): AttributeValue {
  const place = { ref, path: [name] }
  wellFormed(name, place)
  return jsonToAttribute(value, place)
}

/** An attribute of an item may have no name. */
function isTaken(name: string): boolean {
  return name === ''
}

/**
 * Attributes that are made from the key, unless they are key fields, which are nobody else's. And the AWS SDK loses the
 * value of an item's attribute `__proto__` when it reads it; below, in maps, it does not.
 */
function namesTaken(type: TypePlan): (name: string) => boolean {
  return name => name === '' || name === '__proto__' || (isKeyAttribute(type, name) && !type.key.includes(name))
}

/** DynamoDB has this type and this value of it: a set cannot hold an empty text. */
function isNative(tagged: Tagged): boolean {
  switch (tagged.tag) {
    case '$number':
      return isDecimal38(tagged.text)
    case '$set':
    case '$bytesSet':
      return !tagged.texts.includes('')
    default:
      return tagged.tag === '$bytes' || tagged.tag === '$numberSet'
  }
}

function refuse({ ref, path }: Place, reason: string): ValueRefused {
  return new ValueRefused(ref, path, reason)
}

function inside({ ref, path }: Place, name: string | number): Place {
  return { ref, path: [...path, String(name)] }
}

/** `value` is undefined where the SDK lost it. */
function attributeToJson(value: AttributeValue | undefined, place: Place): Json {
  if (value === undefined)
    throw refuse(place, 'the AWS SDK loses the value of an attribute of this name when it reads it; use another name')
  if (value.S !== undefined) return value.S
  if (value.N !== undefined) return numberFrom(value.N, place)
  if (value.BOOL !== undefined) return value.BOOL
  if (value.NULL !== undefined) return null
  if (value.L !== undefined) return value.L.map((element, index) => attributeToJson(element, inside(place, index)))
  if (value.M !== undefined) return mapToJson(value.M, place)
  if (value.SS !== undefined) return setTag(value.SS)
  if (value.NS !== undefined) return numberSetTag(value.NS)
  if (value.BS !== undefined) return bytesSetTag(value.BS)
  if (value.B !== undefined) return bytesTag(value.B)
  throw refuse(place, `an attribute of type ${Object.keys(value).join(', ')} is not known`)
}

function mapToJson(map: Item, place: Place): Document {
  const object: Record<string, Json> = {}
  for (const [held, inner] of Object.entries(map)) {
    const name = nameHeldAs(held, isTaken)
    setField(object, name, attributeToJson(inner, inside(place, name)))
  }
  return mapAsHeld(object, isNative)
}

function numberFrom(text: string, place: Place): Json {
  const number = numberFromText(text)
  if (number === undefined) throw refuse(place, `${text} is no number`)
  return number
}

function jsonToAttribute(value: Json, place: Place): AttributeValue {
  if (value === null) return { NULL: true }
  if (typeof value === 'boolean') return { BOOL: value }
  if (typeof value === 'number') return { N: textOfNumber(value) ?? '' }
  if (typeof value === 'string') return { S: wellFormed(value, place) }
  if (!isJsonObject(value)) return { L: value.map((element, index) => jsonToAttribute(element, inside(place, index))) }
  const held = nativeOrMap(value, isNative)
  return 'native' in held ? taggedToAttribute(held.native, place) : { M: objectToMap(held.map, place) }
}

function objectToMap(object: Document, place: Place): Item {
  const map: Item = {}
  for (const [name, inner] of Object.entries(object)) {
    const at = inside(place, name)
    setField(map, heldName(wellFormed(name, at), isTaken), jsonToAttribute(inner, at))
  }
  return map
}

function taggedToAttribute(tagged: Tagged, place: Place): AttributeValue {
  switch (tagged.tag) {
    case '$number':
      return { N: tagged.text }
    case '$bytes':
      return { B: Buffer.from(tagged.base64, 'base64') }
    case '$set':
      return { SS: tagged.texts.map(text => wellFormed(text, place)) }
    case '$numberSet':
      return { NS: [...tagged.texts] }
    case '$bytesSet':
      return { BS: tagged.texts.map(text => Buffer.from(text, 'base64')) }
    default:
      throw refuse(place, `DynamoDB has no type for ${tagged.tag}`)
  }
}

function wellFormed(text: string, place: Place): string {
  if (!text.isWellFormed()) throw refuse(place, 'half of a surrogate pair has no UTF-8 form')
  return text
}
