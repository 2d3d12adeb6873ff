/**
 * Firestore as a record store: documents where the declaration places them, sync records in a collection of their own
 * under `recordName(ref)`, with one field.
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
import { syncStoreName } from '../../shared/declare/resource-names.ts'
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import { documentPath } from '../../shared/place/gcp-place.ts'
import { refuseUnplaceable } from '../../shared/place/travel.ts'
import { changedFields } from '../../shared/ports/document-conditions.ts'
import type { Commit, DocumentWrite, RecordStore, Revision, StoredDocument } from '../../shared/ports/index.ts'
import { dataTypeOf, type Here } from '../../shared/replicate/here.ts'
import { type RecordRef, recordName, storedName } from '../../shared/replicate/record-ref.ts'
import { decodeRecord, encodeRecord } from '../../shared/replicate/sync-record.ts'
import { withinTimeout } from './deadlines.ts'
import { commitAtOnce } from './firestore-client.ts'
import { isRace, storeFailure } from './store-errors.ts'
import type { NativeValue } from './tagged-values.ts'
import { nameInFirestore, portableDocument, storableDocument, storableRecordText } from './values.ts'

/** The fields of a stored sync record: its text; its whole name, where that is too long for an id. */
export const recordField = 'record'
export const wholeField = 'whole'
/** When the document went, or will, ms; absent where it stays. */
export const goneField = 'goneAtMs'

/** https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields */
const syncIdBytesMax = 1500

/** The revision of a document that is not there. */
const absent: Revision = 'absent'

export interface FirestoreRecordStoreOptions {
  /** Made with `createFirestore`. */
  readonly client: Firestore
  readonly here: Here
}

export function createFirestoreRecordStore({ client, here }: FirestoreRecordStoreOptions): RecordStore {
  const planOf = (ref: RecordRef) => dataTypeOf(here, ref.type).plan
  const recordAt = (ref: RecordRef) => recordPlace(client, ref)
  const documentAt = (ref: RecordRef) => client.doc(documentPath(ref, planOf(ref)))

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
      refuseUnplaceable(ref, planOf(ref), here.plan)
      return { document: portableDocument(ref, planOf(ref), data), revision: revisionOf(snapshot.updateTime) }
    },

    async commit({ ref, record, expected, document }: Commit) {
      const text = storableRecordText(ref, encodeRecord(record))
      const gone = record.goneAtMs === undefined ? {} : { [goneField]: record.goneAtMs }
      const after = document?.after && storableDocument(ref, planOf(ref), document.after, client)
      try {
        await commitAtOnce(client, batch => {
          if (expected === undefined) batch.create(recordAt(ref), { [recordField]: text, ...gone, ...wholeName(ref) })
          else
            batch.update(
              recordAt(ref),
              { [recordField]: text, [goneField]: FieldValue.delete(), ...gone },
              asRead(expected),
            )

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

export function recordPlace(client: Firestore, ref: RecordRef): DocumentReference {
  return client.collection(syncStoreName).doc(storedName(ref, syncIdBytesMax).name)
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
  data: Readonly<Record<string, NativeValue>>,
): void {
  const [first, ...others] = type.key
  const changed = [...others, ...changedFields(read.document ?? {}, document ?? {}).map(nameInFirestore)]
  const fields = changed.flatMap(name => [
    new FieldPath(name),
    Object.hasOwn(data, name) ? data[name] : FieldValue.delete(),
  ])
  batch.update(reference, new FieldPath(first), data[first], ...fields, asRead(read.revision))
}

function wholeName(ref: RecordRef): Readonly<Record<string, string>> {
  const { whole } = storedName(ref, syncIdBytesMax)
  return whole === undefined ? {} : { [wholeField]: whole }
}

function revisionOf({ seconds, nanoseconds }: Timestamp): Revision {
  return `${seconds}.${nanoseconds}`
}

export function asRead(revision: Revision): Precondition {
  if (revision === absent) return { exists: false }
  const [seconds, nanoseconds] = revision.split('.').map(Number)
  return { lastUpdateTime: new Timestamp(seconds ?? 0, nanoseconds ?? 0) }
}
