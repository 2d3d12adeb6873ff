/**
 * Where a record is in Cosmos: which container and logical partition, and under which two ids.
 *
 * The document's id is the whole key as one text; the partition key is the key's first field. The sync record is an
 * item beside it, in the same logical partition, because only there both can be written in one atomic step. Its id
 * starts with a mark, and so does every property of its own but the partition key.
 */
import { cosmosSyncMark, dataStoreName } from '../../shared/declare/resource-names.ts'
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import { reservedReason } from '../../shared/document/portable.ts'
import { ValueRefused } from '../../shared/ports/index.ts'
import { keyFromText, keyText, type RecordKey, type RecordRef } from '../../shared/replicate/record-ref.ts'

export interface ItemPlace {
  readonly container: string
  readonly partitionKey: string
  readonly documentId: string
  readonly syncId: string
}

/** A document's key, or why it has none: `reason` is for the application's developer. */
export type KeyReading = { readonly key: RecordKey } | { readonly field: string; readonly reason: string }

export const syncIdPrefix = `${cosmosSyncMark}|`

/** Why an item of an application under such an id is refused. */
export const syncIdReason = `ids that start with '${syncIdPrefix}' are kept for Tributary`

/** Limits of the service: learn.microsoft.com/azure/cosmos-db/concepts-limits */
const idBytesMax = 1023
const partitionKeyBytesMax = 2048

/** Property names that a key field cannot have: Cosmos' own, and those of a sync item. */
const ownProperties: readonly string[] = ['ttl', cosmosSyncMark]

/** Throws for a declaration that no Cosmos container can hold; better at the start than at every record. */
export function assertKeyFits({ name, key }: TypePlan): void {
  const taken = key.find(field => reservedReason(field) !== undefined || ownProperties.includes(field))
  if (taken === undefined) return
  throw new Error(`data.${name}.key: on Cosmos a key field cannot be named '${taken}', which has a meaning there`)
}

/** Throws `ValueRefused` for a key that Cosmos cannot hold. */
export function placeOf(ref: RecordRef, type: TypePlan): ItemPlace {
  const documentId = keyText(ref.key)
  const partitionKey = ref.key[0] ?? ''
  const syncId = `${syncIdPrefix}${documentId}`
  const misfit = idMisfit(documentId, syncId, partitionKey)
  if (misfit) throw new ValueRefused(ref, [type.key[0]], misfit)
  return { container: dataStoreName(type), partitionKey, documentId, syncId }
}

function idMisfit(documentId: string, syncId: string, partitionKey: string): string | undefined {
  // The client makes them part of an address, where they would name something else.
  if (documentId.trim() === '' || documentId === '.' || documentId === '..') return `'${documentId}' cannot be an id`
  if (documentId.startsWith(syncIdPrefix)) return syncIdReason
  if (Buffer.byteLength(syncId) > idBytesMax)
    return `the key is longer than ${idBytesMax - syncIdPrefix.length} bytes, and with that longer than an id`
  if (Buffer.byteLength(partitionKey) > partitionKeyBytesMax)
    return `a partition key is at most ${partitionKeyBytesMax} bytes`
  return undefined
}

export function isSyncId(id: string): boolean {
  return id.startsWith(syncIdPrefix)
}

/** The key of the record that a sync item belongs to. Throws `URIError` for an id that this code did not make. */
export function keyOfSyncId(id: string): RecordKey {
  return keyFromText(id.slice(syncIdPrefix.length))
}

/** Reads the key of an application's document off its id and holds it against its key fields, where it has them. */
export function readKey(type: TypePlan, id: string, fields: Readonly<Record<string, unknown>>): KeyReading {
  const key = keyFromId(id)
  const agrees = key?.length === type.key.length && !key.includes('')
  const wrong = type.key.find((field, index) => Object.hasOwn(fields, field) && fields[field] !== key?.[index])
  if (key && agrees && wrong === undefined) return { key }
  const present = type.key.map(field => fields[field])
  const strings = present.filter(part => typeof part === 'string')
  const remedy =
    strings.length === type.key.length
      ? `these key fields ask for the id '${keyText(strings)}'`
      : `${type.key.join(' and ')} must be strings`
  return { field: 'id', reason: `the id is '${id}', ${type.key.join(', ')}: ${JSON.stringify(present)}; ${remedy}` }
}

function keyFromId(id: string): RecordKey | undefined {
  try {
    const key = keyFromText(id)
    return keyText(key) === id ? key : undefined
  } catch {
    return undefined
  }
}
