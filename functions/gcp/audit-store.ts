/**
 * The audit store: one document for each resolution, under its id, so that a repeated put changes nothing.
 *
 * What an operator searches by is a field of its own; the whole is one JSON text, because the values that lost are kept
 * as they were, and may hold what Firestore has no value for (an array inside an array). One that is larger than a
 * document is compressed, and goes on in as many further documents as it takes.
 */
import { type Firestore, Timestamp } from '@google-cloud/firestore'
import { auditRetentionDays, auditStoreName } from '../../shared/declare/resource-names.ts'
import type { AuditStore } from '../../shared/ports/index.ts'
import type { Resolution } from '../../shared/replicate/resolution.ts'
import { packParts } from '../common/packed-parts.ts'
import { commitAtOnce } from './firestore-client.ts'
import { storeFailure } from './store-errors.ts'

const dayMs = 86_400_000

/** Of a document's 1 MiB; the rest is for its other fields. */
const textBytesMax = 1_000_000

interface Entry {
  readonly id: string
  readonly entry: Readonly<Record<string, unknown>>
}

export function createFirestoreAuditStore(firestore: Firestore): AuditStore {
  const collection = firestore.collection(auditStoreName)
  return {
    async put(resolutions) {
      const entries = (await Promise.all(resolutions.map(entriesOf))).flat()
      try {
        for (const group of groupsOf(entries)) {
          await commitAtOnce(firestore, batch => {
            for (const { id, entry } of group) batch.set(collection.doc(id), entry)
          })
        }
      } catch (error) {
        throw storeFailure(error)
      }
    },
  }
}

async function entriesOf(resolution: Resolution): Promise<readonly Entry[]> {
  const { id, site, type, key, origin, from, to, atMs } = resolution
  const text = JSON.stringify(resolution)
  /** The collection's time-to-live policy deletes by this field. */
  const expiresAt = Timestamp.fromMillis(atMs + auditRetentionDays * dayMs)
  const entry = { site, type, key, origin, from, to, at: Timestamp.fromMillis(atMs), expiresAt }
  if (Buffer.byteLength(text) <= textBytesMax) return [{ id, entry: { ...entry, resolution: text } }]
  const [packed, ...others] = await packParts(text, textBytesMax)
  return [
    { id, entry: { ...entry, id, part: 0, packed } },
    ...others.map((more, index) => {
      const part = index + 1
      return { id: `${id}.${part}`, entry: { id, type, expiresAt, part, packed: more } }
    }),
  ]
}

/** A commit holds 10 MB: so many entries at a time never pass that. A put that is repeated changes nothing. */
const entriesMax = 8

function groupsOf(entries: readonly Entry[]): readonly (readonly Entry[])[] {
  const count = Math.ceil(entries.length / entriesMax)
  return Array.from({ length: count }, (_, index) => entries.slice(index * entriesMax, (index + 1) * entriesMax))
}
