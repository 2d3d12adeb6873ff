/**
 * What is there for somebody to look at? Every site audits a conflict as it met it; here these accounts are put together,
 * by record and cell, so that each conflict is one, with all its versions. What was reviewed is left out, and nothing else
 * is: a conflict that a later write has settled is still listed until somebody has seen what was lost.
 */
import { counterOf, joinVectors, type VersionVector } from '../../shared/causality/version-vector.ts'
import { type AuditEntry, isQuarantine, isResolution, isReview } from '../../shared/replicate/audit-entry.ts'
import { type RecordRef, recordName } from '../../shared/replicate/record-ref.ts'
import type { Path, Rule, Version } from '../../shared/resolve/merge-type.ts'

/** A cell of the document, with every value that was written there at once. */
export interface ConflictCell {
  readonly path: Path
  readonly rule: Rule
  /** The latest first. */
  readonly versions: readonly Version[]
}

/** A write that a site has turned away for its clock, and still has not. */
export interface KeptOut {
  readonly origin: string
  readonly site: string
  readonly aheadMs: number
}

export interface Conflict extends RecordRef {
  /** When it was first and last met, by the sites' clocks. */
  readonly firstMs: number
  readonly lastMs: number
  readonly cells: readonly ConflictCell[]
  readonly quarantined: readonly KeptOut[]
  /** All that the sites that met it had seen then. */
  readonly vector: VersionVector
  /** The entries that say so, and where they are. */
  readonly entries: readonly { readonly id: string; readonly site: string }[]
}

/** `seen`: what a site has seen of a record by now. */
export type Seen = (site: string, ref: RecordRef) => VersionVector

/** `flagged`: of all sites, in any order; `reviews` likewise. The latest conflict first. */
export function openConflicts(
  flagged: readonly AuditEntry[],
  reviews: readonly AuditEntry[],
  seen: Seen,
): readonly Conflict[] {
  const reviewed = new Set(reviews.flatMap(entry => (isReview(entry) ? entry.entries : [])))
  const open = flagged.filter(
    entry =>
      !reviewed.has(entry.id) &&
      !(isQuarantine(entry) && counterOf(seen(entry.site, entry), entry.origin) >= entry.counter),
  )
  const byRecord = Map.groupBy(open, recordName)
  return [...byRecord.values()].flatMap(conflictOf).sort((a, b) => b.lastMs - a.lastMs)
}

function conflictOf(entries: readonly AuditEntry[]): readonly Conflict[] {
  const [first] = entries
  if (!first) return []
  const times = entries.map(({ atMs }) => atMs)
  return [
    {
      ...{ type: first.type, key: first.key },
      ...{ firstMs: Math.min(...times), lastMs: Math.max(...times) },
      cells: cellsIn(entries),
      quarantined: entries.filter(isQuarantine).map(({ origin, site, aheadMs }) => ({ origin, site, aheadMs })),
      vector: entries
        .filter(isResolution)
        .reduce<VersionVector>((all, { vectors }) => joinVectors(all, vectors.merged), {}),
      entries: entries.map(({ id, site }) => ({ id, site })),
    },
  ]
}

function cellsIn(entries: readonly AuditEntry[]): readonly ConflictCell[] {
  const flagged = entries
    .filter(isResolution)
    .flatMap(({ arbitrations }) => arbitrations.filter(({ review }) => review))
  const byPath = Map.groupBy(flagged, ({ path }) => JSON.stringify(path))
  return [...byPath.values()].flatMap(row => {
    const [first] = row
    if (!first) return []
    const versions = row.flatMap(({ kept, lost = [] }) => (kept ? [kept, ...lost] : lost))
    const once = new Map(versions.map(version => [`${version.site} ${version.counter}`, version])).values()
    return [{ path: first.path, rule: first.rule, versions: [...once].sort((a, b) => b.hlc - a.hlc) }]
  })
}
