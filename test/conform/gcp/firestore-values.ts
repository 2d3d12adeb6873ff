/** What Firestore keeps, and what it refuses to keep. */
import { FieldPath, GeoPoint, Timestamp } from '@google-cloud/firestore'
import type { Behaviour } from '../behaviour.ts'
import { equal, refused } from '../expectations.ts'
import { grpcStatus } from './access.ts'
import type { FirestoreTarget } from './firestore.ts'

const documentBytesMax = 1_048_576
const idBytesMax = 1500

type RawValue = NonNullable<
  NonNullable<Parameters<FirestoreTarget['raw']['createDocument']>[0]['document']>['fields']
>[string]

/** One document with one field, as the protocol writes it: the client would refuse or change it. */
async function writeRaw({ raw, database, collection }: FirestoreTarget, id: string, value: RawValue): Promise<string> {
  const name = `${database}/documents/${collection().id}/${id}`
  await raw.commit({ database, writes: [{ update: { name, fields: { value } } }] })
  return name
}

export const firestoreValues: readonly Behaviour<FirestoreTarget>[] = [
  {
    name: 'every type of value: text, null, boolean, bytes, map, array with maps, geopoint, timestamp, reference',
    expected: 'comes back as it was written, timestamps to the microsecond',
    why: 'a document survives the journey to another store and back',
    async run({ collection }) {
      const documents = collection()
      const content = {
        text: 'Grüße 🛒',
        empty: '',
        nothing: null,
        yes: true,
        bytes: Buffer.from([0, 255, 128]),
        noBytes: Buffer.alloc(0),
        place: new GeoPoint(-90, 180),
        when: new Timestamp(1_700_000_000, 123_456_000),
        longAgo: new Timestamp(-62_135_596_800, 0),
        other: documents.doc('bob'),
        list: ['two', { three: [] }, null],
        map: { 'sku-1': { 'a.b': 'x' }, empty: {} },
      }
      await documents.doc('alice').set(content)
      const stored = (await documents.doc('alice').get()).data() ?? {}
      const { other, ...rest } = content
      equal({ ...stored, other: undefined }, { ...rest, other: undefined }, 'stored')
      equal((await documents.doc('alice').get()).get('other').path, other.path, 'the reference')
    },
  },
  {
    name: 'nanoseconds of a timestamp',
    expected: 'cut to microseconds, never rounded up',
    why: 'the table of values says what is kept, and it is so',
    async run({ collection }) {
      const document = collection().doc('alice')
      await document.set({ when: new Timestamp(1_700_000_000, 123_456_999) })
      const when: unknown = (await document.get()).get('when')
      equal(when instanceof Timestamp && when.nanoseconds, 123_456_000, 'nanoseconds')
    },
  },
  {
    name: 'integers at both ends of 64 bits, a double 2, NaN, infinities, -0',
    expected: 'come back with their type and value',
    why: 'an integer is not rounded to a double, a double does not become an integer',
    async run(target) {
      const values: readonly RawValue[] = [
        { integerValue: '9223372036854775807' },
        { integerValue: '-9223372036854775808' },
        { doubleValue: 2 },
        { doubleValue: Number.NaN },
        { doubleValue: Number.NEGATIVE_INFINITY },
        { doubleValue: -0 },
        { doubleValue: 5e-324 },
      ]
      const name = await writeRaw(target, 'numbers', { arrayValue: { values: [...values] } })
      const [document] = await target.raw.getDocument({ name })
      const stored = document.fields?.value?.arrayValue?.values?.map(value =>
        value.integerValue ? { integerValue: String(value.integerValue) } : { doubleValue: value.doubleValue },
      )
      equal(stored, values, 'stored')
    },
  },
  {
    name: 'an array in an array',
    expected: 'refused by the server with INVALID_ARGUMENT',
    why: 'such a value is carried in another form to Firestore sites',
    async run(target) {
      const nested: RawValue = { arrayValue: { values: [{ arrayValue: { values: [{ stringValue: 'x' }] } }] } }
      await refused(writeRaw(target, 'nested', nested), grpcStatus.invalidArgument)
    },
  },
  {
    name: 'maps 20 deep, and 21',
    expected: 'the first are stored, the others refused with INVALID_ARGUMENT',
    why: 'what nests deeper is refused by name before it travels',
    async run(target) {
      const nested = (depth: number): RawValue =>
        depth === 0 ? { stringValue: 'x' } : { mapValue: { fields: { m: nested(depth - 1) } } }
      await writeRaw(target, 'deep', nested(19))
      await refused(writeRaw(target, 'deeper', nested(21)), grpcStatus.invalidArgument)
    },
  },
  {
    name: 'a document of 1 MiB, and one byte more',
    expected: 'the first is stored, the second refused with INVALID_ARGUMENT and changes nothing',
    why: 'what is too large is refused by name, and what is stored stays',
    async run({ collection, database }) {
      const document = collection().doc('alice')
      const textMax = documentBytesMax - documentOverhead(document.path)
      // Two fields: a single one has a limit of its own, 89 bytes below.
      const content = (bytes: number) => ({ a: 'x'.repeat(500_000), b: 'x'.repeat(bytes - 500_000) })
      await document.set(content(textMax))
      await refused(document.set(content(textMax + 1)), grpcStatus.invalidArgument)
      equal(String((await document.get()).get('b')).length, textMax - 500_000, `characters in ${database}`)
    },
  },
  {
    name: 'document ids of 1,500 bytes, with spaces, quotes, #, ?, \\, %2F, emoji, a leading _',
    expected: 'kept as they are',
    why: "a record's key is the document's id",
    async run({ collection }) {
      const documents = collection()
      const ids = [
        'x'.repeat(idBytesMax),
        'a b',
        `"'\`[]*~`,
        '#?&=\\',
        '%2F',
        '🛒ü',
        '_id',
        '...',
        '__x',
        'x'.repeat(748) + 'ü'.repeat(376),
      ]
      for (const id of ids) await documents.doc(id).set({ id })
      for (const id of ids) equal((await documents.doc(id).get()).get('id'), id, 'id')
      equal((await documents.get()).docs.map(({ id }) => id).toSorted(), ids.toSorted(), 'listed')
    },
  },
  {
    name: 'document ids ".", "..", "__x__", of 1,501 bytes',
    expected: 'refused with INVALID_ARGUMENT',
    why: 'a key that a site cannot hold is refused by name before it travels',
    async run(target) {
      for (const id of ['.', '..', '__x__', 'x'.repeat(idBytesMax + 1)]) {
        await refused(writeRaw(target, id, { stringValue: 'x' }), grpcStatus.invalidArgument)
      }
    },
  },
  {
    name: 'field names with dots, quotes, emoji, a leading _, and __x__',
    expected: 'kept; __x__ is refused with INVALID_ARGUMENT',
    why: 'fields of other stores keep their names or are refused by name',
    async run(target) {
      const document = target.collection().doc('alice')
      const names = ['a.b', '`', 'quote"', '🛒', '_etag', 'id', '7up', ' ', 'constructor']
      await document.set(Object.fromEntries(names.map(name => [name, name])))
      const stored = await document.get()
      for (const name of names) equal(stored.get(new FieldPath(name)), name, 'field')
      const reserved: RawValue = { mapValue: { fields: { __x__: { stringValue: 'x' } } } }
      await refused(writeRaw(target, 'reserved', reserved), grpcStatus.invalidArgument)
    },
  },
]

/**
 * What a document with the fields a and b takes beside their characters: 16 for the name and its segments, 32 for the
 * document, each string with one byte more. https://firebase.google.com/docs/firestore/storage-size
 */
function documentOverhead(path: string): number {
  const segments = path.split('/').reduce((sum, segment) => sum + Buffer.byteLength(segment) + 1, 16)
  const fields = 2 * (2 + 1)
  return segments + 32 + fields
}
