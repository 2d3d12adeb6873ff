/**
 * The audit store: one document for each entry, under its id, so that a repeated put changes nothing. Ids are hashes, and
 * every index over a time begins with the entry's shard, so that writes spread (see replicate/audit-place.ts).
 *
 * What an operator searches by is a field of its own; the whole is one JSON text, because the values that lost are kept
 * as they were, and may hold what Firestore has no value for (an array inside an array). One that is larger than a
 * document is compressed, and goes on in as many further documents as it takes.
 */
import { type Firestore, Timestamp } from '@google-cloud/firestore'
import { auditRetentionDays, auditStoreName } from '../../shared/declare/resource-names.ts'
import type { AuditStore } from '../../shared/ports/index.ts'
import type { AuditEntry } from '../../shared/replicate/audit-entry.ts'
import { auditAt, auditShard, isFlagged, rulesOf } from '../../shared/replicate/audit-place.ts'
import { recordName } from '../../shared/replicate/record-ref.ts'
import { packParts } from '../common/packed-parts.ts'
import { commitAtOnce } from './firestore-client.ts'
import { storeFailure } from './store-errors.ts'

const dayMs = 86_400_000

/** Of a document's 1 MiB; the rest is for its other fields. */
const textBytesMax = 1_000_000

interface AuditDocument {
  readonly id: string
  readonly fields: Readonly<Record<string, unknown>>
}

export function createFirestoreAuditStore(firestore: Firestore): AuditStore {
  const collection = firestore.collection(auditStoreName)
  return {
    async put(entries) {
      const documents = (await Promise.all(entries.map(documentsOf))).flat()
      try {
        for (const group of groupsOf(documents)) {
          await commitAtOnce(firestore, batch => {
            for (const { id, fields } of group) batch.set(collection.doc(id), fields)
          })
        }
      } catch (error) {
        throw storeFailure(error)
      }
    },
  }
}

async function documentsOf(entry: AuditEntry): Promise<readonly AuditDocument[]> {
  const { id, site, origin, atMs } = entry
  const text = JSON.stringify(entry)
  /** The collection's time-to-live policy deletes by this field. */
  const expiresAt = Timestamp.fromMillis(atMs + auditRetentionDays * dayMs)
  const fields = {
    ...{ shard: auditShard(entry), at: auditAt(entry), record: recordName(entry), site, origin },
    ...{ rules: rulesOf(entry), expiresAt },
    ...(isFlagged(entry) && { review: true }),
  }
  if (Buffer.byteLength(text) <= textBytesMax) return [{ id, fields: { ...fields, resolution: text } }]
  const [packed, ...others] = await packParts(text, textBytesMax)
  return [
    { id, fields: { ...fields, id, part: 0, packed } },
    ...others.map((more, index) => {
      const part = index + 1
      return { id: `${id}.${part}`, fields: { id, expiresAt, part, packed: more } }
    }),
  ]
}

/** A commit holds 10 MB: so many documents at a time never pass that. A put that is repeated changes nothing. */
const documentsMax = 8

function groupsOf(documents: readonly AuditDocument[]): readonly (readonly AuditDocument[])[] {
  const count = Math.ceil(documents.length / documentsMax)
  return Array.from({ length: count }, (_, index) => documents.slice(index * documentsMax, (index + 1) * documentsMax))
}
