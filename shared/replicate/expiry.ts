/**
 * Did somebody delete this document, or did its store remove it because its time had come?
 *
 * The time to live is part of the document: a declared field holds the second at which it expires. Every site can
 * tell from it what every other site's store does by itself, so an expiry is never captured and never travels. A
 * store may be late (DynamoDB: up to days): an expired document that still stands somewhere is as good as gone, and
 * what is written to it, or in its place, begins a new one.
 */
import type { Document } from '../document/json.ts'

/**
 * By how much the clock of a store may be ahead of ours when it removes something. A document that an application
 * deletes within its last two seconds is taken for an expired one: the other sites lose it just as soon.
 */
export const storeClockMarginMs = 2000

/** `field` holds seconds since 1970, as DynamoDB wants them; what is no number never expires. */
export function hasExpired(document: Document | undefined, field: string | undefined, nowMs: number): boolean {
  if (document === undefined || field === undefined || !Object.hasOwn(document, field)) return false
  const expires = document[field]
  return typeof expires === 'number' && expires * 1000 <= nowMs
}
