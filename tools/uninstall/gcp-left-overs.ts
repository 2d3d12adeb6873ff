/** Firestore: the collections of Tributary's own in the application's database. Nothing lies in other collections. */
import type { Firestore } from '@google-cloud/firestore'
import { auditStoreName, controlStoreName, syncStoreName } from '../../shared/declare/resource-names.ts'
import { told } from '../accounts/told.ts'
import { type LeftOver, type LeftOverOptions, NotRemoved } from './left-over.ts'

export function gcpLeftOvers(firestore: Firestore, { withAudit }: LeftOverOptions): readonly LeftOver[] {
  return [syncStoreName, controlStoreName, ...(withAudit ? [auditStoreName] : [])].map(name => ({
    place: `collection ${name}`,
    async find() {
      const asked = await told(() => firestore.collection(name).count().get())
      if (asked.is === 'unknown') throw new NotRemoved(asked.reason)
      const { count } = asked.is === 'there' ? asked.value.data() : { count: 0 }
      return count === 0 ? undefined : `${count.toLocaleString('en')} documents`
    },
    async remove(onProgress) {
      const writer = firestore.bulkWriter()
      let removed = 0
      writer.onWriteResult(() => onProgress(++removed))
      await firestore.recursiveDelete(firestore.collection(name), writer)
      await writer.close()
    },
  }))
}
