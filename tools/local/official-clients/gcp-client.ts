/** An application on Firestore. */
import { FieldPath, FieldValue, Firestore } from '@google-cloud/firestore'
import type { SiteEndpoints } from '../local-site.ts'
import type { ApplicationClient, Item } from './application-client.ts'

export function createGcpClient(site: string, { project, endpoints, data }: SiteEndpoints): ApplicationClient {
  const client = new Firestore({
    ...(project === undefined ? {} : { projectId: project }),
    // The emulator's address; a real project takes the client's own default.
    ...(endpoints.firestore === undefined ? {} : { host: endpoints.firestore, ssl: false }),
  })
  const at = (type: string, key: readonly string[]) =>
    client.collection(String(data[type]?.collection)).doc(key.join('|'))

  return {
    site,
    async put(type, document) {
      const key = (data[type]?.key ?? []).map(name => String(document[name]))
      await at(type, key).set({ ...document })
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
