/** Listeners and listings of Firestore: what is seen of a collection while it is written to. */
import { FieldPath, type QuerySnapshot } from '@google-cloud/firestore'
import type { Behaviour } from '../behaviour.ts'
import { equal, eventually, holds, numbers } from '../expectations.ts'
import type { FirestoreTarget } from './firestore.ts'

const heardMsMax = 20_000

export const firestoreListeners: readonly Behaviour<FirestoreTarget>[] = [
  {
    name: 'a listener during 20 commits, each of the same two documents',
    expected: 'never sees half of a commit or an older one after a newer one; ends with the last',
    why: 'a trigger that listens hears of every key that changed',
    async run({ firestore, collection }) {
      const documents = collection()
      const seen: (readonly unknown[])[] = []
      const stop = listen(documents, snapshot => seen.push(snapshot.docs.map(document => document.get('n'))))
      try {
        await eventually(() => holds(seen.length > 0, 'no first snapshot'), heardMsMax)
        for (const n of numbers(20)) {
          await firestore.batch().set(documents.doc('a'), { n }).set(documents.doc('b'), { n }).commit()
        }
        await eventually(() => equal(seen.at(-1), [19n, 19n], 'the last snapshot'), heardMsMax)
      } finally {
        stop()
      }
      holds(
        seen.every(([a, b]) => a === b),
        'a snapshot with half of a commit',
      )
      const order = seen.flatMap(([a]) => (a === undefined ? [] : [Number(a)]))
      equal(
        order,
        order.toSorted((a, b) => a - b),
        'the order of snapshots',
      )
    },
  },
  {
    name: 'a listener during 100 writes of 100 documents, and 20 deletes',
    expected: 'hears of every one',
    why: 'no write is missed',
    async run({ collection }) {
      const documents = collection()
      const heard = new Set<string>()
      const stop = listen(documents, snapshot => {
        for (const { type, doc } of snapshot.docChanges()) heard.add(`${type} ${doc.id}`)
      })
      try {
        await Promise.all(numbers(100).map(n => documents.doc(String(n)).set({ n })))
        await eventually(() => equal(heard.size, 100, 'documents heard of'), heardMsMax)
        await Promise.all(numbers(20).map(n => documents.doc(String(n)).delete()))
        await eventually(() => equal(heard.size, 120, 'documents heard of, with deletes'), heardMsMax)
      } finally {
        stop()
      }
    },
  },
  {
    name: 'pages by document id over 50 documents while others are added',
    expected: 'every document that was there before comes once, in order',
    why: 'adopt walks through what a collection holds while it is written to',
    async run({ collection }) {
      const documents = collection()
      const ids = numbers(50).map(n => `d${String(n).padStart(2, '0')}`)
      await Promise.all(ids.map(id => documents.doc(id).set({})))
      const visited: string[] = []
      const byId = documents.orderBy(FieldPath.documentId()).limit(7)
      for (let page = await byId.get(); !page.empty; ) {
        visited.push(...page.docs.map(({ id }) => id))
        const last = visited.at(-1) ?? ''
        await documents.doc(`a-new-${visited.length}`).set({})
        page = await byId.startAfter(last).get()
      }
      equal(visited, ids, 'visited')
    },
  },
  {
    name: 'recursiveDelete of a collection with ids that begin with digits, marks and letters, and one below them',
    expected: 'nothing is left, a collection whose name begins alike stays',
    why: 'the client starts at an id that comes before all others; what it does not see is never cleaned up',
    async run({ firestore, collection }) {
      const documents = collection()
      const beside = firestore.collection(`${documents.id}-beside`)
      const ids = ['0', '9', '#', '"', '-', 'A', '_', 'a', '🛒']
      await Promise.all(ids.map(id => documents.doc(id).set({})))
      await documents.doc('a').collection('below').doc('0').set({})
      await beside.doc('0').set({})
      try {
        await firestore.recursiveDelete(documents)
        equal((await documents.listDocuments()).length, 0, 'documents left')
        equal((await beside.listDocuments()).length, 1, 'documents beside')
      } finally {
        await beside.doc('0').delete()
      }
    },
  },
]

function listen(documents: ReturnType<FirestoreTarget['collection']>, on: (snapshot: QuerySnapshot) => void) {
  return documents.onSnapshot(on, () => undefined)
}
