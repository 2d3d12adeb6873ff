/**
 * The Cosmos client of a function: it gives up within seconds, because the trigger tries again anyway and a change
 * that waits in its feed is safer than one that waits in an instance.
 *
 * - It speaks to the account's own endpoint only (`enableEndpointDiscovery: false`), which is the write region: under
 *   bounded staleness reads are current there and nowhere else. It also ends the client's search for another region,
 *   which lasts two minutes.
 * - It never sends a consistency level: a client can only weaken the account's.
 */
import { CosmosClient, ErrorResponse } from '@azure/cosmos'
import { StoreUnavailable } from '../../shared/ports/index.ts'

const requestMsMax = 2_000

/** One operation with its repetitions. Two reads and a commit then answer or fail within about five seconds. */
const operationMsMax = 2_500

/** Throttled (429) requests are repeated so often, so far apart. */
const throttledRetriesMax = 2
const throttledRetryMs = 300

/** `connectionString`: `AccountEndpoint=...;AccountKey=...;` */
export function createCosmosClient(connectionString: string): CosmosClient {
  return new CosmosClient({
    connectionString,
    connectionPolicy: {
      enableEndpointDiscovery: false,
      requestTimeout: requestMsMax,
      retryOptions: {
        maxRetryAttemptCount: throttledRetriesMax,
        fixedRetryIntervalInMilliseconds: throttledRetryMs,
        maxWaitTimeInSeconds: 1,
      },
    },
  })
}

/** The service answered that the request cannot be done: what that means depends on the request. */
export class CosmosRefusal extends Error {
  /** 400, 404, 409, 412 or 413. */
  readonly status: number
  /** Tells cases of one status apart. */
  readonly substatus: number | undefined
  constructor(status: number, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'CosmosRefusal'
    this.status = status
    this.substatus = cause instanceof ErrorResponse ? cause.substatus : undefined
  }
}

const refusalStatuses: readonly unknown[] = [400, 404, 409, 412, 413]

/**
 * Runs one operation of the client against the deadline. Rejects with `CosmosRefusal`, or with `StoreUnavailable` for
 * everything else: throttling, timeouts, lost connections, a rotated key. Nothing is wrong with the change then.
 */
export async function askCosmos<Result>(operation: (abortSignal: AbortSignal) => Promise<Result>): Promise<Result> {
  try {
    return await operation(AbortSignal.timeout(operationMsMax))
  } catch (error) {
    throw failureFrom(error)
  }
}

/** What one status means, of a request or of an operation inside a batch. */
export function failureOf(status: number, message: string, cause?: unknown): CosmosRefusal | StoreUnavailable {
  if (refusalStatuses.includes(status)) return new CosmosRefusal(status, message, cause)
  return new StoreUnavailable(`Cosmos answers ${status}: ${message}`, cause)
}

function failureFrom(thrown: unknown): CosmosRefusal | StoreUnavailable {
  const error = unwrapped(thrown)
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const message = error instanceof Error ? error.message : String(error)
  if (typeof code === 'number') return failureOf(code, message, error)
  return new StoreUnavailable(code === undefined ? message : `${String(code)}: ${message}`, error)
}

/** `items.batch` hides the status inside the cause of an error of its own. */
function unwrapped(error: unknown): unknown {
  return error instanceof Error && !('code' in error) && error.cause !== undefined ? error.cause : error
}
