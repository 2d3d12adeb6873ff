/**
 * Which fields does an application write blindly, going by the writes that set back what a merge had brought?
 *
 * One such write may be meant. What makes it nearly certain is that the same write changed something else, too: nobody
 * undoes another site's change by the way. Or that it happens again. Numbers that are counted, and elements of sets, go
 * back and forth by honest writes: they are likely only beside a plain value that the same write set back, and for
 * elements, if it happens again. See docs/check-writes.md.
 */
import { joinedParts } from '../../shared/declare/merge-descriptor.ts'
import { type Cloud, type SyncPlan, siteOf, type TypePlan, typeOf } from '../../shared/declare/sync-plan.ts'
import { keyText, type RecordKey } from '../../shared/replicate/record-ref.ts'
import type { SetBack, StaleWriteBack } from '../../shared/replicate/write-back.ts'
import { type DeclaredField, declaredField } from './declared-field.ts'
import { type Remedy, remedyFor } from './remedy.ts'

export interface BlindWrite {
  readonly key: RecordKey
  readonly at: string
  readonly undone?: string
  readonly written?: string
  /** The site whose write was undone. */
  readonly by: string
  readonly alsoChanged: number
}

export interface Finding {
  readonly site: string
  readonly cloud: Cloud
  readonly type: string
  readonly field: string
  readonly merges: DeclaredField['merges']
  readonly verdict: 'likely' | 'possible'
  readonly writes: number
  readonly records: number
  /** The latest ones, newest first. */
  readonly examples: readonly BlindWrite[]
  readonly remedy: Remedy
}

/** From so many writes on a repetition is no accident. */
const likelyFrom = 2
const examplesMax = 3

interface Evidence {
  readonly entry: StaleWriteBack
  readonly setBack: SetBack
  readonly type: TypePlan
  readonly field: DeclaredField
}

/** The surest first. Entries of types or sites that the plan does not have any more are left out. */
export function findBlindWrites(plan: SyncPlan, entries: readonly StaleWriteBack[]): readonly Finding[] {
  const evidence = entries.flatMap((entry): readonly Evidence[] => {
    const type = typeOf(plan, entry.type)
    if (!type?.sites.includes(entry.site)) return []
    return entry.setBack.map(setBack => ({
      entry,
      setBack,
      type,
      field: declaredField(joinedParts(type.merge), setBack.path),
    }))
  })
  const groups = Map.groupBy(evidence, ({ entry, field }) => JSON.stringify([entry.site, entry.type, field.name]))
  return [...groups.values()]
    .flatMap(group => {
      const newest = group.toSorted((a, b) => b.entry.atMs - a.entry.atMs)
      return newest[0] ? [findingOf(plan, newest[0], newest)] : []
    })
    .sort((a, b) => orderOf(a).localeCompare(orderOf(b)))
}

function orderOf({ site, type, verdict, field }: Finding): string {
  return [site, type, verdict, field].join('\n')
}

function findingOf(plan: SyncPlan, latest: Evidence, newest: readonly Evidence[]): Finding {
  const { entry, setBack, type, field } = latest
  const { cloud } = siteOf(plan, entry.site)
  return {
    site: entry.site,
    cloud,
    type: type.name,
    field: field.name,
    merges: field.merges,
    verdict: isLikely(newest) ? 'likely' : 'possible',
    writes: new Set(newest.map(one => one.entry.id)).size,
    records: new Set(newest.map(one => keyText(one.entry.key))).size,
    examples: newest.slice(0, examplesMax).map(exampleOf),
    remedy: remedyFor({ cloud, type, key: entry.key, field, isGone: setBack.written === undefined }),
  }
}

function isLikely(group: readonly Evidence[]): boolean {
  const writes = new Set(group.filter(({ setBack }) => countsUp(setBack)).map(({ entry }) => entry.id))
  return writes.size >= likelyFrom || group.some(isWholeWrite)
}

/** Counts come back by honest steps as often as anything happens. */
function countsUp({ kind, exact }: SetBack): boolean {
  return exact && kind !== 'amount'
}

/** A plain value was set back, and something else was changed, by one write. */
function isWholeWrite({ entry, setBack }: Evidence): boolean {
  return setBack.exact && entry.alsoChanged > 0 && entry.setBack.some(({ kind }) => kind === 'value')
}

function exampleOf({ entry, setBack }: Evidence): BlindWrite {
  const { undone, written, by } = setBack
  return {
    key: entry.key,
    at: new Date(entry.atMs).toISOString(),
    ...(undone !== undefined && { undone }),
    ...(written !== undefined && { written }),
    by: by[0],
    alsoChanged: entry.alsoChanged,
  }
}
