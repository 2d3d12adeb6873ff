/**
 * What is in the audit collection: a query for each shard, by one of the composite indexes in `firestore.indexes.json`.
 * A query is narrowed by the record, the flag or the rule, whichever leaves least; of several the others are asked of
 * what is found, so that four indexes do.
 */
import type { DocumentSnapshot, Firestore, Query } from '@google-cloud/firestore'
import { auditStoreName } from '../../shared/declare/resource-names.ts'
import type { AuditFilter, AuditLog } from '../../shared/ports/index.ts'
import type { AuditEntry } from '../../shared/replicate/audit-entry.ts'
import { isAsked } from '../../shared/replicate/audit-place.ts'
import { recordName } from '../../shared/replicate/record-ref.ts'
import { auditLogOver, type ShardPart, type ShardQuestion } from '../common/audit-shards.ts'
import { entryFromParts, entryFromText } from '../common/stored-entry.ts'
import { withinTimeout } from './deadlines.ts'
import { storeFailure } from './store-errors.ts'

export function createFirestoreAuditLog(firestore: Firestore): AuditLog {
  return auditLogOver(async question => {
    try {
      return await readShard(firestore, question)
    } catch (error) {
      throw storeFailure(error)
    }
  })
}

async function readShard(firestore: Firestore, question: ShardQuestion): Promise<ShardPart> {
  const { shard, filter, range, after, count } = question
  const inShard = narrowed(firestore.collection(auditStoreName).where('shard', '==', shard), filter)
    .where('at', '>=', range[0])
    .where('at', '<', range[1])
    .orderBy('at', filter.order === 'oldest' ? 'asc' : 'desc')
    .limit(count)
  const { docs } = await withinTimeout((after === undefined ? inShard : inShard.startAfter(after)).get())
  const entries = await Promise.all(docs.map(document => entryOf(firestore, document)))
  return {
    rows: docs.flatMap((document, index) => {
      const entry = entries[index]
      return entry && isAsked(entry, filter) ? [{ at: String(document.get('at')), entry: async () => entry }] : []
    }),
    next: docs.length < count ? undefined : String(docs.at(-1)?.get('at')),
  }
}

function narrowed(query: Query, { type, key, review, rule }: AuditFilter): Query {
  if (key !== undefined) return query.where('record', '==', recordName({ type, key }))
  if (review) return query.where('review', '==', true)
  return rule === undefined ? query : query.where('rules', 'array-contains', rule)
}

async function entryOf(firestore: Firestore, document: DocumentSnapshot): Promise<AuditEntry> {
  const text: unknown = document.get('resolution')
  if (typeof text === 'string') return entryFromText(text)
  const { docs } = await withinTimeout(firestore.collection(auditStoreName).where('id', '==', document.id).get())
  // The client hands integers over as BigInt.
  return entryFromParts(docs.map(part => ({ part: Number(part.get('part')), packed: part.get('packed') })))
}
