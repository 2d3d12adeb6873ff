/**
 * A deployment replaces the functions of a site one by one. For some minutes the declaration that a function knows may be
 * older than the one that a record was written under. It would take what it does not know out of the document, pass the
 * record on under the wrong name, or put it aside as broken. So it leaves it alone: its trigger tries again, and meets the
 * function's successor.
 */
import { hlcToMs } from '../causality/hybrid-logical-clock.ts'
import { OtherDeclaration } from '../ports/errors.ts'
import type { DataType } from './here.ts'
import type { RecordRef } from './record-ref.ts'
import type { SyncRecord } from './sync-record.ts'

/** The functions of one site are all replaced within that time. What still cannot be read then is broken. */
export const deploymentMsMax = 30 * 60_000

/** Throws `OtherDeclaration`. `type`: undefined where the declaration has none of that name. */
export function requireDeclared(ref: RecordRef, record: SyncRecord, type: DataType | undefined, nowMs: number): void {
  const { state } = record
  if (type && (state === undefined || type.record.isState(state))) return
  if (isFresh(record, nowMs)) throw new OtherDeclaration(ref)
}

/** Committed a moment ago. The stamp alone may be of a write that waited for days at another site. */
function isFresh({ lookedMs, hlc }: SyncRecord, nowMs: number): boolean {
  return nowMs - (lookedMs ?? hlcToMs(hlc)) < deploymentMsMax
}
