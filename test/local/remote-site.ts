/** Another site in memory: what it captures, as the change events that it would send. */
import type { SyncPlan } from '../../shared/declare/sync-plan.ts'
import type { Document } from '../../shared/document/json.ts'
import type { AuditStore, Clock, DeadLetters, RecordStore } from '../../shared/ports/index.ts'
import { MemoryDatabase } from '../../shared/ports/memory/memory-database.ts'
import { capture } from '../../shared/replicate/capture.ts'
import type { ChangeEvent } from '../../shared/replicate/change-event.ts'
import { createHere, type Here } from '../../shared/replicate/here.ts'
import { publish, type RecordVersion } from '../../shared/replicate/publish.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'

export interface RemoteSite {
  readonly here: Here
  readonly store: RecordStore
  readonly clock: Clock
  readonly audit: AuditStore
  document(ref: RecordRef): Document | undefined
  /** An application there writes a document (undefined: deletes it): the events that travel. */
  write(ref: RecordRef, document: Document | undefined): Promise<readonly ChangeEvent[]>
}

export function createRemoteSite(plan: SyncPlan, site: string): RemoteSite {
  const here = createHere(plan, site)
  const versions: RecordVersion[] = []
  const database = new MemoryDatabase('versioned', {
    documentWritten: () => undefined,
    recordWritten: ({ ref, before, after }) => void versions.push({ ref, text: after, previous: before }),
  })
  const store = database.connect()
  const clock: Clock = { now: () => Date.now(), sleep: () => Promise.resolve() }
  const audit: AuditStore = { put: () => Promise.resolve() }
  const deadLetters: DeadLetters = { put: ({ reason }) => Promise.reject(new Error(reason)) }
  return {
    here,
    store,
    clock,
    audit,
    document: ref => database.document(ref),
    async write(ref, document) {
      database.write(ref, () => document)
      versions.length = 0
      await capture(ref, { here, clock, store, deadLetters })
      const events: ChangeEvent[] = []
      const bus = { publish: async (published: readonly ChangeEvent[]) => void events.push(...published) }
      await publish(versions, { here, clock, bus, audit, deadLetters })
      return events
    },
  }
}
