/** The memory audit store, by which the others are judged. */
import { MemoryAuditStore } from '../../shared/ports/memory/memory-audit-store.ts'
import { describeAuditLog } from '../contracts/audit-log-contract.ts'

describeAuditLog('memory', async () => {
  const store = new MemoryAuditStore()
  return { audit: store.connect(), log: store.log(), close: async () => {} }
})
