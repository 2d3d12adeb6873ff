/**
 * Documents and sync records in Cosmos: both are items of one logical partition, so a commit of both is one
 * transactional batch, conditional on the etag of each, or on its absence.
 *
 * Two containers with a note of the intent between them were tried and are not safe: a reader meets the half that is
 * there. Source: https://learn.microsoft.com/azure/cosmos-db/transactional-batch
 */
import type { Container, CosmosClient, OperationInput, OperationResponse } from '@azure/cosmos'
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import type { Document } from '../../shared/document/json.ts'
import { refuseUnplaceable } from '../../shared/place/travel.ts'
import {
  type Commit,
  type CommitResult,
  type RecordStore,
  type Revision,
  StoreUnavailable,
} from '../../shared/ports/index.ts'
import { dataTypeOf, type Here } from '../../shared/replicate/here.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { decodeRecord } from '../../shared/replicate/sync-record.ts'
import { createAccountCheck } from './account-check.ts'
import { readDeadline } from './cosmos-client.ts'
import { type ItemPlace, placeOf } from './item-place.ts'
import { isRace, OperationFailed, ownerMissing, storeFailure } from './store-errors.ts'
import { recordTextOf, syncItemFrom } from './sync-item.ts'
import { documentFromItem, itemFromDocument } from './values.ts'

export interface CosmosRecordStoreOptions {
  readonly client: CosmosClient
  readonly here: Here
}

/** Not an etag: there was no document. */
const absent: Revision = 'absent'

/** Said of an operation that failed only because another one in its batch did. */
const failedDependency = 424

/** Where one record is. */
interface Spot {
  readonly ref: RecordRef
  readonly type: TypePlan
  readonly place: ItemPlace
  readonly container: Container
}

interface StoredItem {
  readonly item: Document
  readonly etag: string
}

/**
 * Every method rejects with `AccountUnsuited` unless reads of this account are current (see account-check.ts), and
 * with `ValueRefused` for a key or a document that Cosmos cannot hold.
 */
export function createCosmosRecordStore({ client, here }: CosmosRecordStoreOptions): RecordStore {
  const assertAccountSuited = createAccountCheck(client)

  async function find(ref: RecordRef): Promise<Spot> {
    await assertAccountSuited()
    const type = dataTypeOf(here, ref.type).plan
    const place = placeOf(ref, type)
    return { ref, type, place, container: client.database(place.database).container(place.container) }
  }

  return {
    async readRecord(ref) {
      const spot = await find(ref)
      const stored = await readItem(spot, spot.place.syncId)
      return stored && { record: decodeRecord(recordTextOf(ref, stored.item)), revision: stored.etag }
    },
    async readDocument(ref) {
      const spot = await find(ref)
      const stored = await readItem(spot, spot.place.documentId)
      if (!stored) return { document: undefined, revision: absent }
      refuseUnplaceable(ref, spot.type, here.plan)
      return { ...documentFromItem(ref, spot.type, stored.item), revision: stored.etag }
    },
    async commit(commit) {
      const spot = await find(commit.ref)
      return runBatch(spot, [recordOperation(commit, spot), ...documentOperations(commit, spot)])
    },
  }
}

async function readItem({ ref, place, container }: Spot, id: string): Promise<StoredItem | undefined> {
  try {
    const { resource, statusCode, substatus } = await container.item(id, place.partitionKey).read(readDeadline())
    if (statusCode === 404 && !substatus) return undefined
    if (statusCode === 404) throw new StoreUnavailable(missing(place, substatus))
    if (!isItem(resource)) throw new StoreUnavailable(`Cosmos sent the item '${id}' without an etag`)
    return { item: resource, etag: resource._etag }
  } catch (error) {
    throw storeFailure(error, ref)
  }
}

function missing({ database, container }: ItemPlace, substatus: number | undefined): string {
  if (substatus === ownerMissing) return `there is no container '${container}' in database '${database}'`
  return `Cosmos: 404 with substatus ${substatus}`
}

function isItem(resource: unknown): resource is Document & { readonly _etag: string } {
  return typeof resource === 'object' && resource !== null && '_etag' in resource && typeof resource._etag === 'string'
}

function recordOperation({ record, expected }: Commit, { type, place }: Spot): OperationInput {
  const resourceBody = syncItemFrom(place, type, record)
  if (expected === undefined) return { operationType: 'Create', resourceBody }
  return { operationType: 'Replace', id: place.syncId, resourceBody, ifMatch: expected }
}

function documentOperations({ ref, document }: Commit, { type, place }: Spot): readonly OperationInput[] {
  if (!document) return []
  const { read, after } = document
  const id = place.documentId
  const ifMatch = read.revision
  if (after === undefined) {
    // The client's type of a deletion forgets the condition that it sends.
    const deletion = { operationType: 'Delete', id, ifMatch } as const
    return read.document ? [deletion] : []
  }
  const resourceBody = itemFromDocument(ref, type, after, read.aside && { aside: read.aside })
  if (!read.document) return [{ operationType: 'Create', resourceBody }]
  return [{ operationType: 'Replace', id, resourceBody, ifMatch }]
}

async function runBatch({ ref, place, container }: Spot, operations: readonly OperationInput[]): Promise<CommitResult> {
  try {
    const { result = [] } = await container.items.batch([...operations], place.partitionKey, {
      contentResponseOnWriteEnabled: false,
    })
    assertAllDone(result, operations.length)
    return 'committed'
  } catch (error) {
    if (isRace(error)) return 'raced'
    throw storeFailure(error, ref)
  }
}

function assertAllDone(results: readonly OperationResponse[], count: number): void {
  const failed = results.find(({ statusCode }) => statusCode >= 400 && statusCode !== failedDependency)
  if (failed) throw new OperationFailed(failed.statusCode, 'message' in failed ? String(failed.message) : 'in a batch')
  const done = results.filter(({ statusCode }) => statusCode < 300).length
  if (done !== count) throw new StoreUnavailable(`of ${count} operations of a batch Cosmos reports ${done} as done`)
}
