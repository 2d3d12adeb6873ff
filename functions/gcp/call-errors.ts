/** What does the failure of a call of Firestore or Pub/Sub mean for the change at hand? */
import { StoreUnavailable } from '../../shared/ports/index.ts'

/** The gRPC statuses that are told apart (https://grpc.io/docs/guides/status-codes/). */
const invalidArgument = 3
const notFound = 5
const alreadyExists = 6
const failedPrecondition = 9
const aborted = 10

/** How the statuses of a refused precondition, and of two commits at once, come out. */
const races: ReadonlySet<number> = new Set([notFound, alreadyExists, failedPrecondition, aborted])

interface CallError extends Error {
  readonly code: number
}

/** The service answered with a status, or its client did in its place. */
function isCallError(error: unknown): error is CallError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number'
}

/** Something was not as it was read. */
export function isRace(error: unknown): boolean {
  return isCallError(error) && races.has(error.code)
}

/** The service will never take this value or this name: trying again changes nothing. */
export function isInvalid(error: unknown): error is Error {
  return isCallError(error) && error.code === invalidArgument
}

/** Whatever else a service answers, a missing permission included, has nothing to do with the change: it waits. */
export function unavailable(error: unknown): unknown {
  return isCallError(error) ? new StoreUnavailable(error.message, error) : error
}
