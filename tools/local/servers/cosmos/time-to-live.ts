/**
 * When does an item expire? Only where the container has a default: a number of seconds, or -1 for "never, unless
 * the item says so". An item's own `ttl` wins.
 *
 * Source: https://learn.microsoft.com/azure/cosmos-db/time-to-live
 */
import type { StoredDocument } from './item.ts'
import { badRequest } from './refusal.ts'

const never = -1
const secondsMax = 2 ** 31 - 1

/** Seconds since 1970, `undefined` for an item that stays. */
export function expirySeconds(document: StoredDocument, defaultTtl: number | undefined): number | undefined {
  if (defaultTtl === undefined) return undefined
  const ttl = typeof document.ttl === 'number' ? document.ttl : defaultTtl
  return ttl === never ? undefined : document._ts + ttl
}

/** Throws 400 unless `ttl` is absent, -1 or a positive number of seconds. */
export function assertTimeToLive(ttl: unknown): void {
  if (ttl === undefined || ttl === never) return
  if (typeof ttl === 'number' && Number.isInteger(ttl) && ttl > 0 && ttl <= secondsMax) return
  throw badRequest(
    `The input ttl '${String(ttl)}' is invalid. Ensure to provide a nonzero positive integer less than or equal to ${secondsMax}, or -1.`,
  )
}
