/** What steers the site: a document for each name, in a collection of its own. */
import type { Firestore } from '@google-cloud/firestore'
import { controlStoreName } from '../../shared/declare/resource-names.ts'
import type { ControlStore } from '../../shared/ports/index.ts'
import { withinTimeout } from './deadlines.ts'
import { commitAtOnce } from './firestore-client.ts'
import { storeFailure } from './store-errors.ts'

const field = 'text'

export function createFirestoreControlStore(client: Firestore): ControlStore {
  const at = (name: string) => client.collection(controlStoreName).doc(name)
  return {
    async read(name) {
      try {
        const snapshot = await withinTimeout(at(name).get())
        const text: unknown = snapshot.get(field)
        return text === undefined ? undefined : String(text)
      } catch (error) {
        throw storeFailure(error)
      }
    },
    async write(name, text) {
      try {
        await commitAtOnce(client, batch => batch.set(at(name), { [field]: text }))
      } catch (error) {
        throw storeFailure(error)
      }
    },
  }
}
