/**
 * What the audit store holds: how concurrent writes were settled, which writes look blind, what came about, what waits
 * in quarantine, and what somebody made of it.
 */
import type { IncidentEntry } from './incident-entry.ts'
import type { QuarantineEntry } from './quarantine-entry.ts'
import type { Resolution } from './resolution.ts'
import type { ReviewEntry } from './review-entry.ts'
import type { StaleWriteBack } from './write-back.ts'

export type AuditEntry = Resolution | StaleWriteBack | IncidentEntry | QuarantineEntry | ReviewEntry

export function isWriteBack(entry: AuditEntry): entry is StaleWriteBack {
  return 'kind' in entry && entry.kind === 'stale-write-back'
}

export function isResolution(entry: AuditEntry): entry is Resolution {
  return !('kind' in entry)
}

export function isQuarantine(entry: AuditEntry): entry is QuarantineEntry {
  return 'kind' in entry && entry.kind === 'quarantine'
}

export function isReview(entry: AuditEntry): entry is ReviewEntry {
  return 'kind' in entry && entry.kind === 'review'
}
