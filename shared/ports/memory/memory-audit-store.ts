/** An audit store in memory: one entry per id, however often it is put. */
import type { Resolution } from '../../replicate/resolution.ts'
import type { AuditStore } from '../index.ts'
import { atOnce, type MemoryTiming } from './memory-timing.ts'

export class MemoryAuditStore {
  readonly entries = new Map<string, Resolution>()

  connect(timing: MemoryTiming = atOnce): AuditStore {
    return {
      put: async resolutions => {
        await timing.step()
        for (const resolution of resolutions) this.entries.set(resolution.id, resolution)
        await timing.step()
      },
    }
  }
}
