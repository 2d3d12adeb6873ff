/** How long a sync record carries a resolution: until the feed that copies it to the audit store has surely passed. */
import type { Resolution } from './resolution.ts'

const hourMs = 3_600_000

/** The shortest retention of the three clouds' feeds (DynamoDB Streams keep 24 hours). */
export const feedRetentionMs = 24 * hourMs

/** With this many in a sync record, ingest writes them into the audit store itself before it commits more. */
export const carriedResolutionsMax = 8

/**
 * The same beyond this size: the values that lost are whole, and a sync record must fit into its store beside the
 * state (DynamoDB: 400 KB).
 */
export const carriedBytesMax = 16_000

export function fitsIntoRecord(resolutions: readonly Resolution[]): boolean {
  return resolutions.length <= carriedResolutionsMax && JSON.stringify(resolutions).length <= carriedBytesMax
}

export function recentResolutions(resolutions: readonly Resolution[], nowMs: number): readonly Resolution[] {
  if (resolutions.length === 0) return resolutions
  return resolutions.filter(({ atMs }) => nowMs - atMs <= feedRetentionMs)
}
