/** How far an adoption is: a document for each type, in a collection of its own. */
import type { Firestore } from '@google-cloud/firestore'
import { adoptionStoreName } from '../../shared/declare/resource-names.ts'
import type { AdoptionStore } from '../../shared/ports/index.ts'
import { adoptionText, readAdoption } from '../common/adoption-text.ts'
import { withinTimeout } from './deadlines.ts'
import { commitAtOnce } from './firestore-client.ts'
import { storeFailure } from './store-errors.ts'

const field = 'adoption'

export function createFirestoreAdoptionStore(client: Firestore): AdoptionStore {
  const at = (type: string) => client.collection(adoptionStoreName).doc(type)
  return {
    async read(type) {
      try {
        const snapshot = await withinTimeout(at(type).get())
        return readAdoption(snapshot.get(field))
      } catch (error) {
        throw storeFailure(error)
      }
    },
    async write(type, adoption) {
      try {
        await commitAtOnce(client, batch => batch.set(at(type), { [field]: adoptionText(adoption) }))
      } catch (error) {
        throw storeFailure(error)
      }
    },
  }
}
