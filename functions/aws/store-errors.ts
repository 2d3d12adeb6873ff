/**
 * What DynamoDB's errors mean to the flows. Only a ValidationException can be a document's fault; whatever else the
 * service says (throttled, forbidden, no such table, internal) or cannot say (no connection, no credentials) is the
 * store's: the change waits and must not become a dead letter.
 */
import { DynamoDBServiceException, TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import { StoreUnavailable, ValueRefused } from '../../shared/ports/index.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'

const raceExceptions: ReadonlySet<string> = new Set(['ConditionalCheckFailedException', 'TransactionConflictException'])
const raceReasons: ReadonlySet<string | undefined> = new Set(['ConditionalCheckFailed', 'TransactionConflict'])

/** The items are not as they were read, or somebody else's transaction holds one. Nothing was written. */
export function isRace(error: unknown): boolean {
  if (error instanceof TransactionCanceledException) {
    return (error.CancellationReasons ?? []).some(({ Code }) => raceReasons.has(Code))
  }
  return error instanceof DynamoDBServiceException && raceExceptions.has(error.name)
}

/** What to throw instead of `error`. */
export function storeFailure(error: unknown, ref?: RecordRef): unknown {
  if (!(error instanceof Error)) return error
  const fault = faultOfItem(error)
  if (fault !== undefined && ref) return new ValueRefused(ref, [], `DynamoDB cannot hold it: ${fault}`)
  if (fault !== undefined || error.name === 'ValidationException') return error
  if (error instanceof DynamoDBServiceException || isUnreachable(error)) {
    return new StoreUnavailable(`DynamoDB: ${error.name}: ${error.message}`, error)
  }
  return error
}

/** An item or key over its limit (an item 400 KB, with its attribute names), or nested more than 32 deep. */
function faultOfItem(error: Error): string | undefined {
  const messages =
    error instanceof TransactionCanceledException
      ? (error.CancellationReasons ?? []).flatMap(({ Code, Message }) => (Code === 'ValidationError' ? [Message] : []))
      : error.name === 'ValidationException'
        ? [error.message]
        : []
  return messages.find(message => message && /exceeded the maximum|Nesting Levels have exceeded/.test(message))
}

const unreachableNames: ReadonlySet<string> = new Set(['TimeoutError', 'AbortError', 'CredentialsProviderError'])

/** Errors of the network carry the system's code, such as ECONNREFUSED; Node's own mistakes begin with ERR_. */
function isUnreachable(error: Error): boolean {
  if (unreachableNames.has(error.name)) return true
  return 'code' in error && typeof error.code === 'string' && !error.code.startsWith('ERR_')
}
