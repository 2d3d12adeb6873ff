/** The official Firestore client, made to answer in seconds (see `deadlines.ts`) and to round no number. */
import { Firestore, type Settings, type Transaction } from '@google-cloud/firestore'
import { briefCalls } from './deadlines.ts'

export function createFirestore(settings: Settings): Firestore {
  return new Firestore({
    ...settings,
    useBigInt: true,
    // Reads are streams: without this they are tried again whatever the status, a refusal included.
    gaxServerStreamingRetries: true,
    clientConfig: briefCalls('google.firestore.v1.Firestore', ['BatchGetDocuments', 'Commit']),
  })
}

/**
 * All the writes or none, in one Commit call. A transaction that reads nothing is just that; `WriteBatch.commit()` would
 * be the same call under a retry policy of its own, of ten minutes, which no setting reaches.
 */
export function commitAtOnce(firestore: Firestore, write: (batch: Transaction) => void): Promise<void> {
  return firestore.runTransaction(async batch => write(batch), { maxAttempts: 1 })
}
