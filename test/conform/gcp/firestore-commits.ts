/** Commits of Firestore: what is refused, what is atomic, what concurrent transactions see. */
import { FieldPath, FieldValue, type Timestamp } from '@google-cloud/firestore'
import type { Behaviour } from '../behaviour.ts'
import { equal, holds, numbers, refused } from '../expectations.ts'
import { grpcStatus } from './access.ts'
import type { FirestoreTarget } from './firestore.ts'

const attempts = { maxAttempts: 40 }

function microsOf(time: Timestamp): bigint {
  return BigInt(time.seconds) * 1_000_000n + BigInt(time.nanoseconds) / 1000n
}

export const firestoreCommits: readonly Behaviour<FirestoreTarget>[] = [
  {
    name: "update and delete with an updateTime that is no longer the document's",
    expected: 'refused with FAILED_PRECONDITION, nothing changes; accepted with the present one',
    why: 'ingest writes only over the version that it read (P4)',
    async run({ collection }) {
      const document = collection().doc('alice')
      const stale = { lastUpdateTime: (await document.set({ n: 1 })).writeTime }
      const current = { lastUpdateTime: (await document.set({ n: 2 })).writeTime }
      await refused(document.update({ n: 3 }, stale), grpcStatus.failedPrecondition)
      await refused(document.delete(stale), grpcStatus.failedPrecondition)
      equal((await document.get()).data(), { n: 2n }, 'the document')
      const { writeTime } = await document.update({ n: 3 }, current)
      await document.delete({ lastUpdateTime: writeTime })
      equal((await document.get()).exists, false, 'exists')
    },
  },
  {
    name: 'create of what exists, update and delete of what does not',
    expected: 'ALREADY_EXISTS, NOT_FOUND; a missing document stays missing',
    why: 'absence is a revision like any other',
    async run({ collection }) {
      const [there, missing] = [collection().doc('there'), collection().doc('missing')]
      await there.create({ n: 1 })
      await refused(there.create({ n: 2 }), grpcStatus.alreadyExists)
      await refused(missing.update({ n: 1 }), grpcStatus.notFound)
      await refused(missing.delete({ exists: true }), [grpcStatus.notFound, grpcStatus.failedPrecondition])
      equal((await there.get()).data(), { n: 1n }, 'the document')
      equal((await missing.get()).exists, false, 'exists')
    },
  },
  {
    name: 'commit of three writes, the last refused',
    expected: 'none is made',
    why: 'record and document are committed together (P4)',
    async run({ firestore, collection }) {
      const documents = collection()
      await documents.doc('kept').set({ n: 1 })
      const batch = firestore.batch()
      batch.set(documents.doc('new'), { n: 1 })
      batch.delete(documents.doc('kept'))
      batch.update(documents.doc('missing'), { n: 1 })
      await refused(batch.commit(), grpcStatus.notFound)
      const ids = (await documents.get()).docs.map(({ id }) => id)
      equal(ids, ['kept'], 'documents')
    },
  },
  {
    name: 'the writes of one commit, and the next commit',
    expected: 'one updateTime for all writes of a commit; a later one in the next',
    why: 'the update time is the revision',
    async run({ firestore, collection }) {
      const documents = collection()
      const batch = firestore.batch()
      for (const id of ['a', 'b']) batch.set(documents.doc(id), { n: 1 })
      await batch.commit()
      const times = (await documents.get()).docs.map(({ updateTime }) => microsOf(updateTime))
      equal(times[0], times[1], 'update times')
      for (const n of numbers(10)) {
        const { writeTime } = await documents.doc('a').set({ n: n + 2 })
        holds(microsOf(writeTime) > (times[0] ?? 0n), 'an update time that did not grow')
        times[0] = microsOf(writeTime)
      }
    },
  },
  {
    name: 'a write that changes nothing',
    expected: 'the updateTime stays',
    why: 'an echo of our own write looks unchanged',
    async run({ collection }) {
      const document = collection().doc('alice')
      const { writeTime } = await document.set({ n: 1, map: { a: [1, null] } })
      await document.set({ map: { a: [1, null] }, n: 1 })
      equal((await document.get()).updateTime?.isEqual(writeTime), true, 'same updateTime')
    },
  },
  {
    name: 'a document that was deleted and created again',
    expected: 'has another createTime and updateTime',
    why: 'a precondition on the old one must not hold for the new one',
    async run({ collection }) {
      const document = collection().doc('alice')
      const { writeTime } = await document.create({ n: 1 })
      await document.delete()
      await document.create({ n: 1 })
      holds(microsOf((await document.get()).createTime ?? writeTime) > microsOf(writeTime), 'the same createTime')
      await refused(document.update({ n: 2 }, { lastUpdateTime: writeTime }), grpcStatus.failedPrecondition)
    },
  },
  {
    name: 'ten transactions at once that each read a number and write one more',
    expected: 'the number is 10',
    why: 'of two commits on one record one starts over',
    async run({ firestore, collection }) {
      const counter = collection().doc('counter')
      await counter.set({ n: 0 })
      const increment = () =>
        firestore.runTransaction(async transaction => {
          const n: unknown = (await transaction.get(counter)).get('n')
          transaction.update(counter, { n: Number(n) + 1 })
        }, attempts)
      await Promise.all(numbers(10).map(increment))
      equal((await counter.get()).get('n'), 10n, 'the number')
    },
  },
  {
    name: 'two transactions at once that each read both documents and write one',
    expected: 'the outcome is as if one had run after the other (no write skew)',
    why: 'a commit rests on everything that it read, not only on what it writes',
    async run({ firestore, collection }) {
      const documents = collection()
      const [a, b] = [documents.doc('a'), documents.doc('b')]
      await firestore.batch().set(a, { n: 0 }).set(b, { n: 0 }).commit()
      const sumInto = (target: typeof a) =>
        firestore.runTransaction(async transaction => {
          const read = await transaction.getAll(a, b)
          transaction.update(target, { n: read.reduce((sum, document) => sum + Number(document.get('n')), 1) })
        }, attempts)
      await Promise.all([sumInto(a), sumInto(b)])
      const results = (await firestore.getAll(a, b)).map(document => Number(document.get('n')))
      equal(results.toSorted(), [1, 2], 'the two numbers')
    },
  },
  {
    name: 'read-only transaction, a commit between its two reads',
    expected: 'both reads show the moment before',
    why: 'record and document are read at one moment (P2)',
    async run({ firestore, collection }) {
      const documents = collection()
      const [a, b] = [documents.doc('a'), documents.doc('b')]
      const both = (n: number) => firestore.batch().set(a, { n }).set(b, { n }).commit()
      await both(1)
      const seen = await firestore.runTransaction(
        async transaction => {
          const first = await transaction.get(a)
          await both(2)
          const second = await transaction.get(b)
          return [first.get('n'), second.get('n')]
        },
        { readOnly: true },
      )
      equal(seen, [1n, 1n], 'reads')
      equal((await b.get()).get('n'), 2n, 'afterwards')
    },
  },
  {
    name: 'a read after each of 30 writes',
    expected: 'shows the write',
    why: 'a stale read of the document would look like a local edit that undoes a merge (P2)',
    async run({ collection }) {
      const document = collection().doc('alice')
      for (const n of numbers(30)) {
        await document.set({ n })
        equal((await document.get()).get('n'), BigInt(n), 'read')
      }
    },
  },
  {
    name: '20 increments at once, one beyond 64 bits',
    expected: 'the sum is 20; at the end of the range it stays at 2^63-1',
    why: 'an atomic increment is the remedy that writers are told of',
    async run({ collection }) {
      const document = collection().doc('counter')
      await document.set({ n: 0 })
      await Promise.all(numbers(20).map(() => document.update({ n: FieldValue.increment(1) })))
      equal((await document.get()).get('n'), 20n, 'the sum')
      await document.set({ n: 9223372036854775807n })
      await document.update({ n: FieldValue.increment(1) })
      equal((await document.get()).get('n'), 9223372036854775807n, 'the largest')
    },
  },
  {
    name: 'update by field paths, a path quoted',
    expected: 'changes these fields and no others',
    why: 'ingest writes only what a change touches',
    async run({ collection }) {
      const document = collection().doc('alice')
      await document.set({ items: { 'sku-1': 1, 'a.b': 1, kept: 1 }, other: 1 })
      await document.update(new FieldPath('items', 'a.b'), 2, new FieldPath('items', 'sku-1'), FieldValue.delete())
      equal((await document.get()).data(), { items: { 'a.b': 2n, kept: 1n }, other: 1n }, 'the document')
    },
  },
]
