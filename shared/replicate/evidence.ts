/** What a sync record carries to tell blind writes by, and what becomes of it with each commit. */
import { joinedParts } from '../declare/merge-descriptor.ts'
import type { Document } from '../document/json.ts'
import { changedLeaves } from '../resolve/changed-leaves.ts'
import { type Change, lastCounter } from './change.ts'
import { type Displaced, displacedBy, displacedMax, recentDisplaced } from './displaced.ts'
import type { DataType } from './here.ts'
import { feedRetentionMs } from './resolution-retention.ts'
import { type CapturedWrite, judgeWrite, type StaleWriteBack } from './write-back.ts'

export interface Evidence {
  /** What merges displaced in the document lately, oldest first. */
  readonly displaced?: readonly Displaced[] | undefined
  /** Not yet known to be in the audit store. */
  readonly writeBacks?: readonly StaleWriteBack[]
}

/** As many as captures are held: one version skipped by a feed still tells all. More would make the record large. */
export const writeBacksMax = 2

export interface MergedDocument {
  readonly change: Change
  readonly type: DataType
  readonly before: Document | undefined
  readonly after: Document | undefined
  readonly nowMs: number
}

/** Beside the record that a merge leaves. */
export function evidenceAfterMerge(
  { displaced = [], writeBacks = [] }: Evidence,
  { change, type, before, after, nowMs }: MergedDocument,
): Evidence {
  if (before === undefined || after === undefined) return evidenceOf([], recentWriteBacks(writeBacks, nowMs))
  const leaves = changedLeaves(joinedParts(type.plan.merge), before, after)
  const fresh = displacedBy(leaves, [change.origin, lastCounter(change)], nowMs)
  const kept = [...recentDisplaced(displaced, nowMs), ...fresh].slice(-displacedMax)
  return evidenceOf(kept, recentWriteBacks(writeBacks, nowMs))
}

/** Beside the record that a capture leaves. */
export function evidenceAfterCapture({ displaced = [], writeBacks = [] }: Evidence, write: CapturedWrite): Evidence {
  if (displaced.length === 0 && writeBacks.length === 0) return {}
  const judged = judgeWrite(displaced, write)
  const found = judged.writeBack ? [judged.writeBack] : []
  return evidenceOf(judged.displaced, [...recentWriteBacks(writeBacks, write.nowMs), ...found].slice(-writeBacksMax))
}

function recentWriteBacks(writeBacks: readonly StaleWriteBack[], nowMs: number): readonly StaleWriteBack[] {
  return writeBacks.filter(({ atMs }) => nowMs - atMs <= feedRetentionMs)
}

function evidenceOf(displaced: readonly Displaced[], writeBacks: readonly StaleWriteBack[]): Evidence {
  return {
    ...(displaced.length > 0 && { displaced }),
    ...(writeBacks.length > 0 && { writeBacks }),
  }
}
