/**
 * Firestore, as capture and ingest use it: preconditions on update times, one commit for record and document, a listener
 * in place of a trigger.
 *
 * Sources: https://firebase.google.com/docs/firestore/quotas#limits and
 * https://firebase.google.com/docs/firestore/manage-data/transactions
 */
import firestoreModule, { type CollectionReference, Firestore } from '@google-cloud/firestore'
import { defineSuite } from '../behaviour.ts'
import { emulatorHost, generatedClientSettings, projectId } from './access.ts'
import { firestoreCommits } from './firestore-commits.ts'
import { firestoreListeners } from './firestore-listeners.ts'
import { firestoreValues } from './firestore-values.ts'

const variable = 'FIRESTORE_EMULATOR_HOST'

export interface FirestoreTarget {
  /** Hands integers over as BigInt. */
  readonly firestore: Firestore
  /** Sends what the client would refuse by itself. */
  readonly raw: InstanceType<typeof firestoreModule.v1.FirestoreClient>
  /** `projects/p/databases/(default)` */
  readonly database: string
  /** A collection that no other row uses. */
  collection(): CollectionReference
  close(): Promise<void>
}

export const firestore = defineSuite<FirestoreTarget>({
  service: 'firestore',
  clients: ['@google-cloud/firestore'],
  creates:
    'documents in new collections of the (default) Firestore database; about 1,500 operations, inside the free tier',
  behaviours: [...firestoreCommits, ...firestoreListeners, ...firestoreValues],
  async prepare({ environment, prefix, created }) {
    const host = emulatorHost(environment, variable)
    const client = new Firestore({
      projectId: projectId(environment),
      useBigInt: true,
      ...(host === undefined ? {} : { host, ssl: false }),
    })
    const raw = new firestoreModule.v1.FirestoreClient(generatedClientSettings(environment, variable))
    let count = 0
    return {
      firestore: client,
      raw,
      database: `projects/${projectId(environment)}/databases/(default)`,
      collection() {
        const collection = client.collection(`${prefix}-${++count}`)
        created(`Firestore collection ${collection.path}`, () => client.recursiveDelete(collection))
        return collection
      },
      async close() {
        await Promise.all([client.terminate(), raw.close()])
      },
    }
  },
})
