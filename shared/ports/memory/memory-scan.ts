/** Goes through a database in memory, a few keys at a time. */
import { recordName, refFromName } from '../../replicate/record-ref.ts'
import type { DocumentScan, Scan } from '../index.ts'
import type { MemoryDatabase } from './memory-database.ts'
import { atOnce, type MemoryTiming } from './memory-timing.ts'

/** Small, so that tests see several pages. */
const pageMax = 3

export function createMemoryScan(database: MemoryDatabase, timing: MemoryTiming = atOnce): DocumentScan {
  const scanOf =
    (namesNow: () => Iterable<string>): Scan =>
    async (type, cursor) => {
      await timing.step()
      const all = [...namesNow()].map(refFromName).filter(ref => ref.type === type)
      const names = all.map(recordName).sort()
      const from = cursor === undefined ? names : names.filter(name => name > cursor)
      const page = from.slice(0, pageMax)
      await timing.step()
      return { refs: page.map(refFromName), next: from.length > pageMax ? page.at(-1) : undefined }
    }
  return { documents: scanOf(() => database.documentNames()), records: scanOf(() => database.recordNames()) }
}
