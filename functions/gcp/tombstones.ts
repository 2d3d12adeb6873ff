/**
 * What is left of deleted documents on Firestore: the sync records that have a time at which their document went, by
 * the index that Firestore keeps over every field.
 */
import { FieldPath, type Firestore, type QuerySnapshot } from '@google-cloud/firestore'
import { syncStoreName } from '../../shared/declare/resource-names.ts'
import * as z from '../../shared/document/schema.ts'
import type { TombstonePage, Tombstones } from '../../shared/ports/index.ts'
import { refFromName } from '../../shared/replicate/record-ref.ts'
import { withinTimeout } from './deadlines.ts'
import { commitAtOnce } from './firestore-client.ts'
import { asRead, goneField, recordPlace, wholeField } from './record-store.ts'
import { isRace, storeFailure } from './store-errors.ts'

/** No more than a peer answers for in one request. */
const pageSize = 100

/** Where the last page ended: time and id. */
const cursorSchema = z.tuple([z.number(), z.string()])

export function createFirestoreTombstones(client: Firestore): Tombstones {
  return {
    async list(beforeMs, cursor) {
      const query = client
        .collection(syncStoreName)
        .where(goneField, '<=', Math.floor(beforeMs))
        .orderBy(goneField)
        .orderBy(FieldPath.documentId())
        .limit(pageSize)
      try {
        const from = cursor === undefined ? query : query.startAfter(...cursorSchema.parse(JSON.parse(cursor)))
        return pageOf(await withinTimeout(from.get()))
      } catch (error) {
        throw storeFailure(error)
      }
    },

    async remove(ref, expected) {
      try {
        await commitAtOnce(client, batch => batch.delete(recordPlace(client, ref), asRead(expected)))
        return 'committed'
      } catch (error) {
        if (isRace(error)) return 'raced'
        throw storeFailure(error, ref)
      }
    },
  }
}

function pageOf({ docs }: QuerySnapshot): TombstonePage {
  const last = docs.length < pageSize ? undefined : docs.at(-1)
  return {
    refs: docs.map(document => refFromName(String(document.get(wholeField) ?? document.id))),
    // The client hands integers over as BigInt.
    cursor: last && JSON.stringify([Number(last.get(goneField)), last.id]),
  }
}
