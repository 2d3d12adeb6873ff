/** One operation on one item, the same alone and inside a batch. */
import { z } from 'zod'
import type { Document, Json } from '../../../../shared/document/json.ts'
import { isJsonObject } from '../../../../shared/document/json.ts'
import type { Item } from './item.ts'
import { itemKey } from './item.ts'
import { assertId } from './item-limits.ts'
import type { PartitionKey } from './partition-key.ts'
import { partitionKeyOf, partitionKeyText } from './partition-key.ts'
import { patched, patchSchema } from './patch.ts'
import { badRequest, conflict, notFound, preconditionFailed } from './refusal.ts'
import { readCharge, writeCharge } from './request-charge.ts'
import { satisfies } from './sql.ts'
import type { Transaction } from './transaction.ts'

const partitionKeyMismatch = 1001

export interface ItemOperation {
  readonly type: 'Create' | 'Upsert' | 'Read' | 'Replace' | 'Delete' | 'Patch'
  /** Of the item that must be there; Create and Upsert take it from the document. */
  readonly id: string | undefined
  /** The document, or the patch. */
  readonly body: Json | undefined
  readonly ifMatch: string | undefined
  readonly ifNoneMatch: string | undefined
}

export interface OperationResult {
  readonly status: number
  /** The item as it is now; absent after a delete and for "not modified". */
  readonly item: Item | undefined
  /** In request units. */
  readonly charge: number
}

/**
 * Does it within a transaction. `partitionKey` is the one the client named.
 * Throws 400, 404, 409, 412 or 413; the transaction is then to be forgotten.
 */
export function applyOperation(
  transaction: Transaction,
  partitionKey: PartitionKey,
  keyPaths: readonly string[],
  operation: ItemOperation,
): OperationResult {
  const put = (document: Document, status: number): OperationResult => {
    assertSameKey(partitionKeyOf(document, keyPaths), partitionKey)
    const item = transaction.put(partitionKey, document)
    return { status, item, charge: writeCharge(item.bytes) }
  }
  const { type } = operation
  if (type === 'Create' || type === 'Upsert') {
    const document = documentOf(operation)
    assertId(document.id)
    const present = transaction.item(itemKey(partitionKey, document.id))
    if (present === undefined) return put(document, 201)
    if (type === 'Create') throw conflict('Entity with the specified id already exists in the system.')
    assertConditions(present, operation)
    return put(document, 200)
  }
  if (type === 'Read') return readItem(transaction, partitionKey, operation)

  const present = presentItem(transaction, partitionKey, operation.id)
  assertConditions(present, operation)
  switch (type) {
    case 'Replace': {
      const document = documentOf(operation)
      if (document.id !== operation.id) throw badRequest('The id of an item cannot be changed.')
      return put(document, 200)
    }
    case 'Patch':
      return put(patchedDocument(present, operation), 200)
    case 'Delete':
      transaction.remove(present)
      return { status: 204, item: undefined, charge: writeCharge(present.bytes) }
  }
}

/** Reads from a transaction or from what a replica shows. Throws 404. */
export function readItem(
  source: { item(key: string): Item | undefined },
  partitionKey: PartitionKey,
  { id, ifNoneMatch }: Pick<ItemOperation, 'id' | 'ifNoneMatch'>,
): OperationResult {
  const item = presentItem(source, partitionKey, id)
  if (ifNoneMatch === item.document._etag) return { status: 304, item: undefined, charge: readCharge(0) }
  return { status: 200, item, charge: readCharge(item.bytes) }
}

function presentItem(
  source: { item(key: string): Item | undefined },
  partitionKey: PartitionKey,
  id: string | undefined,
): Item {
  assertId(id)
  const item = source.item(itemKey(partitionKey, id))
  if (!item) throw notFound(id)
  return item
}

function patchedDocument(present: Item, { body }: ItemOperation): Document {
  const patch = patchSchema.safeParse(body)
  if (!patch.success) throw badRequest(`The patch is invalid. ${z.prettifyError(patch.error)}`)
  const { operations, condition } = patch.data
  if (condition !== undefined && !satisfies(present.document, condition)) throw preconditionFailed()
  return patched(present.document, operations)
}

/** The item is there: `*` as If-Match holds, as If-None-Match it does not. */
function assertConditions(present: Item, { ifMatch, ifNoneMatch }: ItemOperation): void {
  const etag = present.document._etag
  if (ifMatch !== undefined && ifMatch !== '*' && ifMatch !== etag) throw preconditionFailed()
  if (ifNoneMatch === '*' || ifNoneMatch === etag) throw preconditionFailed()
}

function documentOf({ body }: ItemOperation): Document {
  if (!isJsonObject(body)) throw badRequest('The input content is invalid: an item is a JSON object.')
  return body
}

function assertSameKey(extracted: PartitionKey, named: PartitionKey): void {
  if (partitionKeyText(extracted) === partitionKeyText(named)) return
  throw badRequest(
    "PartitionKey extracted from document doesn't match the one specified in the header",
    partitionKeyMismatch,
  )
}
