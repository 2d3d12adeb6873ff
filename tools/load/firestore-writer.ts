/**
 * Into Firestore: the client's BulkWriter, which groups documents, tries transient failures again, and begins with 500 a
 * second to grow slowly, as Firestore asks for.
 * Source: https://firebase.google.com/docs/firestore/best-practices#ramping_up_traffic
 */
import type { BulkWriter, DocumentReference, Firestore } from '@google-cloud/firestore'
import { storableDocument } from '../../functions/gcp/values.ts'
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import { documentPath } from '../../shared/place/gcp-place.ts'
import { failedBy, type IfExists, type PutOutcome, putStorable, type StoreWriter } from './store-writer.ts'

/** BulkWriter sends 20 at a time; five of these, because a call waits for its slowest. */
const batchMax = 100

export function createFirestoreWriter(client: Firestore, type: TypePlan): StoreWriter {
  const writer = client.bulkWriter()
  return {
    batchMax,
    put: (documents, ifExists) =>
      putStorable(
        documents,
        ({ ref, document }) => ({
          at: client.doc(documentPath(ref, type)),
          data: storableDocument(ref, type, document, client),
        }),
        async writes => {
          const outcomes = writes.map(write => putOne(writer, write, ifExists))
          // Sends the last, unfinished group as well; how each fared is in the outcomes.
          await writer.flush()
          return Promise.all(outcomes)
        },
      ),
    remove: async ref => void (await client.doc(documentPath(ref, type)).delete()),
    async close() {
      await writer.close()
      await client.terminate()
    },
  }
}

interface Write {
  readonly at: DocumentReference
  readonly data: ReturnType<typeof storableDocument>
}

/** gRPC's ALREADY_EXISTS. */
const alreadyExists = 6

async function putOne(writer: BulkWriter, { at, data }: Write, ifExists: IfExists): Promise<PutOutcome> {
  try {
    await (ifExists === 'keep' ? writer.create(at, data) : writer.set(at, data))
    return 'written'
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    return code === alreadyExists ? 'exists' : failedBy(error)
  }
}
