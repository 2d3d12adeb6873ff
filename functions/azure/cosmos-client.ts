/**
 * The Cosmos client of a function: it gives up within seconds, because the trigger tries again anyway and a change
 * that waits in its feed is safer than one that waits in an instance.
 *
 * - It speaks to the account's own endpoint only (`enableEndpointDiscovery: false`), which is the write region: under
 *   bounded staleness reads are current there and nowhere else. It also ends the client's search for another region,
 *   which lasts two minutes.
 * - It never sends a consistency level: a client can only weaken the account's.
 */
import { CosmosClient } from '@azure/cosmos'
import type { Account } from './account.ts'

/**
 * One request. Only this limits a commit: whoever gives one up early tries again while it may still be on its way, and
 * looks at the record before it has arrived.
 */
const requestMsMax = 5_000

/** A read with its repetitions: the client alone would try for ten seconds where connections break. */
const readMsMax = 2_500

/** Throttled (429) requests are repeated so often, so far apart. */
const throttledRetriesMax = 2
const throttledRetryMs = 300

/** A text is a connection string: `AccountEndpoint=...;AccountKey=...;` */
export function createCosmosClient(account: Account): CosmosClient {
  return new CosmosClient({
    ...(typeof account === 'string'
      ? { connectionString: account }
      : { endpoint: account.endpoint, aadCredentials: account.credential }),
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

/** Options of a read: ends it in time. */
export function readDeadline(): { readonly abortSignal: AbortSignal } {
  return { abortSignal: AbortSignal.timeout(readMsMax) }
}
