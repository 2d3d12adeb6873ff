/**
 * The audit store: one document for each resolution, under its id, so that a repeated put changes nothing.
 *
 * What an operator searches by is a field of its own; the whole is one JSON text, because the values that lost are kept
 * as they were, and may hold what Firestore has no value for (an array inside an array).
 */
import { type Firestore, Timestamp } from '@google-cloud/firestore'
import { auditRetentionDays, auditStoreName } from '../../shared/declare/resource-names.ts'
import type { AuditStore } from '../../shared/ports/index.ts'
import type { Resolution } from '../../shared/replicate/resolution.ts'
import { commitAtOnce } from './firestore-client.ts'
import { storeFailure } from './store-errors.ts'

const dayMs = 86_400_000

export function createFirestoreAuditStore(firestore: Firestore): AuditStore {
  const collection = firestore.collection(auditStoreName)
  return {
    async put(resolutions) {
      try {
        await commitAtOnce(firestore, batch => {
          for (const resolution of resolutions) batch.set(collection.doc(resolution.id), entryOf(resolution))
        })
      } catch (error) {
        throw storeFailure(error)
      }
    },
  }
}

function entryOf(resolution: Resolution) {
  const { site, type, key, origin, from, to, atMs } = resolution
  return {
    ...{ site, type, key, origin, from, to },
    at: Timestamp.fromMillis(atMs),
    /** The collection's time-to-live policy deletes by this field. */
    expiresAt: Timestamp.fromMillis(atMs + auditRetentionDays * dayMs),
    resolution: JSON.stringify(resolution),
  }
}
