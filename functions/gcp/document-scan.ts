/** Goes through the documents of a type, in the order of their names, and through its sync records. */
import { FieldPath, type Firestore, type Query, type QueryDocumentSnapshot } from '@google-cloud/firestore'
import { syncStoreName } from '../../shared/declare/resource-names.ts'
import { keyFromPath } from '../../shared/place/gcp-place.ts'
import type { DocumentScan, ScanPage } from '../../shared/ports/index.ts'
import { dataTypeOf, type Here } from '../../shared/replicate/here.ts'
import { type RecordRef, refFromName } from '../../shared/replicate/record-ref.ts'
import { wholeField } from './record-store.ts'
import { storeFailure } from './store-errors.ts'

const pageMax = 200

export interface FirestoreDocumentScanOptions {
  readonly client: Firestore
  readonly here: Here
}

export function createFirestoreDocumentScan({ client, here }: FirestoreDocumentScanOptions): DocumentScan {
  const byName = FieldPath.documentId()
  return {
    documents(type, cursor) {
      const { plan } = dataTypeOf(here, type)
      const { collection } = plan.at.gcp
      const segments = collection.split('/')
      const isNested = segments.length > 1
      const query = isNested ? client.collectionGroup(segments.at(-1) ?? '') : client.collection(collection)
      const keyFields = plan.key.map(field => new FieldPath(field))
      return scanPage(query.orderBy(byName).select(...keyFields), cursor, isNested, document => {
        const key = keyFromPath(plan, document.ref.path, field => document.get(new FieldPath(field)))
        return key && { type, key }
      })
    },
    records(type, cursor) {
      const named = client.collection(syncStoreName)
      const query = named.where(byName, '>=', `${type}#`).where(byName, '<', `${type}$`).orderBy(byName)
      return scanPage(query.select(wholeField), cursor, false, document =>
        refFromName(document.get(wholeField) ?? document.id),
      )
    },
  }
}

async function scanPage(
  query: Query,
  cursor: string | undefined,
  isNested: boolean,
  refOf: (document: QueryDocumentSnapshot) => RecordRef | undefined,
): Promise<ScanPage> {
  const from = cursor === undefined ? query : query.startAfter(cursor)
  try {
    const { docs } = await from.limit(pageMax).get()
    const last = docs.length === pageMax ? docs.at(-1) : undefined
    return { refs: docs.flatMap(document => refOf(document) ?? []), next: isNested ? last?.ref.path : last?.id }
  } catch (error) {
    throw storeFailure(error)
  }
}
