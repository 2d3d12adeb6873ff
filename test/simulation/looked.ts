/** What a flow had looked at when it committed: the document that a capture took, also where it did not let it stand. */
import type { SiteId } from '../../shared/causality/dot.ts'
import type { Document } from '../../shared/document/json.ts'
import type { RecordStore } from '../../shared/ports/index.ts'
import { type RecordRef, recordName } from '../../shared/replicate/record-ref.ts'
import type { SyncRecord } from '../../shared/replicate/sync-record.ts'

export class Looked {
  /** By site and commit. */
  readonly #documents = new Map<string, Document | undefined>()

  watching(site: SiteId, store: RecordStore): RecordStore {
    const last = new Map<string, Document | undefined>()
    const { readBoth } = store
    return {
      ...store,
      readDocument: async ref => {
        const stored = await store.readDocument(ref)
        last.set(recordName(ref), stored.document)
        return stored
      },
      ...(readBoth && {
        readBoth: async (ref: RecordRef) => {
          const both = await readBoth(ref)
          if (both !== 'raced') last.set(recordName(ref), both.document.document)
          return both
        },
      }),
      commit: commit => {
        this.#documents.set(commitName(site, commit.ref, commit.record), last.get(recordName(commit.ref)))
        return store.commit(commit)
      },
    }
  }

  before(site: SiteId, ref: RecordRef, record: SyncRecord): Document | undefined {
    return this.#documents.get(commitName(site, ref, record))
  }
}

/** Enough to tell a commit by: two that agree in this leave the same document. */
function commitName(site: SiteId, ref: RecordRef, { vector, hlc, shadow }: SyncRecord): string {
  return JSON.stringify([site, recordName(ref), Object.entries(vector).sort(), hlc, shadow])
}
