/** The memory stores, on which the simulator prunes, promise what the clouds' stores have to promise. */
import { MemoryDatabase, type StoreKind } from '../../shared/ports/memory/memory-database.ts'
import { describeTombstones } from '../contracts/tombstones-contract.ts'

const kinds: readonly StoreKind[] = ['transactional', 'versioned', 'batched']
for (const kind of kinds) {
  describeTombstones(`memory, ${kind}`, async () => {
    const database = new MemoryDatabase(kind, { documentWritten: () => {}, recordWritten: () => {} })
    return { store: database.connect(), tombstones: database.tombstones(), close: async () => {} }
  })
}
