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

/** It is not of this declaration, and was committed a moment ago. `type`: undefined where none has that name. */
export function isForSuccessor(record: SyncRecord, type: DataType | undefined, nowMs: number): boolean {
  const { state, lookedMs, hlc } = record
  if (type && (state === undefined || type.record.isState(state))) return false
  // The stamp alone may be of a write that waited for days at another site.
  return nowMs - (lookedMs ?? hlcToMs(hlc)) < deploymentMsMax
}

/** Throws `OtherDeclaration`. */
export function requireDeclared(ref: RecordRef, record: SyncRecord, type: DataType | undefined, nowMs: number): void {
  if (isForSuccessor(record, type, nowMs)) throw new OtherDeclaration(ref)
}
