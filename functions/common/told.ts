/**
 * Stores that also say in the log what an operator must hear of: every cloud makes its alerts from these lines, with no
 * metric service of its own to write to. A line may come twice, as the put that it tells of may.
 */
import type { AuditStore, DeadLetters } from '../../shared/ports/index.ts'
import type { AuditEntry } from '../../shared/replicate/audit-entry.ts'
import type { IncidentEntry } from '../../shared/replicate/incident-entry.ts'
import { logDeadLetter, logIncident } from './log.ts'

export function toldDeadLetters(letters: DeadLetters): DeadLetters {
  return {
    async put(letter) {
      await letters.put(letter)
      logDeadLetter(letter)
    },
  }
}

export function toldAudit(audit: AuditStore): AuditStore {
  return {
    async put(entries) {
      await audit.put(entries)
      for (const entry of entries) if (isIncident(entry)) logIncident(entry)
    },
  }
}

function isIncident(entry: AuditEntry): entry is IncidentEntry {
  return 'kind' in entry && entry.kind === 'incident'
}
