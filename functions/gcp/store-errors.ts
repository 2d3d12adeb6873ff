/**
 * What the errors of Firestore and Pub/Sub mean to the flows. Only INVALID_ARGUMENT can be a document's fault; whatever
 * else the service says (throttled, forbidden, internal) or cannot say (no connection, no token) is the store's: the
 * change waits and must not become a dead letter.
 */
import { StoreUnavailable, ValueRefused } from '../../shared/ports/index.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'

/** The gRPC statuses that are told apart (https://grpc.io/docs/guides/status-codes/). */
const invalidArgument = 3
const notFound = 5
const alreadyExists = 6
const failedPrecondition = 9
const aborted = 10

const raceStatuses: ReadonlySet<unknown> = new Set([notFound, alreadyExists, failedPrecondition, aborted])

/** Of a commit: something is not as it was read, or somebody else is writing it. Nothing was written. */
export function isRace(error: unknown): boolean {
  return raceStatuses.has(codeOf(error))
}

/** What to throw instead of `error`. */
export function storeFailure(error: unknown, ref?: RecordRef): unknown {
  const code = codeOf(error)
  if (!(error instanceof Error) || code === undefined) return error
  if (code === invalidArgument && ref) return new ValueRefused(ref, [], `Firestore refuses it: ${error.message}`)
  // Node's own mistakes have a code too.
  if (typeof code === 'string' && code.startsWith('ERR_')) return error
  return new StoreUnavailable(error.message, error)
}

/** A number from the service or in its place; a text, such as ECONNREFUSED, from the network. */
function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
