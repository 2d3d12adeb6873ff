/** The memory stores, which the simulator trusts, keep what the clouds' stores have to keep. */
import type { Document } from '../../shared/document/json.ts'
import { MemoryDatabase, type StoreKind } from '../../shared/ports/memory/memory-database.ts'
import { type Application, describeRecordStore } from '../contracts/record-store-contract.ts'

function applicationOf(database: MemoryDatabase): Application {
  return {
    put: async (ref, document) => database.write(ref, () => document),
    patch: async (ref, fields) =>
      database.write(ref, present => Object.assign(Object.create(null), present, fields) as Document),
    remove: async ref => database.write(ref, () => undefined),
    read: async ref => database.document(ref),
  }
}

const kinds: readonly StoreKind[] = ['transactional', 'versioned', 'batched']
for (const kind of kinds) {
  describeRecordStore(`memory, ${kind}`, async () => {
    const database = new MemoryDatabase(
      kind,
      { documentWritten: () => {}, recordWritten: () => {} },
      { omit: ['local_note'] },
    )
    return { store: database.connect(), application: applicationOf(database), close: async () => {} }
  })
}
