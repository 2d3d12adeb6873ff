/**
 * Where a record is in Cosmos: which container and logical partition, and under which two ids.
 *
 * The declaration says how id and partition key are made from the key. The sync record is an item beside the document, in
 * the same logical partition, because only there both can be written in one atomic step. Its id starts with a mark and
 * names the type, for a container may hold several; so does every property of its own but the partition key.
 */
import { parseTemplate } from '../../shared/declare/key-template.ts'
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import { documentPlace, idBytesMax, isPlacedLike, keyFromItem, syncIdPrefix } from '../../shared/place/azure-place.ts'
import { contradictingField, type KeyValue, keyFieldsOf } from '../../shared/place/key-value.ts'
import type { RecordKey, RecordRef } from '../../shared/replicate/record-ref.ts'
import { refFromName, storedName } from '../../shared/replicate/record-ref.ts'

export interface ItemPlace {
  readonly database: string
  readonly container: string
  readonly partitionKey: KeyValue
  readonly documentId: string
  readonly syncId: string
  /** The record's name, where it is too long for the sync record's id. */
  readonly whole?: string
}

type Fields = Readonly<Record<string, unknown>>

/** A document's key, or why it has none: `reason` is for the application's developer. */
export type KeyReading = { readonly key: RecordKey } | { readonly field: string; readonly reason: string }

/** Why an item of an application under such an id is refused. */
export const syncIdReason = `ids that start with '${syncIdPrefix}' are kept for Tributary`

/** Throws `ValueRefused` for a key that Cosmos cannot hold. */
export function placeOf(ref: RecordRef, type: TypePlan): ItemPlace {
  const { database, container } = type.at.azure
  const { partitionKey, id } = documentPlace(ref, type)
  const { name, ...whole } = storedName(ref, idBytesMax - syncIdPrefix.length)
  // No name of a record holds '#' but behind its type, and no id may.
  const syncId = `${syncIdPrefix}${name.replaceAll('#', '|')}`
  return { database, container, partitionKey, documentId: id, syncId, ...whole }
}

export function isSyncId(id: string): boolean {
  return id.startsWith(syncIdPrefix)
}

/** The record that a sync item belongs to. Throws for an id that this code did not make. */
export function refOfSyncId(id: string): RecordRef {
  return refFromName(id.slice(syncIdPrefix.length).replace('|', '#'))
}

/**
 * The key of an application's item, held against its key fields, where it has them. Undefined: an item of no type of
 * this plan, in a container that several kinds of items share.
 */
export function readKey(type: TypePlan, id: string, fields: Fields): KeyReading | undefined {
  const key = keyFromItem(type, id, fields)
  // The id is no key field to compare with: it may be escaped.
  const { id: _, ...others } = fields
  const wrong = key && contradictingField(type, key, others)
  if (key && wrong === undefined) return { key }
  if (!key && isTold(type) && !isPlacedLike(type, id, fields)) return undefined
  return { field: 'id', reason: misfitReason(type, id, fields) }
}

/** The same of an item that is there: without its partition key it is in a partition that no record is in. */
export function readItemKey(type: TypePlan, id: string, item: Fields): KeyReading | undefined {
  const reading = readKey(type, id, item)
  const { attribute } = type.at.azure.partition
  if (!reading || 'reason' in reading || Object.hasOwn(item, attribute)) return reading
  return { field: 'id', reason: misfitReason(type, id, item) }
}

/** Whether id or partition key tell by their text that an item is of this type. */
function isTold({ at: { azure } }: TypePlan): boolean {
  return [azure.id, azure.partition.template].some(template => {
    const { literals } = parseTemplate(template)
    return literals.at(0) !== '' || literals.at(-1) !== ''
  })
}

function misfitReason(type: TypePlan, id: string, fields: Fields): string {
  const { key, keyTypes, at } = type
  const names = [...new Set([at.azure.partition.attribute, ...key])].filter(name => name !== 'id')
  const found = `the id is '${id}', ${names.map(name => `${name}: ${JSON.stringify(fields[name])}`).join(', ')}`
  const parts = key.map(field => fields[field])
  const fit = parts.every((part, index) => typeof part === keyTypes[index])
  if (!fit) return `${found}; ${key.map((field, index) => `${field} must be a ${keyTypes[index]}`).join(', ')}`
  return `${found}; ${remedy(type, parts.map(String))}`
}

function remedy(type: TypePlan, key: RecordKey): string {
  try {
    const { id, partitionKey } = documentPlace({ type: type.name, key }, type)
    const { attribute } = type.at.azure.partition
    const own = Object.hasOwn(keyFieldsOf(type, key), attribute)
      ? ''
      : ` and ${attribute}: ${JSON.stringify(partitionKey)}`
    return `these key fields ask for the id '${id}'${own}`
  } catch (error) {
    return String(error)
  }
}
