/** Where the values of a record come from, as `get` tells it: by which write of which site, how old, and with which warning. */

import { hlcToMs } from '../../shared/causality/hybrid-logical-clock.ts'
import type { DocumentDescriptor } from '../../shared/declare/merge-descriptor.ts'
import { isJsonObject, type Json } from '../../shared/document/json.ts'
import { type FeedTold, feedsTold } from '../../shared/resolve/feeds-told.ts'
import type { Origin } from '../../shared/resolve/merge-type.ts'
import { columns, duration } from './output.ts'

export interface ValueTold {
  readonly path: readonly string[]
  /** The site at which it was captured, and when. */
  readonly site: string
  readonly capturedMs: number
  readonly ageMs: number
}

export interface Provenance {
  readonly values: readonly ValueTold[]
  /** Of a type with feeds. */
  readonly feeds?: readonly FeedTold[]
}

interface TracedRecord {
  readonly document: Json
  readonly origins: readonly Origin[]
}

/** `nowMs`: by the clock of whoever asks; see docs/merge-types.md for why no document tells its own age. */
export function provenanceOf(
  merge: DocumentDescriptor | undefined,
  { document, origins }: TracedRecord,
  nowMs: number,
): Provenance {
  const values = origins.map(({ path, site, hlc }) => {
    const capturedMs = hlcToMs(hlc)
    return { path, site, capturedMs, ageMs: Math.max(0, nowMs - capturedMs) }
  })
  if (merge?.kind !== 'bestFeed' || !isJsonObject(document)) return { values }
  return { values, feeds: feedsTold(merge, document, origins, nowMs) }
}

export function valueTable(values: readonly ValueTold[]): string {
  return columns(
    ['value', 'from', 'captured', 'age'],
    values.map(({ path, site, capturedMs, ageMs }) => [
      path.length === 0 ? 'the document' : path.join('.'),
      site,
      new Date(capturedMs).toISOString(),
      duration(ageMs),
    ]),
  )
}

export function feedTable(feeds: readonly FeedTold[]): string {
  return columns(
    ['feed', 'venue', 'class', 'from', 'age', 'lag', ''],
    feeds.map(({ feed, venue, class: by, site, ageMs, lagMs, counts, warning }) => [
      feed,
      String(venue ?? ''),
      String(by ?? ''),
      site,
      duration(ageMs),
      duration(lagMs),
      [...(counts ? ['counts'] : []), ...(warning === undefined ? [] : [`warning: ${warning}`])].join(', '),
    ]),
  )
}
