/**
 * Firestore as a record store: documents in a collection of the type's name under `keyText(key)`, sync records in a
 * collection of their own under `recordName(ref)`, with one field.
 *
 * Every document carries the time of its last change in full precision, which is the revision: a commit asks for the
 * times that were read, of the sync record and of the document, in one atomic step. There is no `readBoth`, because it
 * would show no more: reads are strongly consistent and a commit is seen whole or not at all, so of two reads one after
 * the other the record, read first, is as old as the document or older. If a commit came between them, the record's
 * time is no longer the one that was read, and whoever acts on such a sight is raced.
 */
import {
  type DocumentReference,
  type DocumentSnapshot,
  FieldPath,
  FieldValue,
  type Firestore,
  type Precondition,
  Timestamp,
  type Transaction,
} from '@google-cloud/firestore'
import { dataStoreName, syncStoreName } from '../../shared/declare/resource-names.ts'
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import type { Json } from '../../shared/document/json.ts'
import { changedFields } from '../../shared/ports/document-conditions.ts'
import type { Commit, DocumentWrite, RecordStore, Revision, StoredDocument } from '../../shared/ports/index.ts'
import { dataTypeOf, type Here } from '../../shared/replicate/here.ts'
import { keyText, type RecordRef, recordName } from '../../shared/replicate/record-ref.ts'
import { decodeRecord, encodeRecord } from '../../shared/replicate/sync-record.ts'
import { withinTimeout } from './deadlines.ts'
import { commitAtOnce } from './firestore-client.ts'
import { isRace, storeFailure } from './store-errors.ts'
import { portableDocument, storableDocument, storableRecordText } from './values.ts'

/** The one field of a stored sync record. */
export const recordField = 'record'

/** The revision of a document that is not there. */
const absent: Revision = 'absent'

export interface FirestoreRecordStoreOptions {
  /** Made with `createFirestore`. */
  readonly client: Firestore
  readonly here: Here
}

export function createFirestoreRecordStore({ client, here }: FirestoreRecordStoreOptions): RecordStore {
  const planOf = (ref: RecordRef) => dataTypeOf(here, ref.type).plan
  const recordAt = (ref: RecordRef) => client.collection(syncStoreName).doc(recordName(ref))
  const documentAt = (ref: RecordRef) => client.collection(dataStoreName(planOf(ref))).doc(keyText(ref.key))

  return {
    async readRecord(ref) {
      const snapshot = await readAt(ref, recordAt(ref))
      if (!snapshot.updateTime) return undefined
      const text: unknown = snapshot.get(recordField)
      if (typeof text !== 'string') throw new Error(`${recordName(ref)}: its sync record has no text`)
      return { record: decodeRecord(text), revision: revisionOf(snapshot.updateTime) }
    },

    async readDocument(ref): Promise<StoredDocument> {
      const snapshot = await readAt(ref, documentAt(ref))
      const data = snapshot.data()
      if (!data || !snapshot.updateTime) return { document: undefined, revision: absent }
      return { document: portableDocument(ref, planOf(ref), data), revision: revisionOf(snapshot.updateTime) }
    },

    async commit({ ref, record, expected, document }: Commit) {
      const text = storableRecordText(ref, encodeRecord(record))
      const after = document?.after && storableDocument(ref, planOf(ref), document.after)
      try {
        await commitAtOnce(client, batch => {
          if (expected === undefined) batch.create(recordAt(ref), { [recordField]: text })
          else batch.update(recordAt(ref), { [recordField]: text }, asRead(expected))

          if (!document) return
          const { revision } = document.read
          if (!after) batch.delete(documentAt(ref), asRead(revision))
          else if (revision === absent) batch.create(documentAt(ref), after)
          else updateDocument(batch, documentAt(ref), planOf(ref), document, after)
        })
        return 'committed'
      } catch (error) {
        if (isRace(error)) return 'raced'
        throw storeFailure(error, ref)
      }
    },
  }
}

async function readAt(ref: RecordRef, reference: DocumentReference): Promise<DocumentSnapshot> {
  try {
    return await withinTimeout(reference.get())
  } catch (error) {
    throw storeFailure(error, ref)
  }
}

/**
 * The fields that differ and, where an application left them out, the key. Not `set`, which takes no precondition.
 * Fields are named by `FieldPath`: in a text a dot would lead into a map.
 */
function updateDocument(
  batch: Transaction,
  reference: DocumentReference,
  type: TypePlan,
  { read, after: document }: DocumentWrite,
  data: Readonly<Record<string, Json>>,
): void {
  const [first, ...others] = type.key
  const changed = [...others, ...changedFields(read.document ?? {}, document ?? {})]
  const fields = changed.flatMap(name => [
    new FieldPath(name),
    Object.hasOwn(data, name) ? data[name] : FieldValue.delete(),
  ])
  batch.update(reference, new FieldPath(first), data[first], ...fields, asRead(read.revision))
}

function revisionOf({ seconds, nanoseconds }: Timestamp): Revision {
  return `${seconds}.${nanoseconds}`
}

function asRead(revision: Revision): Precondition {
  if (revision === absent) return { exists: false }
  const [seconds, nanoseconds] = revision.split('.').map(Number)
  return { lastUpdateTime: new Timestamp(seconds ?? 0, nanoseconds ?? 0) }
}
