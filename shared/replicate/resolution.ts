/**
 * A resolution: an arriving interval of writes was merged with something that was concurrent to it here.
 * Audited once per site under an id that any repetition finds again.
 */
import { hash } from 'node:crypto'
import type { SiteId } from '../causality/dot.ts'
import type { Hlc } from '../causality/hybrid-logical-clock.ts'
import type { VersionVector } from '../causality/version-vector.ts'
import type { Json } from '../document/json.ts'
import type { Arbitration } from '../resolve/merge-type.ts'
import type { RecordKey } from './record-ref.ts'

export interface Resolution {
  readonly id: string
  /** Where it was resolved. */
  readonly site: SiteId
  readonly type: string
  readonly key: RecordKey
  /** Whose writes arrived: those after `from` up to `to`. */
  readonly origin: SiteId
  readonly from: number
  readonly to: number
  /** When, by this site's clock, in ms. */
  readonly atMs: number
  readonly vectors: { readonly local: VersionVector; readonly remote: VersionVector; readonly merged: VersionVector }
  /** The latest stamp of the record here, and of what came. */
  readonly clocks: { readonly local: Hlc; readonly remote: Hlc }
  /** The part of the document that the arriving writes touched: as it was here, as it came, as it is now. Absent: no document. */
  readonly local?: Json
  readonly remote?: Json
  readonly outcome?: Json
  /** What had to be chosen or combined, cell by cell, with every losing value whole. */
  readonly arbitrations: readonly Arbitration[]
}

/** Whose writes of which record an entry tells of, and where. */
export type Told = Pick<Resolution, 'site' | 'type' | 'key' | 'origin' | 'from' | 'to'>

export function resolutionId(told: Told): string {
  return entryId([], told)
}

/** One write can be told of in several ways: `kind` keeps their entries apart. */
export function entryId(kind: readonly string[], { site, type, key, origin, from, to }: Told): string {
  const named = [...kind, site, type, key, origin, from, to]
  return hash('sha256', JSON.stringify(named), 'base64url').slice(0, 27)
}
