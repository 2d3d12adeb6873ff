/** An audit store in memory: one entry per id, however often it is put. */
import type { AuditEntry } from '../../replicate/audit-entry.ts'
import { auditAt, auditRange, isAsked } from '../../replicate/audit-place.ts'
import type { AuditLog, AuditStore } from '../index.ts'
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

  log(): AuditLog {
    return {
      query: async (filter, cursor) => {
        const [from, until] = auditRange(filter)
        const sign = filter.order === 'oldest' ? 1 : -1
        const isBehind = (at: string) => cursor === undefined || (at < cursor ? -1 : at > cursor ? 1 : 0) === sign
        const found = [...this.entries.values()]
          .map(entry => ({ entry, at: auditAt(entry) }))
          .filter(({ entry, at }) => entry.type === filter.type && at >= from && at < until && isBehind(at))
          .filter(({ entry }) => isAsked(entry, filter))
          .sort((a, b) => (a.at < b.at ? -sign : sign))
        const page = found.slice(0, filter.limit)
        return {
          entries: page.map(({ entry }) => entry),
          cursor: found.length > page.length ? page.at(-1)?.at : undefined,
        }
      },
    }
  }
}
