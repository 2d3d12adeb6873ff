/**
 * How old may a read be? The account has a level; a request may ask for a weaker one, never for a stronger one.
 *
 * Bounded staleness reads of the account's write region are current, as strong ones are. The three weaker levels may
 * answer from a replica that lags; under session, a read that brings the token of a write sees that write.
 *
 * Source: https://learn.microsoft.com/azure/cosmos-db/consistency-levels
 */
import { badRequest, Refusal } from './refusal.ts'

export type ConsistencyLevel = 'Strong' | 'BoundedStaleness' | 'Session' | 'ConsistentPrefix' | 'Eventual'

const weakestFirst: readonly ConsistencyLevel[] = [
  'Eventual',
  'ConsistentPrefix',
  'Session',
  'BoundedStaleness',
  'Strong',
]

/** The level at which one request is answered. `asked`: header `x-ms-consistency-level`. Throws 400. */
export function effectiveLevel(account: ConsistencyLevel, asked: string | undefined): ConsistencyLevel {
  if (asked === undefined) return account
  const level = weakestFirst.find(known => known === asked)
  if (level === undefined) throw badRequest(`ConsistencyLevel ${asked} is invalid.`)
  if (weakestFirst.indexOf(level) > weakestFirst.indexOf(account))
    throw badRequest(
      `ConsistencyLevel ${asked} specified in the request is invalid when service is configured with consistency level ${account}. Ensure the request consistency level is not stronger than the service consistency level.`,
    )
  return level
}

export function readsAreCurrent(level: ConsistencyLevel): boolean {
  return level === 'Strong' || level === 'BoundedStaleness'
}

/** What a client has seen of one physical partition, as the service writes it: `0:-1#42`. */
export function sessionToken(partitionId: string, lsn: number): string {
  return `${partitionId}:-1#${lsn}`
}

/** The lsn per partition id of a header `x-ms-session-token`: `0:-1#42,1:-1#7`. Throws 400. */
export function parseSessionToken(text: string): ReadonlyMap<string, number> {
  const lsnByPartition = new Map<string, number>()
  for (const part of text.split(',')) {
    const [, partitionId, lsn] = /^([^:]+):-?\d+#(\d+)/.exec(part) ?? []
    if (partitionId === undefined) throw badRequest(`The session token ${text} is invalid.`)
    lsnByPartition.set(partitionId, Number(lsn))
  }
  return lsnByPartition
}

/** A token from the future, for instance of a container of the same name that was deleted since. */
export function sessionNotAvailable(): Refusal {
  return new Refusal(404, 'NotFound', 'The read session is not available for the input session token.', 1002)
}
