/**
 * Since when is there no document? Deleted by somebody, or removed by its store because its time had come: what is left
 * of either is a tombstone, and is pruned alike. That a store was late with it is noticed before anything is dropped.
 */
import type { Document } from '../document/json.ts'
import type { DataType } from './here.ts'
import type { SyncRecord } from './sync-record.ts'

/** The last second of a JavaScript date, in the year 275760: later than that is never. */
const secondsMax = 8.64e12

/**
 * For a sync record that is written at `nowMs` for `view`: now, or when the document will expire; ms by this site's
 * clock. Undefined: no end is known.
 */
export function goneAtMs(view: Document | undefined, { plan }: DataType, nowMs: number): number | undefined {
  if (view === undefined) return Math.floor(nowMs)
  const expires = plan.expires !== undefined && Object.hasOwn(view, plan.expires) ? view[plan.expires] : undefined
  return typeof expires === 'number' && expires <= secondsMax ? Math.floor(Math.max(nowMs, expires * 1000)) : undefined
}

/** For how long the document has been gone, ms; undefined: it is there. */
export function goneForMs({ goneAtMs: sinceMs }: SyncRecord, nowMs: number): number | undefined {
  return sinceMs !== undefined && sinceMs <= nowMs ? nowMs - sinceMs : undefined
}
