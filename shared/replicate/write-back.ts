/**
 * Did the application write back what it had read before a merge, undoing the merge without having seen it?
 *
 * A field that goes back to exactly what the merge displaced, minutes later, looks like it; nobody can be sure, because
 * it may have been set back on purpose. So this changes nothing of what is captured and only goes into the audit, as
 * evidence that `tributary check-writes` weighs. It stays silent where honest writes look the same:
 *
 * - A number that is counted comes back to where it was by honest steps, too. Alone it counts only if it moved by more
 *   than one, beside other changes of the same write.
 * - An element that somebody else added is removed, and one that was removed is added again, by honest users. Alone it
 *   counts only beside other changes of the same write, and never where the whole set was emptied.
 * - A document that is created, deleted or has expired is another document.
 */
import type { Dot, SiteId } from '../causality/dot.ts'
import type { MergeDescriptor } from '../declare/merge-descriptor.ts'
import type { Document, Json } from '../document/json.ts'
import { amountOf, compareAmounts, subtract } from '../resolve/amount.ts'
import { type ChangedLeaf, changedLeaves, type LeafKind } from '../resolve/changed-leaves.ts'
import type { Path } from '../resolve/merge-type.ts'
import { type Displaced, recentDisplaced, sameDisplacedPath, shortHash } from './displaced.ts'
import type { RecordRef } from './record-ref.ts'
import { entryId } from './resolution.ts'

/** A field that was set back. */
export interface SetBack {
  readonly path: Path
  readonly kind: Exclude<LeafKind, 'cleared'>
  /** To just the value that the merge displaced. A number that is counted may carry a step of its own. */
  readonly exact: boolean
  /** The value that the write undid, and the one that it wrote: JSON, shortened. Absent: none. */
  readonly undone?: string
  readonly written?: string
  /** The last write of the change that had brought the undone value. */
  readonly by: Dot
}

/** In the audit store beside the resolutions. */
export interface StaleWriteBack extends RecordRef {
  readonly kind: 'stale-write-back'
  readonly id: string
  /** Where the application wrote. */
  readonly site: SiteId
  /** The write itself, as a resolution names those that arrive: of this site, those after `from` up to `to`. */
  readonly origin: SiteId
  readonly from: number
  readonly to: number
  /** When it was captured, by this site's clock, in ms. */
  readonly atMs: number
  readonly setBack: readonly SetBack[]
  /** How many other fields the same write changed. */
  readonly alsoChanged: number
}

/** A captured write, with the documents before and after it. */
export interface CapturedWrite {
  readonly ref: RecordRef
  readonly site: SiteId
  readonly from: number
  readonly to: number
  readonly merge: MergeDescriptor
  readonly before: Document | undefined
  readonly after: Document | undefined
  readonly nowMs: number
}

const valueLengthMax = 80

export interface Judged {
  readonly writeBack: StaleWriteBack | undefined
  /** What is still worth remembering after this write. */
  readonly displaced: readonly Displaced[]
}

export function judgeWrite(noted: readonly Displaced[], write: CapturedWrite): Judged {
  const { merge, before, after, nowMs } = write
  const displaced = recentDisplaced(noted, nowMs)
  if (displaced.length === 0 || before === undefined || after === undefined)
    return { writeBack: undefined, displaced: [] }
  const leaves = changedLeaves(merge, before, after)
  const isChanged = ({ path }: Displaced) => leaves.some(leaf => sameDisplacedPath(leaf.path, path))
  return {
    writeBack: writeBackIn(leaves, displaced, write),
    displaced: displaced.filter(note => !isChanged(note)),
  }
}

function writeBackIn(
  leaves: readonly ChangedLeaf[],
  displaced: readonly Displaced[],
  { ref, site, from, to, nowMs }: CapturedWrite,
): StaleWriteBack | undefined {
  const found = leaves.flatMap(leaf => setBackBy(leaf, displaced) ?? [])
  const exact = found.filter(setBack => setBack.exact)
  const alsoChanged = leaves.length - exact.length
  const tells = leaves.some(leaf => exact.some(({ path }) => path === leaf.path) && isTelling(leaf, alsoChanged))
  if (!tells) return undefined
  // A count that was set, not added to, is lost for good, whatever it was set to: only named beside surer evidence.
  const isSure = exact.some(({ kind }) => kind !== 'amount')
  const interval = { site, type: ref.type, key: ref.key, origin: site, from, to }
  return {
    kind: 'stale-write-back',
    // Part of the same write may have been undone, which is another entry.
    id: entryId(['stale-write-back'], interval),
    ...interval,
    atMs: nowMs,
    setBack: isSure ? found : exact,
    alsoChanged,
  }
}

/** By itself, beside so many other changes. */
function isTelling({ kind, before, after }: ChangedLeaf, alsoChanged: number): boolean {
  if (kind === 'value') return true
  return alsoChanged > 0 && (kind === 'member' || !isOneStep(before, after))
}

function isOneStep(before: Json | undefined, after: Json | undefined): boolean {
  const [was, is] = [amountOf(before ?? 0), amountOf(after ?? 0)]
  if (was === undefined || is === undefined) return false
  const step = subtract(is, was)
  return compareAmounts(step, 1) <= 0 && compareAmounts(step, -1) >= 0
}

function setBackBy({ path, kind, before, after }: ChangedLeaf, displaced: readonly Displaced[]): SetBack | undefined {
  const notes = displaced.filter(note => sameDisplacedPath(note.path, path))
  const latest = notes.at(-1)
  if (!latest || kind === 'cleared') return undefined
  const hash = shortHash(after)
  const exact = notes.some(note => note.hash === hash)
  if (!exact && kind !== 'amount') return undefined
  return {
    path,
    kind,
    exact,
    ...(before === undefined ? {} : { undone: shortened(before) }),
    ...(after === undefined ? {} : { written: shortened(after) }),
    by: latest.by,
  }
}

function shortened(value: Json): string {
  const text = JSON.stringify(value)
  return text.length > valueLengthMax ? `${text.slice(0, valueLengthMax - 1)}…` : text
}
