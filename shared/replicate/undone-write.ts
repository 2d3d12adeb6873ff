/**
 * An application wrote what is not its to write: a verdict, an amount that is computed. The document is put right in the
 * commit that captures the write; the audit keeps what was written.
 */
import type { Hlc } from '../causality/hybrid-logical-clock.ts'
import { joinedParts } from '../declare/merge-descriptor.ts'
import type { Document } from '../document/json.ts'
import { changedLeaves } from '../resolve/changed-leaves.ts'
import type { Path } from '../resolve/merge-type.ts'
import { partAt } from '../resolve/parts.ts'
import { type UndonePart, undonePart } from '../resolve/undone-part.ts'
import type { DataType } from './here.ts'
import type { RecordRef } from './record-ref.ts'
import { type Resolution, resolutionId } from './resolution.ts'
import type { SyncRecord } from './sync-record.ts'

export interface UndoneWrite {
  readonly ref: RecordRef
  readonly type: DataType
  readonly site: string
  readonly from: number
  readonly to: number
  readonly nowMs: number
  readonly before: Document | undefined
  readonly written: Document | undefined
  /** What its capture made of it. */
  readonly outcome: Document | undefined
  readonly record: SyncRecord
  /** The stamp of the write. */
  readonly hlc: Hlc
  readonly vector: Resolution['vectors']['merged']
}

/** Undefined: nothing was undone. */
export function undoneWrite(write: UndoneWrite): Resolution | undefined {
  const { ref, type, site, from, to, nowMs, before, written, outcome, record, hlc, vector } = write
  const { merge } = type.plan
  const parts = joinedParts(merge)
  const differing = changedLeaves(parts, outcome, written)
  const leaves = changedLeaves(parts, before, written).filter(
    ({ path, after }) => differing.some(leaf => isAlong(leaf.path, path)) && !type.record.takes(path, after),
  )
  const undone = distinct(leaves.map(({ path }) => undonePart(merge, path)))
  if (undone.length === 0) return undefined
  const interval = { site, type: ref.type, key: ref.key, origin: site, from, to }
  const version = { site, counter: to, hlc }
  return {
    id: resolutionId(interval),
    ...interval,
    atMs: nowMs,
    vectors: { local: record.vector, remote: vector, merged: vector },
    clocks: { local: record.hlc, remote: hlc },
    ...(written && { remote: written }),
    ...(outcome && { outcome }),
    arbitrations: undone.map(part => ({
      ...part,
      lost: [{ ...version, value: partAt(parts, written, part.path) ?? null }],
    })),
  }
}

/** One of two paths leads on from the other, or they are the same. */
function isAlong(a: Path, b: Path): boolean {
  const length = Math.min(a.length, b.length)
  return a.slice(0, length).every((name, index) => name === b[index])
}

function distinct(parts: readonly UndonePart[]): readonly UndonePart[] {
  return [...new Map(parts.map(part => [JSON.stringify(part.path), part])).values()]
}
