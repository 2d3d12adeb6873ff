/**
 * Many operations in one request. Atomic ("transactional batch"): one logical partition, all or nothing. Otherwise
 * ("bulk"): each on its own, in any partition.
 *
 * Source: https://learn.microsoft.com/azure/cosmos-db/transactional-batch
 */
import { z } from 'zod'
import type { Json } from '../../../../shared/document/json.ts'
import type { Container } from './container.ts'
import type { Answer, Request } from './http-exchange.ts'
import { flagOf, headerOf, jsonSchema, parseBody } from './http-exchange.ts'
import type { ItemOperation, OperationResult } from './item-operation.ts'
import { applyOperation } from './item-operation.ts'
import type { PartitionKey } from './partition-key.ts'
import { parsePartitionKey, partitionKeyText } from './partition-key.ts'
import { badRequest, Refusal, tooLarge } from './refusal.ts'
import { Transaction } from './transaction.ts'

const operationsMax = 100
const requestBytesMax = 2 * 1024 * 1024

const batchSchema = z
  .array(
    z.object({
      operationType: z.enum(['Create', 'Upsert', 'Read', 'Replace', 'Delete', 'Patch']),
      id: z.string().optional(),
      partitionKey: z.string().optional(),
      resourceBody: jsonSchema.optional(),
      ifMatch: z.string().optional(),
      ifNoneMatch: z.string().optional(),
    }),
  )
  .min(1)
type BatchOperation = z.infer<typeof batchSchema>[number]

/** What the answer says of one operation. */
type Entry = { readonly [name: string]: Json }

/** It did not fail itself; another one did. */
const failedDependency: Entry = { statusCode: 424, requestCharge: 0 }

/** Throws 400 or 413 for the request as a whole; the failures of its operations are in the answer. */
export function runBatch(
  container: Container,
  request: Request,
  partitionKey: PartitionKey | undefined,
  nowMs: number,
): Answer {
  if (Buffer.byteLength(request.body) > requestBytesMax) throw tooLarge(`A batch has at most ${requestBytesMax} bytes.`)
  const operations = parseBody(request, batchSchema)
  if (operations.length > operationsMax) throw badRequest(`A batch has at most ${operationsMax} operations.`)
  const withBodies = headerOf(request, 'prefer') !== 'return=minimal'
  const entries = flagOf(request, 'x-ms-cosmos-batch-atomic')
    ? runAtomically(container, operations, partitionKey, nowMs, withBodies)
    : runEach(container, operations, nowMs, withBodies, flagOf(request, 'x-ms-cosmos-batch-continue-on-error'))
  const succeeded = entries.every(entry => !isFailure(entry))
  return {
    status: succeeded ? 200 : 207,
    headers: { 'x-ms-request-charge': String(sum(entries.map(entry => Number(entry.requestCharge)))) },
    body: entries,
  }
}

function runAtomically(
  container: Container,
  operations: readonly BatchOperation[],
  partitionKey: PartitionKey | undefined,
  nowMs: number,
  withBodies: boolean,
): readonly Entry[] {
  if (partitionKey === undefined) throw badRequest('A transactional batch needs a partition key.')
  const key = partitionKey
  const transaction = new Transaction(container.partitionOf(key), nowMs)
  const entries: Entry[] = []
  for (const operation of operations) {
    const entry = entryOf(withBodies, operation, () => {
      if (operation.partitionKey !== undefined) assertInPartition(operation.partitionKey, key)
      return applyOperation(transaction, key, container.keyPaths, itemOperation(operation))
    })
    if (isFailure(entry)) return operations.map((_, index) => (index === entries.length ? entry : failedDependency))
    entries.push(entry)
  }
  transaction.commit()
  return entries
}

function runEach(
  container: Container,
  operations: readonly BatchOperation[],
  nowMs: number,
  withBodies: boolean,
  continueOnError: boolean,
): readonly Entry[] {
  let stopped = false
  return operations.map(operation => {
    if (stopped) return failedDependency
    const entry = entryOf(withBodies, operation, () => {
      if (operation.partitionKey === undefined) throw badRequest('A bulk operation needs a partition key.')
      const key = parsePartitionKey(operation.partitionKey)
      const transaction = new Transaction(container.partitionOf(key), nowMs)
      const result = applyOperation(transaction, key, container.keyPaths, itemOperation(operation))
      transaction.commit()
      return result
    })
    stopped = isFailure(entry) && !continueOnError
    return entry
  })
}

function entryOf(withBodies: boolean, operation: BatchOperation, run: () => OperationResult): Entry {
  try {
    const { status, item, charge } = run()
    if (item === undefined) return { statusCode: status, requestCharge: charge }
    const entry = { statusCode: status, requestCharge: charge, eTag: item.document._etag }
    return withBodies || operation.operationType === 'Read' ? { ...entry, resourceBody: item.document } : entry
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown
    const { status, substatus, message } = thrown
    return { statusCode: status, subStatusCode: substatus ?? 0, requestCharge: 1, message }
  }
}

function itemOperation(operation: BatchOperation): ItemOperation {
  return {
    type: operation.operationType,
    id: operation.id,
    body: operation.resourceBody,
    ifMatch: operation.ifMatch,
    ifNoneMatch: operation.ifNoneMatch,
  }
}

function assertInPartition(operationKey: string, batchKey: PartitionKey): void {
  if (partitionKeyText(parsePartitionKey(operationKey)) !== partitionKeyText(batchKey))
    throw badRequest('All operations of a transactional batch belong to one partition key.')
}

function isFailure(entry: Entry): boolean {
  return Number(entry.statusCode) >= 400
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
