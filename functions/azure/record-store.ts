/**
 * Documents and sync records in Cosmos: both are items of one logical partition, so a commit of both is one
 * transactional batch, conditional on the etag of each, or on its absence.
 *
 * Two containers with a note of the intent between them were tried and are not safe: a reader meets the half that is
 * there. Source: https://learn.microsoft.com/azure/cosmos-db/transactional-batch
 */
import type { Container, CosmosClient, OperationInput, OperationResponse } from '@azure/cosmos'
import { cosmosDatabaseName } from '../../shared/declare/resource-names.ts'
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import type { Document } from '../../shared/document/json.ts'
import {
  type Commit,
  type CommitResult,
  type RecordStore,
  type Revision,
  StoreUnavailable,
  ValueRefused,
} from '../../shared/ports/index.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { decodeRecord } from '../../shared/replicate/sync-record.ts'
import { assertReadsAreCurrent } from './account-consistency.ts'
import { askCosmos, CosmosRefusal, failureOf } from './cosmos-client.ts'
import { assertKeyFits, type ItemPlace, placeOf } from './item-place.ts'
import { syncItemFrom, syncRecordText } from './sync-item.ts'
import { documentFromItem, itemFromDocument } from './values.ts'

/** Not an etag: there was no document. */
const absent: Revision = 'absent'

/** Said of an operation that failed only because another one in its batch did. */
const failedDependency = 424

/** Of a 404: what is missing is not the item but its container or database. */
const ownerMissing = 1003

interface StoredItem {
  readonly item: Document
  readonly etag: string
}

/**
 * The store of a site that holds `types`. Costs one request, once.
 * Rejects with `AccountUnsuited` unless every read of this account is current, with `StoreUnavailable` if it does not
 * answer.
 */
export async function openCosmosRecordStore(client: CosmosClient, types: readonly TypePlan[]): Promise<RecordStore> {
  for (const type of types) assertKeyFits(type)
  await assertReadsAreCurrent(client)
  const typesByName = new Map(types.map(type => [type.name, type]))
  const database = client.database(cosmosDatabaseName)

  function whereIs(ref: RecordRef): { type: TypePlan; place: ItemPlace; container: Container } {
    const type = typesByName.get(ref.type)
    if (!type) throw new Error(`this site holds no data type '${ref.type}'`)
    const place = placeOf(ref, type)
    return { type, place, container: database.container(place.container) }
  }

  return {
    async readRecord(ref) {
      const { place, container } = whereIs(ref)
      const stored = await readItem(ref, container, place.syncId, place.partitionKey)
      return stored && { record: decodeRecord(syncRecordText(ref, stored.item)), revision: stored.etag }
    },
    async readDocument(ref) {
      const { type, place, container } = whereIs(ref)
      const stored = await readItem(ref, container, place.documentId, place.partitionKey)
      if (!stored) return { document: undefined, revision: absent }
      return { document: documentFromItem(ref, type, stored.item), revision: stored.etag }
    },
    commit(commit) {
      const { type, place, container } = whereIs(commit.ref)
      const operations = [recordOperation(commit, type, place), ...documentOperations(commit, type, place)]
      return runBatch(commit.ref, container, place.partitionKey, operations)
    },
  }
}

async function readItem(
  ref: RecordRef,
  container: Container,
  id: string,
  partitionKey: string,
): Promise<StoredItem | undefined> {
  try {
    const { resource, statusCode, substatus } = await askCosmos(abortSignal =>
      container.item(id, partitionKey).read({ abortSignal }),
    )
    if (statusCode === 404 && !substatus) return undefined
    if (statusCode === 404) throw missing(container, substatus)
    if (!isItem(resource)) throw new StoreUnavailable(`the item '${id}' came without an etag`)
    return { item: resource, etag: resource._etag }
  } catch (error) {
    throw refusalOf(ref, error)
  }
}

function missing(container: Container, substatus: number | undefined): StoreUnavailable {
  if (substatus !== ownerMissing) return new StoreUnavailable(`Cosmos answers 404 with substatus ${substatus}`)
  return new StoreUnavailable(`there is no container '${container.id}' in database '${cosmosDatabaseName}'`)
}

function isItem(resource: unknown): resource is Document & { readonly _etag: string } {
  return typeof resource === 'object' && resource !== null && '_etag' in resource && typeof resource._etag === 'string'
}

function recordOperation({ ref, record, expected }: Commit, type: TypePlan, place: ItemPlace): OperationInput {
  const resourceBody = syncItemFrom(ref, type, place.syncId, record)
  if (expected === undefined) return { operationType: 'Create', resourceBody }
  return { operationType: 'Replace', id: place.syncId, resourceBody, ifMatch: expected }
}

function documentOperations({ ref, document }: Commit, type: TypePlan, place: ItemPlace): readonly OperationInput[] {
  if (!document) return []
  const { read, after } = document
  const ifMatch = read.revision
  const id = place.documentId
  if (after === undefined) {
    // The client's type of a deletion forgets the condition that it sends.
    const deletion = { operationType: 'Delete', id, ifMatch } as const
    return read.document ? [deletion] : []
  }
  const resourceBody = itemFromDocument(ref, type, after)
  return [
    read.document ? { operationType: 'Replace', id, resourceBody, ifMatch } : { operationType: 'Create', resourceBody },
  ]
}

async function runBatch(
  ref: RecordRef,
  container: Container,
  partitionKey: string,
  operations: readonly OperationInput[],
): Promise<CommitResult> {
  try {
    const { result } = await askCosmos(abortSignal =>
      container.items.batch([...operations], partitionKey, { abortSignal, contentResponseOnWriteEnabled: false }),
    )
    const failed = result?.find(({ statusCode }) => statusCode >= 400 && statusCode !== failedDependency)
    if (failed) throw failureOf(failed.statusCode, messageIn(failed))
    const done = result?.filter(({ statusCode }) => statusCode < 300).length
    if (done !== operations.length) throw new StoreUnavailable(`of ${operations.length} operations ${done} are done`)
    return 'committed'
  } catch (error) {
    if (error instanceof CosmosRefusal && isRace(error)) return 'raced'
    throw refusalOf(ref, error)
  }
}

function messageIn(operation: OperationResponse): string {
  return 'message' in operation ? String(operation.message) : 'an operation of the batch failed'
}

/** It is there, it is gone, it is another version. */
function isRace({ status, substatus }: CosmosRefusal): boolean {
  return status === 409 || status === 412 || (status === 404 && substatus !== ownerMissing)
}

/** 400 and 413: however often it is tried, this store will not hold it. */
function refusalOf(ref: RecordRef, error: unknown): unknown {
  if (!(error instanceof CosmosRefusal)) return error
  if (error.status === 404) return new StoreUnavailable(`the container of '${ref.type}' is missing: ${error.message}`)
  return new ValueRefused(ref, [], `Cosmos refuses it with ${error.status}: ${error.message}`)
}
