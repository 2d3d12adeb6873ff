/**
 * What stood in a document just before a merge changed it, remembered for a while: an application that read the
 * document then, and writes the whole of it back now, undoes the merge, and its stale fields look like fresh edits.
 * These notes are how such a write is recognised (see write-back.ts).
 *
 * Only a short hash of each value, and only of merges that found a document and left one: where one of them creates or
 * removes it, the same values come back whenever somebody begins anew. The notes ride in the sync record and are dropped
 * with the next commit after their time; nobody writes a record to be rid of them.
 */
import { hash } from 'node:crypto'
import type { Dot, SiteId } from '../causality/dot.ts'
import { type Hlc, hlcToMs } from '../causality/hybrid-logical-clock.ts'
import { counterOf, type VersionVector } from '../causality/version-vector.ts'
import { canonicalText } from '../document/canonical.ts'
import type { Json } from '../document/json.ts'
import type { ChangedLeaf } from '../resolve/changed-leaves.ts'
import type { CellsState, Path } from '../resolve/merge-type.ts'
import { type Places, pathAt, placesOf } from '../resolve/places.ts'
import { documentIn } from '../resolve/record-type.ts'
import type { StampTable, StampTableWriter } from '../resolve/stamp-table.ts'

export interface Displaced {
  readonly path: Path
  /** Of the value that stood there; `absentHash`: none did. */
  readonly hash: string
  /** The last write of the change that displaced it. */
  readonly by: Dot
  /** When, by this site's clock, in seconds since 1970. */
  readonly atS: number
}

/** Longer than an application waits between reading and writing, short enough that a value set back on purpose is rare. */
export const displacedForS = 600

/** Of a record. The latest are kept. */
export const displacedMax = 16

/** A longer path (as JSON) is not noted: a record must not grow by the names of somebody's fields. */
export const displacedPathLengthMax = 80

const absentHash = ''

/** 24 bits: one of 16 million different values is taken for another. */
const hashLength = 4

export function shortHash(value: Json | undefined): string {
  if (value === undefined) return absentHash
  return hash('sha256', canonicalText(value), 'base64url').slice(0, hashLength)
}

export function sameDisplacedPath(a: Path, b: Path): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index])
}

export function recentDisplaced(displaced: readonly Displaced[], nowMs: number): readonly Displaced[] {
  return displaced.filter(({ atS }) => nowMs / 1000 - atS <= displacedForS)
}

export function displacedBy(leaves: readonly ChangedLeaf[], by: Dot, nowMs: number): readonly Displaced[] {
  const atS = Math.floor(nowMs / 1000)
  return leaves
    .filter(({ path }) => JSON.stringify(path).length <= displacedPathLengthMax)
    .slice(0, displacedMax)
    .map(({ path, before }) => ({ path, hash: shortHash(before), by, atS }))
}

/**
 * As stored: site's number, how far behind the record's vector the write is, how many seconds before the record's latest
 * stamp, hash, path. (Counters, times and names as they are would be most of it.) Names that the state has are told by
 * their places in it, as what was touched is.
 */
export type DisplacedRow = readonly [site: number, behind: number, ageS: number, hash: string, ...path: Places]

interface Beside {
  readonly vector: VersionVector
  readonly hlc: Hlc
  readonly state: CellsState | undefined
}

export function encodeDisplaced(
  displaced: readonly Displaced[],
  { vector, hlc, state }: Beside,
  table: StampTableWriter,
): readonly DisplacedRow[] {
  const document = documentIn(state)
  return displaced.map(({ path, hash, by: [site, counter], atS }) => {
    const places = placesOf(path, document)
    return [table.siteNumber(site), counterOf(vector, site) - counter, secondsOf(hlc) - atS, hash, ...places]
  })
}

/** Throws `NotInTable`. */
export function decodeDisplaced(
  rows: readonly DisplacedRow[],
  { vector, hlc, state }: Beside,
  table: StampTable,
): readonly Displaced[] {
  const document = documentIn(state)
  return rows.map(([number, behind, ageS, hash, ...places]) => {
    const site: SiteId = table.site(number)
    const path = pathAt(places, document)
    return { path, hash, by: [site, counterOf(vector, site) - behind], atS: secondsOf(hlc) - ageS }
  })
}

function secondsOf(hlc: Hlc): number {
  return Math.floor(hlcToMs(hlc) / 1000)
}
