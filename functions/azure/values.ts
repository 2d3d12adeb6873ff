/**
 * Between an item of Cosmos and a portable document. Both are JSON, so tagged values stand in an item as they are; what
 * belongs to Cosmos or to the key is taken off and put on, and a field of the document by a name that Cosmos keeps for
 * itself is held under another: `id` as `$id`.
 *
 * Cosmos stores IEEE 754 doubles, as JavaScript does. Only those that no other store's number type holds are tagged.
 */
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import { heldName, nameHeldAs } from '../../shared/document/held-name.ts'
import { type Document, isJsonObject, type Json, setField } from '../../shared/document/json.ts'
import { isCosmosOwn } from '../../shared/document/portable.ts'
import { doubleFromText, numberFromDouble } from '../../shared/document/portable-number.ts'
import { mapAsHeld, nativeOrMap, type Tagged } from '../../shared/document/tagged.ts'
import { documentPlace } from '../../shared/place/azure-place.ts'
import { keyFieldsOf } from '../../shared/place/key-value.ts'
import { ValueRefused } from '../../shared/ports/index.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { readKey } from './item-place.ts'

/** What the service adds to every item, and the id, which is made from the key. */
const cosmosProperties: ReadonlySet<string> = new Set(['id', '_rid', '_self', '_etag', '_attachments', '_ts'])

/** 68 years: the largest that Cosmos takes. */
const ttlMax = 2 ** 31 - 1

export interface ItemParts {
  readonly document: Document
  /** What the type omits, as it stands in the item: whoever replaces the item has to carry it along. */
  readonly aside: Document
}

/** `item` as the client parsed it. Throws `ValueRefused` for what cannot be carried to the other stores. */
export function documentFromItem(ref: RecordRef, type: TypePlan, item: Document): ItemParts {
  const reading = readKey(type, String(item.id), item)
  if (reading && 'reason' in reading) throw new ValueRefused(ref, [reading.field], reading.reason)
  const isTaken = namesTaken(type)
  const document: Record<string, Json> = {}
  const aside: Record<string, Json> = {}
  for (const [held, value] of Object.entries(item)) {
    if (cosmosProperties.has(held) || isKeyProperty(type, held) || isTimeToLive(type, held)) continue
    const name = nameHeldAs(held, isTaken)
    if (type.omit.includes(name)) setField(aside, held, value)
    else setField(document, name, portableValue(ref, value, [name]))
  }
  return { document, aside }
}

/** Throws `ValueRefused` for what Cosmos cannot hold. */
export function itemFromDocument(
  ref: RecordRef,
  type: TypePlan,
  document: Document,
  { aside = {}, nowMs = Date.now() }: { readonly aside?: Document; readonly nowMs?: number } = {},
): Document {
  const isTaken = namesTaken(type)
  const item: Record<string, Json> = {}
  for (const [name, value] of Object.entries(document)) {
    if (type.key.includes(name)) throw new ValueRefused(ref, [name], 'a key field is no part of the document')
    setField(item, heldName(name, isTaken), storableValue(value))
  }
  const { id, partitionKey } = documentPlace(ref, type)
  const partition = { [type.at.azure.partition.attribute]: partitionKey }
  return { ...item, ...aside, ...keyFieldsOf(type, ref.key), ...partition, ...timeToLive(type, document, nowMs), id }
}

/** Cosmos counts from the item's last write on, in whole seconds: never early by its own clock. */
function timeToLive({ expires }: TypePlan, document: Document, nowMs: number): { readonly ttl?: number } {
  const at = expires === undefined ? undefined : document[expires]
  if (typeof at !== 'number') return {}
  return { ttl: Math.min(Math.max(Math.ceil(at - nowMs / 1000), 1), ttlMax) }
}

/** Made from the declared expiry, and so no part of the document. */
function isTimeToLive({ expires }: TypePlan, name: string): boolean {
  return expires !== undefined && name === 'ttl'
}

/** Made from the key, and so no part of the document. */
function isKeyProperty({ key, at }: TypePlan, name: string): boolean {
  return key.includes(name) || at.azure.partition.attribute === name
}

/** A key field has its own place, whatever it is called: its name is nobody else's. */
function namesTaken(type: TypePlan): (name: string) => boolean {
  const { key, at } = type
  return name =>
    (isCosmosOwn(name) || name === at.azure.partition.attribute || isTimeToLive(type, name)) && !key.includes(name)
}

/** Cosmos holds the doubles that DynamoDB does not, too. */
function isNative(tagged: Tagged): boolean {
  return tagged.tag === '$number' && Number.isFinite(doubleFromText(tagged.text))
}

function portableValue(ref: RecordRef, value: Json, path: readonly string[]): Json {
  if (typeof value === 'string') return wellFormed(ref, value, path)
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return numberFromDouble(value)
    throw new ValueRefused(ref, path, 'the number is too large for a double')
  }
  if (!isJsonObject(value)) {
    return isArray(value) ? value.map((element, index) => portableValue(ref, element, [...path, `${index}`])) : value
  }
  const object: Record<string, Json> = {}
  for (const [name, field] of Object.entries(value)) {
    setField(object, wellFormed(ref, name, path), portableValue(ref, field, [...path, name]))
  }
  return mapAsHeld(object, isNative)
}

function storableValue(value: Json): Json {
  if (!isJsonObject(value)) return isArray(value) ? value.map(storableValue) : value
  const held = nativeOrMap(value, isNative)
  if ('native' in held) return held.native.tag === '$number' ? Number(held.native.text) : value
  const map: Record<string, Json> = {}
  for (const [name, field] of Object.entries(held.map)) setField(map, name, storableValue(field))
  return map
}

/** Half a surrogate pair can be written in JSON, but not in UTF-8, which the other stores keep text in. */
function wellFormed(ref: RecordRef, text: string, path: readonly string[]): string {
  if (!text.isWellFormed()) throw new ValueRefused(ref, path, 'the text holds half a surrogate pair')
  return text
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
