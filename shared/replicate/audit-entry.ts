/** What the audit store holds: how concurrent writes were settled, and which writes look blind. */
import type { Resolution } from './resolution.ts'
import type { StaleWriteBack } from './write-back.ts'

export type AuditEntry = Resolution | StaleWriteBack

export function isResolution(entry: AuditEntry): entry is Resolution {
  return !('kind' in entry)
}
