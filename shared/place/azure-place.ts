/** A record's place in Cosmos DB: its logical partition and the id of its document. */

import { fillTemplate, parseTemplate, readTemplate } from '../declare/key-template.ts'
import { isNumberKey } from '../declare/placement.ts'
import { cosmosSyncMark } from '../declare/resource-names.ts'
import type { TypePlan } from '../declare/sync-plan.ts'
import { ValueRefused } from '../ports/errors.ts'
import type { RecordKey, RecordRef } from '../replicate/record-ref.ts'
import type { IdRules } from './id-codec.ts'
import { fillId, hashedId, readId } from './id-text.ts'
import { type KeyValue, keyPart, partsFrom } from './key-value.ts'

export interface DocumentPlace {
  readonly partitionKey: KeyValue
  readonly id: string
}

/** https://learn.microsoft.com/azure/cosmos-db/concepts-limits */
export const idBytesMax = 1023
const partitionKeyBytesMax = 2048

export const syncIdPrefix = `${cosmosSyncMark}|`

const controls = Array.from({ length: 33 }, (_, index) => String.fromCharCode(index === 32 ? 127 : index))

/** What the service refuses, and what the client makes part of an address, where it would name something else. */
const rules: IdRules = {
  refused: ['/', '\\', '?', '#', ...controls],
  isRefused: id => /^(\.{1,2}| +)$/.test(id) || id.startsWith(syncIdPrefix),
}

/** Throws `ValueRefused` for a key that Cosmos cannot hold. */
export function documentPlace(ref: RecordRef, type: TypePlan): DocumentPlace {
  const { azure } = type.at
  const partOf = (field: string) => ref.key[type.key.indexOf(field)] ?? ''
  const partition = parseTemplate(azure.partition.template)
  const text = fillTemplate(partition, partOf)
  const field = partition.fields[0] ?? type.key[0]
  if (Buffer.byteLength(text) > partitionKeyBytesMax) {
    throw new ValueRefused(ref, [field], `a partition key on Cosmos DB is at most ${partitionKeyBytesMax} bytes`)
  }
  const read = readTemplate(partition, text)
  const wrong = partition.fields.find(name => read?.[name] !== partOf(name))
  if (wrong !== undefined) {
    const reason = `'${text}' as partition key on Cosmos DB (${azure.partition.template}) would be read as another key`
    throw new ValueRefused(ref, [wrong], reason)
  }
  const id = fillId(parseTemplate(azure.id), partOf, rules)
  const partitionKey = isNumberKey(type, azure.partition.template) ? Number(text) : text
  return { partitionKey, id: fittedId(ref, type, id) }
}

/** A hashed id tells nothing of the key; where a document was deleted, its partition key is all that does. */
function fittedId(ref: RecordRef, { key, at: { azure } }: TypePlan, id: string): string {
  const bytes = Buffer.byteLength(id)
  if (bytes <= idBytesMax) return id
  const partitionTellsAll = parseTemplate(azure.partition.template).fields.length === key.length
  if (azure.hashesLongIds && partitionTellsAll) return hashedId(id)
  throw new ValueRefused(ref, [key[0]], `an id of ${bytes} bytes; Cosmos DB takes ${idBytesMax}`)
}

/**
 * The key of an item, from its id and its partition key. `fields`: of a deleted item its partition key is enough.
 * Undefined: no item of this type.
 */
export function keyFromItem(
  type: TypePlan,
  id: string,
  fields: Readonly<Record<string, unknown>>,
): RecordKey | undefined {
  const { azure } = type.at
  const fromPartition = partitionTexts(type, fields[azure.partition.attribute])
  const fromId = readId(parseTemplate(azure.id), id, rules)
  const whole = fromPartition && partsFrom(type, fromPartition)
  if (whole && isIdOf(type, whole, id)) return whole
  if (!fromId) return undefined
  const agrees = Object.entries(fromId).every(([field, text]) => (fromPartition?.[field] ?? text) === text)
  return agrees ? partsFrom(type, { ...fromPartition, ...fromId }) : undefined
}

/** Whether id and partition key look like those of this type, though they may contradict each other. */
export function isPlacedLike(type: TypePlan, id: string, fields: Readonly<Record<string, unknown>>): boolean {
  const { partition, id: template } = type.at.azure
  const value = fields[partition.attribute]
  const partitionFits = value === undefined || partitionTexts(type, value) !== undefined
  return partitionFits && readId(parseTemplate(template), id, rules) !== undefined
}

function isIdOf(type: TypePlan, key: RecordKey, id: string): boolean {
  const own = fillId(parseTemplate(type.at.azure.id), field => key[type.key.indexOf(field)] ?? '', rules)
  return id === own || (type.at.azure.hashesLongIds && id === hashedId(own))
}

function partitionTexts(type: TypePlan, value: unknown): Readonly<Record<string, string>> | undefined {
  const { template } = type.at.azure.partition
  const text = keyPart(value, isNumberKey(type, template) ? 'number' : 'string')
  return text === undefined ? undefined : readTemplate(parseTemplate(template), text)
}
