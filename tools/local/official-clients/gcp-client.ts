/** An application on Firestore. */
import { FieldPath, FieldValue, Firestore } from '@google-cloud/firestore'
import type { SiteEndpoints } from '../local-site.ts'
import type { ApplicationClient, Item } from './application-client.ts'
import { fillText, keyFields } from './place-text.ts'

export function openFirestore({ project, endpoints }: SiteEndpoints): Firestore {
  // The client asks a metadata server otherwise, which a laptop has not got.
  process.env.METADATA_SERVER_DETECTION ??= 'none'
  return new Firestore({
    ...(project === undefined ? {} : { projectId: project }),
    // The emulator's address; a real project takes the client's own default.
    ...(endpoints.firestore === undefined ? {} : { host: endpoints.firestore, ssl: false }),
  })
}

export function createGcpClient(site: string, endpoints: SiteEndpoints): ApplicationClient {
  const { data } = endpoints
  const client = openFirestore(endpoints)
  const placeOf = (type: string, fields: Readonly<Record<string, unknown>>) =>
    client.doc(fillText(`${data[type]?.collection}/${data[type]?.id}`, fields))
  const at = (type: string, key: readonly string[]) => placeOf(type, keyFields(data[type], key))

  return {
    site,
    async put(type, document) {
      await placeOf(type, document).set({ ...document })
    },
    async read(type, key) {
      const snapshot = await at(type, key).get()
      return snapshot.data() as Item | undefined
    },
    async remove(type, key) {
      await at(type, key).delete()
    },
    async set(type, key, path, value) {
      await at(type, key).update(new FieldPath(...path), value)
    },
    async unset(type, key, path) {
      await at(type, key).update(new FieldPath(...path), FieldValue.delete())
    },
    async increment(type, key, path, by) {
      await at(type, key).update(new FieldPath(...path), FieldValue.increment(by))
    },
    async close() {
      await client.terminate()
    },
  }
}
