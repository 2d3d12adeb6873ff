/**
 * The local Firestore, driven by the official client. What is tested here is what replication stands on: code that
 * passes against a server which is laxer than the cloud would lose data in the cloud.
 */
import {
  AggregateField,
  type DocumentReference,
  FieldPath,
  FieldValue,
  Filter,
  Firestore,
  GeoPoint,
  type QuerySnapshot,
  Timestamp,
} from '@google-cloud/firestore'
import { Client, credentials } from '@grpc/grpc-js'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import {
  type DocumentWrite,
  type FirestoreServer,
  startFirestoreServer,
} from '../../tools/local/servers/firestore/server.ts'

import { firestoreServiceDefinition } from '../../tools/local/servers/firestore/service-definition.ts'

const code = { invalidArgument: 3, notFound: 5, alreadyExists: 6, exhausted: 8, failedPrecondition: 9, unavailable: 14 }

let server: FirestoreServer
let firestore: Firestore
let carts: ReturnType<Firestore['collection']>
let writes: DocumentWrite[]
let stopRecording: () => void
let collectionCount = 0

beforeAll(async () => {
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none')
  server = await startFirestoreServer()
  firestore = clientOf(server.host)
})

afterAll(async () => {
  await firestore.terminate()
  await server.stop()
  vi.unstubAllEnvs()
})

beforeEach(() => {
  collectionCount += 1
  carts = firestore.collection(`carts-${collectionCount}`)
  writes = []
  stopRecording = server.onWrite(write => writes.push(write))
})

afterEach(() => stopRecording())

function clientOf(host: string, settings: object = {}): Firestore {
  return new Firestore({ projectId: 'local', host, ssl: false, ...settings })
}

/** One call without the official client's retries: what the server answered, or the status it refused with. */
function callOnce(host: string, method: string, request: object): Promise<unknown> {
  const definition = firestoreServiceDefinition()[method]
  if (!definition) throw new Error(`no method ${method}`)
  const { path, requestSerialize, responseDeserialize } = definition
  const client = new Client(host, credentials.createInsecure())
  return new Promise((resolve, reject) => {
    if (definition.responseStream)
      client
        .makeServerStreamRequest(path, requestSerialize, responseDeserialize, request)
        .on('data', resolve)
        .on('error', reject)
    else
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, answer) =>
        error ? reject(error) : resolve(answer),
      )
  }).finally(() => client.close())
}

async function contentOf(reference: DocumentReference): Promise<unknown> {
  return (await reference.get()).data()
}

function idsOf(snapshot: QuerySnapshot): string[] {
  return snapshot.docs.map(document => document.id)
}

/** The microseconds of a write's time. */
function microsOf(time: Timestamp): bigint {
  return BigInt(time.seconds) * 1_000_000n + BigInt(time.nanoseconds) / 1000n
}

describe('documents', () => {
  test('every type of value comes back as it was written', async () => {
    const content = {
      text: 'Grüße 🛒',
      whole: 9007199254740991,
      fraction: 0.1,
      notANumber: Number.NaN,
      minusInfinity: Number.NEGATIVE_INFINITY,
      yes: true,
      no: false,
      nothing: null,
      when: new Timestamp(1_700_000_000, 123_456_000),
      epoch: new Timestamp(0, 0),
      bytes: Buffer.from([0, 255, 128]),
      noBytes: Buffer.alloc(0),
      place: new GeoPoint(0, -122.5),
      other: carts.doc('bob'),
      list: [1, 'two', { three: [] }],
      map: { 'sku-1': { quantity: 2 }, empty: {} },
      vector: FieldValue.vector([1, 2.5]),
    }
    await carts.doc('alice').set(content)
    const stored = await carts.doc('alice').get()
    expect(stored.data()).toEqual(content)
    expect(stored.get('other').path).toBe(carts.doc('bob').path)
  })

  test('timestamps keep microseconds, not nanoseconds', async () => {
    await carts.doc('alice').set({ when: new Timestamp(1_700_000_000, 123_456_789) })
    expect((await carts.doc('alice').get()).get('when').nanoseconds).toBe(123_456_000)
  })

  test('set replaces, merge adds, update changes only what it names', async () => {
    const alice = carts.doc('alice')
    await alice.set({ a: 1, map: { x: 1, y: 2 } })
    await alice.set({ map: { z: 3 } }, { merge: true })
    expect(await contentOf(alice)).toEqual({ a: 1, map: { x: 1, y: 2, z: 3 } })
    await alice.update({ 'map.x': 10, a: FieldValue.delete(), 'gone.deeper': FieldValue.delete() })
    expect(await contentOf(alice)).toEqual({ map: { x: 10, y: 2, z: 3 } })
    await alice.set({ b: 1 })
    expect(await contentOf(alice)).toEqual({ b: 1 })
  })

  test('field names that are no identifiers are reached through quoted paths', async () => {
    const alice = carts.doc('alice')
    await alice.set({ items: { 'sku-1': 1, 'a.b': 1, 'tick`slash\\': 1, '7up': 1 } })
    // biome-ignore format: pairs of path and value
    await alice.update(
      new FieldPath('items', 'sku-1'), 2,
      new FieldPath('items', 'a.b'), 3,
      new FieldPath('items', 'tick`slash\\'), 4,
      new FieldPath('items', '7up'), FieldValue.delete(),
    )
    expect(await contentOf(alice)).toEqual({ items: { 'sku-1': 2, 'a.b': 3, 'tick`slash\\': 4 } })
    expect(idsOf(await carts.where(new FieldPath('items', 'a.b'), '==', 3).get())).toEqual(['alice'])
  })

  test('a deleted document is gone, and created again it is a new one', async () => {
    const alice = carts.doc('alice')
    const first = await alice.create({ a: 1 })
    await alice.delete()
    expect((await alice.get()).exists).toBe(false)
    await alice.create({ a: 1 })
    expect(microsOf((await alice.get()).createTime ?? first.writeTime)).toBeGreaterThan(microsOf(first.writeTime))
  })

  test('every commit gets a later updateTime, however fast they come', async () => {
    const results = await Promise.all(Array.from({ length: 200 }, (_, n) => carts.doc(`d${n}`).set({ n })))
    const times = results.map(result => microsOf(result.writeTime))
    expect(new Set(times).size).toBe(200)
    const alice = carts.doc('alice')
    const one = await alice.set({ n: 1 })
    const two = await alice.set({ n: 2 })
    expect(microsOf(two.writeTime)).toBeGreaterThan(microsOf(one.writeTime))
    expect((await alice.get()).updateTime?.isEqual(two.writeTime)).toBe(true)
  })

  test('a document over 1 MiB is refused and the stored one stays', async () => {
    const alice = carts.doc('alice')
    await alice.set({ text: 'x'.repeat(1_048_000) })
    await expect(alice.update({ more: 'x'.repeat(1000) })).rejects.toMatchObject({ code: code.invalidArgument })
    await expect(carts.doc('bob').set({ text: 'x'.repeat(1_048_577) })).rejects.toThrow(/1,048,576 bytes/)
    expect((await alice.get()).get('more')).toBeUndefined()
  })

  test('what Firestore cannot hold is refused', async () => {
    await expect(carts.doc('__id__').set({ a: 1 })).rejects.toMatchObject({ code: code.invalidArgument })
    await expect(carts.doc('a').set({ __reserved__: 1 })).rejects.toMatchObject({ code: code.invalidArgument })
  })
})

describe('preconditions', () => {
  test('update and delete with a stale lastUpdateTime are refused, with the current one accepted', async () => {
    const alice = carts.doc('alice')
    const stale = await alice.set({ n: 1 })
    const current = await alice.set({ n: 2 })
    const refused = { code: code.failedPrecondition }
    await expect(alice.update({ n: 3 }, { lastUpdateTime: stale.writeTime })).rejects.toMatchObject(refused)
    await expect(alice.delete({ lastUpdateTime: stale.writeTime })).rejects.toMatchObject(refused)
    expect(await contentOf(alice)).toEqual({ n: 2 })
    const updated = await alice.update({ n: 3 }, { lastUpdateTime: current.writeTime })
    await alice.delete({ lastUpdateTime: updated.writeTime })
    expect((await alice.get()).exists).toBe(false)
  })

  test('a missing document is not updated, an existing one not created', async () => {
    const alice = carts.doc('alice')
    const missing = { code: code.notFound }
    await expect(alice.update({ n: 1 })).rejects.toMatchObject(missing)
    await expect(alice.delete({ exists: true })).rejects.toMatchObject(missing)
    await expect(alice.update({ n: 1 }, { lastUpdateTime: Timestamp.now() })).rejects.toMatchObject(missing)
    await alice.create({ n: 1 })
    await expect(alice.create({ n: 2 })).rejects.toMatchObject({ code: code.alreadyExists })
    expect(await contentOf(alice)).toEqual({ n: 1 })
  })

  test('a batch is made whole or not at all', async () => {
    await carts.doc('alice').set({ n: 1 })
    const batch = firestore.batch()
    batch.set(carts.doc('bob'), { n: 1 })
    batch.delete(carts.doc('alice'))
    batch.update(carts.doc('nobody'), { n: 1 })
    writes = []
    await expect(batch.commit()).rejects.toMatchObject({ code: code.notFound })
    expect(idsOf(await carts.get())).toEqual(['alice'])
    expect(writes).toEqual([])
  })

  test('the writes of a batch share one time and see each other', async () => {
    const batch = firestore.batch()
    batch.create(carts.doc('alice'), { n: 1 })
    batch.update(carts.doc('alice'), { n: FieldValue.increment(2) })
    batch.set(carts.doc('bob'), { n: 1 })
    const results = await batch.commit()
    expect(new Set(results.map(result => microsOf(result.writeTime))).size).toBe(1)
    expect(await contentOf(carts.doc('alice'))).toEqual({ n: 3 })
    expect(writes.map(write => write.name.split('/').at(-1))).toEqual(['alice', 'bob'])
  })

  test('the writes of a BulkWriter stand alone', async () => {
    await carts.doc('taken').set({ n: 1 })
    const writer = firestore.bulkWriter()
    writer.onWriteError(() => false)
    const outcomes = Promise.allSettled([
      writer.create(carts.doc('taken'), { n: 2 }),
      writer.create(carts.doc('free'), { n: 2 }),
      writer.delete(carts.doc('nobody')),
    ])
    await writer.close()
    expect((await outcomes).map(outcome => outcome.status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
    expect(await contentOf(carts.doc('taken'))).toEqual({ n: 1 })
    expect(await contentOf(carts.doc('free'))).toEqual({ n: 2 })
  })
})

describe('transforms', () => {
  const rows: readonly {
    readonly name: string
    readonly stored?: unknown
    readonly transform: FieldValue
    readonly expected: unknown
  }[] = [
    { name: 'increment of an integer', stored: 2, transform: FieldValue.increment(3), expected: 5 },
    { name: 'increment by a double', stored: 2, transform: FieldValue.increment(0.5), expected: 2.5 },
    { name: 'increment of nothing', transform: FieldValue.increment(3), expected: 3 },
    { name: 'increment of what is no number', stored: 'x', transform: FieldValue.increment(3), expected: 3 },
    { name: 'greatest, given is greater', stored: 2, transform: FieldValue.maximum(3), expected: 3 },
    { name: 'greatest, stored is greater', stored: 4.5, transform: FieldValue.maximum(3), expected: 4.5 },
    { name: 'least, given is less', stored: 2, transform: FieldValue.minimum(-1), expected: -1 },
    { name: 'least of nothing', transform: FieldValue.minimum(7), expected: 7 },
    {
      name: 'greatest of NaN and a number',
      stored: Number.NaN,
      transform: FieldValue.maximum(3),
      expected: Number.NaN,
    },
    {
      name: 'union adds what is missing, once',
      stored: ['a', { b: 1 }],
      transform: FieldValue.arrayUnion({ b: 1 }, 'c', 'c'),
      expected: ['a', { b: 1 }, 'c'],
    },
    { name: 'union with what is no array', stored: 5, transform: FieldValue.arrayUnion('c'), expected: ['c'] },
    {
      name: 'remove takes all equal elements',
      stored: ['a', 'b', 'a'],
      transform: FieldValue.arrayRemove('a', 'x'),
      expected: ['b'],
    },
  ]
  test.each(rows)('$name', async ({ stored, transform, expected }) => {
    const alice = carts.doc('alice')
    await alice.set(stored === undefined ? {} : { deep: { value: stored } })
    await alice.set({ deep: { value: transform } }, { merge: true })
    expect(await contentOf(alice)).toEqual({ deep: { value: expected } })
  })

  test('increments stop at the end of 64 bits', async () => {
    const exact = clientOf(server.host, { useBigInt: true })
    const alice = exact.collection(carts.path).doc('alice')
    await alice.set({ n: 2n ** 63n - 2n })
    await alice.update({ n: FieldValue.increment(5) })
    expect(await contentOf(alice)).toEqual({ n: 2n ** 63n - 1n })
    await exact.terminate()
  })

  test('server timestamps are the time of the commit, in milliseconds, the same in all documents', async () => {
    const batch = firestore.batch()
    batch.set(carts.doc('alice'), { at: FieldValue.serverTimestamp() })
    batch.set(carts.doc('bob'), { deep: { at: FieldValue.serverTimestamp() } })
    const [result] = await batch.commit()
    const at: Timestamp = (await carts.doc('alice').get()).get('at')
    expect((await carts.doc('bob').get()).get('deep.at').isEqual(at)).toBe(true)
    expect(at.toMillis()).toBe(result?.writeTime.toMillis())
    expect(at.nanoseconds % 1_000_000).toBe(0)
  })
})

describe('transactions', () => {
  test('20 concurrent transactions on one document lose no update', async () => {
    const counter = carts.doc('counter')
    await counter.set({ n: 0 })
    await Promise.all(
      Array.from({ length: 20 }, () =>
        firestore.runTransaction(
          async transaction => {
            const n: number = (await transaction.get(counter)).get('n')
            transaction.update(counter, { n: n + 1 })
          },
          { maxAttempts: 40 },
        ),
      ),
    )
    expect(await contentOf(counter)).toEqual({ n: 20 })
  })

  test('a document that changed after it was read aborts the commit, and the client runs it again', async () => {
    const alice = carts.doc('alice')
    await alice.set({ n: 1 })
    const seen: number[] = []
    await firestore.runTransaction(async transaction => {
      const n: number = (await transaction.get(alice)).get('n')
      seen.push(n)
      if (seen.length === 1) await alice.set({ n: 100 })
      transaction.set(carts.doc('copy'), { n })
    })
    expect(seen).toEqual([1, 100])
    expect(await contentOf(carts.doc('copy'))).toEqual({ n: 100 })
  })

  test('so do a document that appeared and one that was deleted', async () => {
    let attempts = 0
    await carts.doc('old').set({})
    const found = await firestore.runTransaction(async transaction => {
      attempts += 1
      const documents = await transaction.getAll(carts.doc('new'), carts.doc('old'))
      if (attempts === 1) await carts.doc('new').create({})
      if (attempts === 2) await carts.doc('old').delete()
      transaction.set(carts.doc('mark'), { attempts })
      return documents.map(document => document.exists)
    })
    expect(attempts).toBe(3)
    expect(found).toEqual([true, false])
  })

  test('so does a query whose result another document joined', async () => {
    const counts: number[] = []
    await firestore.runTransaction(async transaction => {
      const open = await transaction.get(carts.where('open', '==', true))
      counts.push(open.size)
      if (counts.length === 1) await carts.doc('late').set({ open: true })
      transaction.set(carts.doc('summary'), { open: open.size })
    })
    expect(counts).toEqual([0, 1])
  })

  test('and a query in whose result a document changed', async () => {
    await carts.doc('order').set({ open: true, total: 1 })
    const totals: number[] = []
    await firestore.runTransaction(async transaction => {
      const open = await transaction.get(carts.where('open', '==', true))
      totals.push(open.docs[0]?.get('total'))
      if (totals.length === 1) await carts.doc('order').update({ total: 2 })
      transaction.set(carts.doc('summary'), { total: totals.at(-1) })
    })
    expect(totals).toEqual([1, 2])
  })

  test('all reads of a transaction see the same moment', async () => {
    await Promise.all([carts.doc('a').set({ n: 1 }), carts.doc('b').set({ n: 1 }), carts.doc('gone').set({ n: 1 })])
    const seen = await firestore.runTransaction(
      async transaction => {
        const a = await transaction.get(carts.doc('a'))
        const batch = firestore.batch()
        batch.set(carts.doc('a'), { n: 2 })
        batch.set(carts.doc('b'), { n: 2 })
        batch.delete(carts.doc('gone'))
        batch.set(carts.doc('new'), { n: 2 })
        await batch.commit()
        const b = await transaction.get(carts.doc('b'))
        const ones = await transaction.get(carts.where('n', '==', 1))
        return [a.get('n'), b.get('n'), ...idsOf(ones)]
      },
      { readOnly: true },
    )
    expect(seen).toEqual([1, 1, 'a', 'b', 'gone'])
  })

  test('a read-only transaction can look at a time in the past', async () => {
    const alice = carts.doc('alice')
    const first = await alice.set({ n: 1 })
    await alice.set({ n: 2 })
    const past = await firestore.runTransaction(transaction => transaction.get(alice), {
      readOnly: true,
      readTime: first.writeTime,
    })
    expect(past.data()).toEqual({ n: 1 })
  })

  test('a transaction sees its moment however long it takes, until it expires', async () => {
    const ownServer = await startFirestoreServer()
    const client = clientOf(ownServer.host)
    const counter = client.doc('counters/one')
    const name = `projects/local/databases/(default)/documents/${counter.path}`
    await counter.set({ n: 1 })
    const { transaction } = z
      .object({ transaction: z.instanceof(Buffer) })
      .parse(await callOnce(ownServer.host, 'BeginTransaction', {}))
    const start = Date.now()
    vi.useFakeTimers({ toFake: ['Date'] })
    try {
      for (const afterMs of [20_000, 70_000, 120_000]) {
        vi.setSystemTime(start + afterMs)
        await counter.set({ n: afterMs })
        const seen = await callOnce(ownServer.host, 'GetDocument', { name, transaction })
        expect(seen).toMatchObject({ fields: { n: { integerValue: '1' } } })
      }
      vi.setSystemTime(start + 181_000)
      await expect(callOnce(ownServer.host, 'GetDocument', { name, transaction })).rejects.toThrow(
        /transaction has expired/,
      )
    } finally {
      vi.useRealTimers()
    }
    const late = (await counter.get()).updateTime
    const afterStepBack = await counter.set({ n: 2 })
    expect(late && microsOf(afterStepBack.writeTime) > microsOf(late)).toBe(true)
    await client.terminate()
    await ownServer.stop()
  })

  test('a transaction that only writes needs no read, and a failing one leaves nothing', async () => {
    await firestore.runTransaction(async transaction => {
      transaction.set(carts.doc('alice'), { n: 1 })
    })
    const failing = firestore.runTransaction(async transaction => {
      await transaction.get(carts.doc('alice'))
      transaction.set(carts.doc('alice'), { n: 2 })
      throw new Error('changed my mind')
    })
    await expect(failing).rejects.toThrow('changed my mind')
    expect(await contentOf(carts.doc('alice'))).toEqual({ n: 1 })
  })

  test('a read of several documents never sees half of a commit', async () => {
    const [a, b] = [carts.doc('a'), carts.doc('b')]
    const writeBoth = (n: number) => firestore.batch().set(a, { n }).set(b, { n }).commit()
    await writeBoth(0)
    const reads = Array.from({ length: 30 }, () => firestore.getAll(a, b))
    await Promise.all(Array.from({ length: 30 }, (_, n) => writeBoth(n)))
    for (const documents of await Promise.all(reads))
      expect(new Set(documents.map(document => document.get('n'))).size).toBe(1)
  })
})

describe('queries', () => {
  beforeEach(async () => {
    const batch = firestore.batch()
    batch.set(carts.doc('a'), { n: 1, tags: ['x'], size: 'S' })
    batch.set(carts.doc('b'), { n: 2, tags: ['x', 'y'], size: 'M' })
    batch.set(carts.doc('c'), { n: 2.5, tags: ['y'], size: null })
    batch.set(carts.doc('d'), { n: 10, size: 'S' })
    batch.set(carts.doc('e'), { n: '2', size: Number.NaN })
    batch.set(carts.doc('f'), { other: true })
    await batch.commit()
  })

  const rows: readonly { readonly name: string; readonly ids: string; query(): FirebaseFirestore.Query }[] = [
    { name: 'equal, integer and double alike', ids: 'b', query: () => carts.where('n', '==', 2.0) },
    { name: 'less: numbers only', ids: 'ab', query: () => carts.where('n', '<', 2.5) },
    { name: 'range, ordered by the field', ids: 'bcd', query: () => carts.where('n', '>=', 2).where('n', '<=', 10) },
    { name: 'not equal: neither null nor missing', ids: 'eb', query: () => carts.where('size', '!=', 'S') },
    { name: 'not in', ids: 'eb', query: () => carts.where('size', 'not-in', ['S', 'L']) },
    { name: 'in', ids: 'abd', query: () => carts.where('size', 'in', ['S', 'M']) },
    { name: 'is null', ids: 'c', query: () => carts.where('size', '==', null) },
    { name: 'is not null', ids: 'ebad', query: () => carts.where('size', '!=', null).orderBy('size').orderBy('n') },
    { name: 'is NaN', ids: 'e', query: () => carts.where('size', '==', Number.NaN) },
    { name: 'array contains', ids: 'ab', query: () => carts.where('tags', 'array-contains', 'x') },
    { name: 'array contains any', ids: 'abc', query: () => carts.where('tags', 'array-contains-any', ['x', 'y']) },
    {
      name: 'or',
      ids: 'acd',
      query: () => carts.where(Filter.or(Filter.where('size', '==', 'S'), Filter.where('size', '==', null))),
    },
    { name: 'order by: documents without the field are left out', ids: 'abcde', query: () => carts.orderBy('n') },
    { name: 'descending', ids: 'edcba', query: () => carts.orderBy('n', 'desc') },
    {
      name: 'two orders',
      ids: 'bda',
      query: () => carts.where('size', 'in', ['S', 'M']).orderBy('size').orderBy('n', 'desc'),
    },
    { name: 'limit and offset', ids: 'cd', query: () => carts.orderBy('n').offset(2).limit(2) },
    { name: 'limit to last', ids: 'de', query: () => carts.orderBy('n').limitToLast(2) },
    { name: 'start at, end before', ids: 'bc', query: () => carts.orderBy('n').startAt(2).endBefore(10) },
    { name: 'start after, end at', ids: 'cd', query: () => carts.orderBy('n').startAfter(2).endAt(10) },
    {
      name: 'cursor on two orders',
      ids: 'da',
      query: () => carts.orderBy('size').orderBy('n', 'desc').startAt('S', 10),
    },
    { name: 'by name', ids: 'cd', query: () => carts.where(FieldPath.documentId(), '>', 'b').limit(2) },
    { name: 'names in', ids: 'af', query: () => carts.where(FieldPath.documentId(), 'in', ['f', 'a', 'z']) },
  ]
  test.each(rows)('$name', async ({ ids, query }) => {
    expect(idsOf(await query().get()).join('')).toBe(ids)
  })

  test('pages by document cursors visit every document once', async () => {
    const visited: string[] = []
    let page = await carts.orderBy('size').limit(2).get()
    while (!page.empty) {
      visited.push(...idsOf(page))
      const last = page.docs.at(-1)
      if (!last) break
      page = await carts.orderBy('size').startAfter(last).limit(2).get()
    }
    expect(visited.join('')).toBe('cebad')
  })

  test('values of all types have one order', async () => {
    const mixed = firestore.collection(`${carts.path}-mixed`)
    const inOrder = [
      null,
      false,
      true,
      Number.NaN,
      -1.5,
      0,
      3,
      new Timestamp(5, 0),
      '\uffff',
      '\u{1f6d2}',
      Buffer.from([1]),
      mixed.doc('x'),
      new GeoPoint(1, 1),
      [1],
      [1, 0],
      [2],
      FieldValue.vector([9]),
      FieldValue.vector([1, 1]),
      { a: 1 },
      { a: 1, b: 0 },
      { b: 0 },
    ]
    await Promise.all(inOrder.map((v, index) => mixed.doc(String(index).padStart(2, '0')).set({ v })))
    const ids = inOrder.map((_, index) => String(index).padStart(2, '0'))
    expect(idsOf(await mixed.orderBy('v').get())).toEqual(ids)
  })

  test('select gives only the named fields', async () => {
    const [document] = (await carts.where('n', '==', 1).select('size').get()).docs
    expect(document?.data()).toEqual({ size: 'S' })
    const [masked] = await firestore.getAll(carts.doc('a'), { fieldMask: ['n'] })
    expect(masked?.data()).toEqual({ n: 1 })
  })

  test('count, sum and average', async () => {
    const aggregates = {
      count: AggregateField.count(),
      sum: AggregateField.sum('n'),
      mean: AggregateField.average('n'),
    }
    expect((await carts.aggregate(aggregates).get()).data()).toEqual({ count: 6, sum: 15.5, mean: 3.875 })
    const none = carts.where('n', '>', 100).aggregate(aggregates)
    expect((await none.get()).data()).toEqual({ count: 0, sum: 0, mean: null })
    expect((await carts.limit(4).count().get()).data().count).toBe(4)
  })

  test('a collection group finds documents under every parent', async () => {
    const group = `items-${collectionCount}`
    await carts.doc('a').collection(group).doc('one').set({ n: 1 })
    await carts.doc('missing').collection(group).doc('two').set({ n: 2 })
    await firestore.collection(group).doc('three').set({ n: 3 })
    expect(idsOf(await firestore.collectionGroup(group).orderBy('n', 'desc').get())).toEqual(['three', 'two', 'one'])
    expect(idsOf(await carts.doc('a').collection(group).get())).toEqual(['one'])
    expect((await carts.doc('a').listCollections()).map(collection => collection.id)).toEqual([group])
    expect((await carts.listDocuments()).map(document => document.id)).toEqual([
      'a',
      'b',
      'c',
      'd',
      'e',
      'f',
      'missing',
    ])
    await firestore.recursiveDelete(carts)
    expect(idsOf(await firestore.collectionGroup(group).get())).toEqual(['three'])
  })

  test('long lists of documents come in pages', async () => {
    const many = firestore.collection(`${carts.path}-many`)
    const writer = firestore.bulkWriter()
    const ids = Array.from({ length: 650 }, (_, n) => String(n).padStart(4, '0'))
    for (const id of ids) void writer.set(many.doc(id), {})
    await writer.close()
    expect((await many.listDocuments()).map(document => document.id)).toEqual(ids)
  })

  test('more than 30 choices are refused, as in the cloud', async () => {
    const choices = Array.from({ length: 31 }, (_, n) => n)
    const refusal = await new Promise((resolve, reject) => {
      carts.where('n', 'in', choices).onSnapshot(() => reject(new Error('was accepted')), resolve)
    })
    expect(String(refusal)).toMatch(/Error 3: .*up to 30/)
  })
})

describe('events of writes', () => {
  test('carry the document before and after', async () => {
    const alice = carts.doc('alice')
    const name = `projects/local/databases/(default)/documents/${alice.path}`
    await alice.set({ n: 1 })
    await alice.update({ n: 2 })
    const { updateTime } = await alice.get()
    await alice.delete()
    const integer = (value: string) => ({ valueType: 'integerValue', integerValue: value })
    expect(writes).toMatchObject([
      { name, before: undefined, after: { name, fields: { n: integer('1') } } },
      { name, before: { fields: { n: integer('1') } }, after: { fields: { n: integer('2') } } },
      { name, before: { fields: { n: integer('2') } }, after: undefined },
    ])
    const [created, updated] = writes
    expect(updated?.before).toEqual(created?.after)
    expect(updated?.after?.createTime).toEqual(created?.commitTime)
    expect(updated?.commitTime).toEqual({ seconds: String(updateTime?.seconds), nanos: updateTime?.nanoseconds })
  })

  test('a write that changes nothing moves no updateTime and emits no event', async () => {
    const alice = carts.doc('alice')
    const content = { n: 1, map: { b: [1, null, Number.NaN], a: Buffer.from('x') }, at: new Timestamp(7, 8000) }
    const first = await alice.set(content)
    writes = []
    const again = await alice.set({
      at: new Timestamp(7, 8000),
      map: { a: Buffer.from('x'), b: [1, null, Number.NaN] },
      n: 1,
    })
    await alice.update({ n: 1, absent: FieldValue.delete() })
    await alice.update({ n: FieldValue.increment(0) })
    await carts.doc('nobody').delete()
    expect(again.writeTime.isEqual(first.writeTime)).toBe(true)
    expect((await alice.get()).updateTime?.isEqual(first.writeTime)).toBe(true)
    expect(writes).toEqual([])
    await alice.update({ n: 2 }, { lastUpdateTime: first.writeTime })
    expect(writes).toHaveLength(1)
  })

  test('a number that changes its type is a change', async () => {
    await carts.doc('alice').set({ n: 1 })
    await carts.doc('alice').update({ n: FieldValue.increment(0.5) })
    await carts.doc('alice').update({ n: FieldValue.increment(0.5) })
    writes = []
    await carts.doc('alice').set({ n: 2 })
    expect(writes).toMatchObject([
      { before: { fields: { n: { doubleValue: 2 } } }, after: { fields: { n: { integerValue: '2' } } } },
    ])
  })
})

describe('listeners', () => {
  test('are told what was added, changed and removed, and nothing else', async () => {
    const changes: string[] = []
    const stop = carts.where('open', '==', true).onSnapshot(snapshot => {
      for (const change of snapshot.docChanges()) changes.push(`${change.type} ${change.doc.id}`)
      changes.push(`size ${snapshot.size}`)
    })
    await vi.waitFor(() => expect(changes).toEqual(['size 0']))
    await carts.doc('a').set({ open: true })
    await carts.doc('hidden').set({ open: false })
    await vi.waitFor(() => expect(changes.at(-1)).toBe('size 1'))
    await firestore.batch().set(carts.doc('b'), { open: true }).update(carts.doc('a'), { n: 1 }).commit()
    await vi.waitFor(() => expect(changes.at(-1)).toBe('size 2'))
    await carts.doc('a').update({ open: false })
    await vi.waitFor(() => expect(changes.at(-1)).toBe('size 1'))
    await carts.doc('b').delete()
    await vi.waitFor(() => expect(changes.at(-1)).toBe('size 0'))
    stop()
    expect(changes.filter(change => !change.startsWith('size'))).toEqual([
      'added a',
      'added b',
      'modified a',
      'removed a',
      'removed b',
    ])
  })

  test('of one document see it come and go', async () => {
    const seen: unknown[] = []
    const stop = carts.doc('alice').onSnapshot(snapshot => seen.push(snapshot.data()))
    await vi.waitFor(() => expect(seen).toEqual([undefined]))
    await carts.doc('alice').set({ n: 1 })
    await vi.waitFor(() => expect(seen).toHaveLength(2))
    await carts.doc('alice').delete()
    await vi.waitFor(() => expect(seen).toHaveLength(3))
    stop()
    expect(seen).toEqual([undefined, { n: 1 }, undefined])
  })

  test('with a limit, the next document moves up', async () => {
    await Promise.all([1, 2, 3].map(n => carts.doc(`d${n}`).set({ n })))
    const seen: string[] = []
    const stop = carts
      .orderBy('n')
      .limit(2)
      .onSnapshot(snapshot => seen.push(idsOf(snapshot).join()))
    await vi.waitFor(() => expect(seen).toEqual(['d1,d2']))
    await carts.doc('d1').delete()
    await vi.waitFor(() => expect(seen).toEqual(['d1,d2', 'd2,d3']))
    stop()
  })
})

describe('outages', () => {
  afterEach(() => server.refuse(undefined))

  test.each([
    { outage: 'RESOURCE_EXHAUSTED', expected: code.exhausted },
    { outage: 'UNAVAILABLE', expected: code.unavailable },
  ] as const)('every call answers $outage until told otherwise', async ({ outage, expected }) => {
    const alice = carts.doc('alice')
    await alice.set({ n: 1 })
    const database = 'projects/local/databases/(default)'
    const name = `${database}/documents/${alice.path}`
    const parent = `${database}/documents`
    writes = []
    server.refuse(outage)
    for (const [method, request] of [
      ['Commit', { database, writes: [{ delete: name }] }],
      ['BatchWrite', { database, writes: [{ delete: name }] }],
      ['BeginTransaction', { database }],
      ['GetDocument', { name }],
      ['BatchGetDocuments', { database, documents: [name] }],
      ['RunQuery', { parent, structuredQuery: { from: [{ collectionId: carts.id }] } }],
      ['ListDocuments', { parent, collectionId: carts.id }],
    ] as const)
      await expect(callOnce(server.host, method, request), method).rejects.toMatchObject({ code: expected })
    server.refuse(undefined)
    expect(await contentOf(alice)).toEqual({ n: 1 })
    expect(writes).toEqual([])
  })

  test('the standard client waits a short outage out', async () => {
    server.refuse('UNAVAILABLE')
    const writing = carts.doc('alice').set({ n: 1 })
    setTimeout(() => server.refuse(undefined), 300)
    await writing
    expect(await contentOf(carts.doc('alice'))).toEqual({ n: 1 })
  })

  test('open listeners are cut', async () => {
    const listen = firestoreServiceDefinition().Listen
    if (!listen) throw new Error('no method Listen')
    const client = new Client(server.host, credentials.createInsecure())
    const { path, requestSerialize, responseDeserialize } = listen
    const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize)
    const documents = [`projects/local/databases/(default)/documents/${carts.path}/alice`]
    call.write({ addTarget: { targetId: 1, documents: { documents } } })
    await new Promise(resolve => call.once('data', resolve))
    const cut = new Promise(resolve => call.on('error', resolve))
    server.refuse('UNAVAILABLE')
    expect(await cut).toMatchObject({ code: code.unavailable })
    client.close()
  })

  test('a listener that was cut catches up without repeating what it knew', async () => {
    await Promise.all(['kept', 'changed', 'deleted'].map(id => carts.doc(id).set({ n: 1 })))
    const changes: string[] = []
    const stop = carts.onSnapshot(snapshot => {
      for (const change of snapshot.docChanges()) changes.push(`${change.type} ${change.doc.id}`)
    })
    await vi.waitFor(() => expect(changes).toHaveLength(3))
    server.refuse('UNAVAILABLE')
    server.refuse(undefined)
    changes.length = 0
    await firestore.batch().update(carts.doc('changed'), { n: 2 }).delete(carts.doc('deleted')).commit()
    await vi.waitFor(() => expect(changes).toEqual(['removed deleted', 'modified changed']), 10_000)
    stop()
  })

  test('stop frees the port at once', async () => {
    const first = await startFirestoreServer()
    const client = clientOf(first.host)
    await client.doc('carts/alice').set({ n: 1 })
    await first.stop()
    const second = await startFirestoreServer({ port: Number(first.host.split(':')[1]) })
    expect(second.host).toBe(first.host)
    expect((await client.doc('carts/alice').get()).exists).toBe(false)
    await client.terminate()
    await second.stop()
  })
})
