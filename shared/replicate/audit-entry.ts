/** What the audit store holds: how concurrent writes were settled, which writes look blind, what came about. */
import type { IncidentEntry } from './incident-entry.ts'
import type { Resolution } from './resolution.ts'
import type { StaleWriteBack } from './write-back.ts'

export type AuditEntry = Resolution | StaleWriteBack | IncidentEntry

export function isWriteBack(entry: AuditEntry): entry is StaleWriteBack {
  return 'kind' in entry && entry.kind === 'stale-write-back'
}

export function isResolution(entry: AuditEntry): entry is Resolution {
  return !('kind' in entry)
}
