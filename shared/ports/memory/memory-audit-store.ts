/** An audit store in memory: one entry per id, however often it is put. */
import type { AuditEntry } from '../../replicate/audit-entry.ts'
import type { AuditStore } from '../index.ts'
import { atOnce, type MemoryTiming } from './memory-timing.ts'

export class MemoryAuditStore {
  readonly entries = new Map<string, AuditEntry>()

  connect(timing: MemoryTiming = atOnce): AuditStore {
    return {
      put: async entries => {
        await timing.step()
        for (const entry of entries) this.entries.set(entry.id, entry)
        await timing.step()
      },
    }
  }
}
