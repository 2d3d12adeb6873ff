/**
 * Between an item of Cosmos and a portable document. Both are JSON, so nothing is converted: what belongs to Cosmos
 * or to the key is taken off and put on, and the little that JSON can write but other stores cannot hold is refused.
 *
 * Numbers need no care: Cosmos stores IEEE 754 doubles, as JavaScript does.
 */
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import { type Document, emptyObject, isJsonObject, type Json } from '../../shared/document/json.ts'
import { isCosmosOwn } from '../../shared/document/portable.ts'
import { ValueRefused } from '../../shared/ports/index.ts'
import { keyText, type RecordRef } from '../../shared/replicate/record-ref.ts'
import { readKey } from './item-place.ts'

/** What the service adds to every item, and the id, which is made from the key. Names like these stay. */
const cosmosProperties: ReadonlySet<string> = new Set(['id', '_rid', '_self', '_etag', '_attachments', '_ts'])

/** `item` as the client parsed it. Throws `ValueRefused` for what cannot be carried to the other stores. */
export function documentFromItem(ref: RecordRef, type: TypePlan, item: Document): Document {
  const reading = readKey(type, keyText(ref.key), item)
  if ('reason' in reading) throw new ValueRefused(ref, [reading.field], reading.reason)
  const document = emptyObject<Json>()
  for (const [name, value] of Object.entries(item)) {
    if (cosmosProperties.has(name) || type.key.includes(name)) continue
    refuseUnportable(ref, value, [name])
    document[name] = value
  }
  return document
}

/** Throws `ValueRefused` for a field that would be taken for the service's own when it is read back. */
export function itemFromDocument(ref: RecordRef, type: TypePlan, document: Document): Document {
  const taken = Object.keys(document).find(isCosmosOwn) ?? type.key.find(name => Object.hasOwn(document, name))
  if (taken !== undefined) throw new ValueRefused(ref, [taken], 'on Cosmos this field has another meaning')
  const keyFields = Object.fromEntries(type.key.map((name, index) => [name, ref.key[index] ?? '']))
  return { ...document, ...keyFields, id: keyText(ref.key) }
}

function refuseUnportable(ref: RecordRef, value: Json, path: readonly string[]): void {
  if (typeof value === 'string') refuseBrokenText(ref, value, path)
  else if (typeof value === 'number' && !Number.isFinite(value))
    throw new ValueRefused(ref, path, 'the number is too large for a double')
  else if (Array.isArray(value))
    for (const [index, element] of value.entries()) refuseUnportable(ref, element, [...path, String(index)])
  else if (isJsonObject(value))
    for (const [name, field] of Object.entries(value)) {
      refuseBrokenText(ref, name, path)
      refuseUnportable(ref, field, [...path, name])
    }
}

/** Half a surrogate pair can be written in JSON, but not in UTF-8, which the other stores keep text in. */
function refuseBrokenText(ref: RecordRef, text: string, path: readonly string[]): void {
  if (!text.isWellFormed()) throw new ValueRefused(ref, path, 'the text holds half a surrogate pair')
}
