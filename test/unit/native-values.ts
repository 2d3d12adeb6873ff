/** Documents in each store's own type system: made at random, written as text, and read and written by the adapters. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { DocumentReference, FieldValue, Firestore, GeoPoint, Timestamp, VectorValue } from '@google-cloud/firestore'
import Big from 'big.js'
import fc from 'fast-check'
import { documentToItem, itemToDocument } from '../../functions/aws/values.ts'
import { documentFromItem, itemFromDocument } from '../../functions/azure/values.ts'
import type { NativeValue } from '../../functions/gcp/tagged-values.ts'
import { portableDocument, storableDocument } from '../../functions/gcp/values.ts'
import { defineSync, register } from '../../shared/declare/index.ts'
import { type Document, type Json, setField } from '../../shared/document/json.ts'

export const plan = defineSync({
  sites: {
    'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
    'gcp-us-central1': { cloud: 'gcp', region: 'us-central1' },
    'azure-eastus': { cloud: 'azure', region: 'eastus' },
  },
  data: { things: { key: ['thing_id'], merge: register() } },
})
const [type] = plan.types
if (!type) throw new Error('the plan has a type')
export const ref = { type: 'things', key: ['it'] }
/** Makes references; never connected. */
export const firestore = new Firestore({ projectId: 'local', useBigInt: true })

/** A store's fields by their names, without the key, as its client has them. */
export type Fields<Value> = Readonly<Record<string, Value>>

export interface Store<Value> {
  readonly name: string
  toPortable(fields: Fields<Value>): Document
  fromPortable(document: Document): Fields<Value>
  /** One text for one value of one type. */
  write(value: Value): string
  readonly fields: fc.Arbitrary<Fields<Value>>
}

const keyName = 'thing_id'
function withoutKey<Value>({ [keyName]: _key, ...fields }: Record<string, Value>): Fields<Value> {
  return fields
}

/** Built like documents: a field may be named `__proto__`. */
function record<Value>(entries: readonly (readonly [string, Value])[]): Record<string, Value> {
  const object: Record<string, Value> = {}
  for (const [name, value] of entries) setField(object, name, value)
  return object
}

const wellFormed = fc.string({ unit: 'binary', maxLength: 6 })
const tagNames = ['$number', '$bytes', '$set', '$numberSet', '$bytesSet', '$timestamp', '$geopoint', '$reference']
const oddNames = [
  '$map',
  '$array',
  '$vector',
  '$',
  '$empty',
  '$$empty',
  'empty',
  'id',
  '$id',
  '$$id',
  '_ts',
  'a.b',
  '`',
  '__x__',
]
const names = fc.oneof(
  wellFormed.filter(name => name !== ''),
  fc.constantFrom(...tagNames, ...oddNames, '$__x__', '$__proto__', 'constructor', '_etag', '$_etag', 'ž🐎'),
)
/** What stands in tags, canonical and nearly so. */
const tagTexts = fc.constantFrom(
  ...[
    '1',
    '1.50',
    '1e+300',
    '12345678901234567890',
    '0.1',
    'NaN',
    '-0',
    'AQID',
    'AQI=',
    'AQJ=',
    '',
    'a/b',
    'a/b/c',
    '//',
  ],
  ...['2026-11-20T10:00:00Z', '2026-11-20T10:00:00.123456Z', '2026-11-20T10:00:00.123456789Z', '2026-02-30T10:00:00Z'],
)

function fieldsOf<Value>(value: fc.Arbitrary<Value>, name: fc.Arbitrary<string>): fc.Arbitrary<Record<string, Value>> {
  return fc
    .uniqueArray(fc.tuple(name, value), { maxLength: 4, selector: ([field]) => field })
    .map(entries => record(entries))
}

/** Maps with one field that is named like a tag. */
function likeTags<Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Record<string, Value>> {
  return fc.tuple(fc.constantFrom(...tagNames, '$map', '$vector', '$array'), value).map(entry => record([entry]))
}

const decimal = fc
  .tuple(fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }), fc.integer({ min: -90, max: 80 }))
  .map(([digits, exponent]) => new Big(`${digits}e${exponent}`).toString())
const decimals = fc.oneof(
  decimal,
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String),
  fc.integer().map(String),
  fc.constantFrom('0', '9007199254740993', '1152921504606846976', '1152921504606847000', '1e+125', '1e-130', '0.1'),
)
const bytes = fc.uint8Array({ maxLength: 9 }).map(array => Buffer.from(array))

const attributes = fc.letrec<{ value: AttributeValue }>(again => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    wellFormed.map((S): AttributeValue => ({ S })),
    tagTexts.map((S): AttributeValue => ({ S })),
    decimals.map((N): AttributeValue => ({ N })),
    bytes.map((B): AttributeValue => ({ B })),
    fc.boolean().map((BOOL): AttributeValue => ({ BOOL })),
    fc.constant<AttributeValue>({ NULL: true }),
    fc
      .uniqueArray(
        wellFormed.filter(text => text !== ''),
        { minLength: 1, maxLength: 4 },
      )
      .map((SS): AttributeValue => ({ SS })),
    fc.uniqueArray(decimals, { minLength: 1, maxLength: 4 }).map((NS): AttributeValue => ({ NS })),
    fc
      .uniqueArray(
        bytes.filter(({ length }) => length > 0),
        { minLength: 1, maxLength: 4, selector: String },
      )
      .filter(all => new Set(all.map(one => one.toString('base64'))).size === all.length)
      .map((BS): AttributeValue => ({ BS })),
    fc.array(again('value'), { maxLength: 4 }).map((L): AttributeValue => ({ L })),
    likeTags(tagTexts.map(S => ({ S }))).map((M): AttributeValue => ({ M })),
    likeTags(again('value')).map((M): AttributeValue => ({ M })),
    // Only at the top of an item does the SDK lose the value of an attribute of this name.
    fieldsOf(again('value'), fc.oneof(names, fc.constant('__proto__'))).map((M): AttributeValue => ({ M })),
  ),
})).value

export const dynamoDb: Store<AttributeValue> = {
  name: 'DynamoDB',
  toPortable: item => itemToDocument(ref, type, { ...item, [keyName]: { S: 'it' } }),
  fromPortable: document => withoutKey(documentToItem(ref, type, document)),
  write: writeAttribute,
  fields: fieldsOf(attributes, names),
}

function writeAttribute(value: AttributeValue): string {
  if (value.N !== undefined) return JSON.stringify({ N: new Big(value.N).toString() })
  if (value.B) return JSON.stringify({ B: Buffer.from(value.B).toString('base64') })
  if (value.SS) return JSON.stringify({ SS: [...value.SS].sort() })
  if (value.NS) return JSON.stringify({ NS: value.NS.map(text => new Big(text)).sort((a, b) => a.cmp(b)) })
  if (value.BS) return JSON.stringify({ BS: value.BS.map(one => Buffer.from(one).toString('base64')).sort() })
  if (value.L) return `{"L":[${value.L.map(writeAttribute).join(',')}]}`
  if (value.M) return `{"M":${writeFields(value.M, writeAttribute)}}`
  return JSON.stringify(value)
}

export function writeFields<Value>(fields: Fields<Value>, write: (value: Value) => string): string {
  const entries = Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${write(value)}`).join(',')}}`
}

const microseconds = fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n })
function timestamp(micros: bigint): Timestamp {
  const rest = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n
  return new Timestamp(Number((micros - rest) / 1_000_000n), Number(rest) * 1000)
}

const firestoreNames = names.filter(name => !/^__.*__$/s.test(name))
const natives = fc.letrec<{ value: NativeValue; inList: NativeValue }>(again => ({
  inList: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(wellFormed, tagTexts),
    fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.maxSafeInteger().map(BigInt)),
    fc.double(),
    fc.oneof(fc.boolean(), fc.constant(null)),
    bytes,
    microseconds.map(timestamp),
    fc
      .tuple(fc.double({ min: -90, max: 90, noNaN: true }), fc.double({ min: -180, max: 180, noNaN: true }))
      .map(([latitude, longitude]) => new GeoPoint(latitude, longitude)),
    fc.constantFrom('carts/alice', 'a/b/c/d', 'x/ž 🐎').map(path => firestore.doc(path)),
    fc.array(fc.double(), { maxLength: 4 }).map(values => FieldValue.vector(values)),
    likeTags(again('value')),
    likeTags(tagTexts),
    likeTags(fc.array(fc.constantFrom('a', 'b', 'AQID'), { maxLength: 3 })),
    fieldsOf(again('value'), firestoreNames),
  ),
  value: fc.oneof(again('inList'), fc.array(again('inList'), { maxLength: 4 })),
})).value

export const firestoreStore: Store<NativeValue> = {
  name: 'Firestore',
  toPortable: data => portableDocument(ref, type, { ...data, [keyName]: 'it' }),
  fromPortable: document => withoutKey(storableDocument(ref, type, document, firestore)),
  write: writeNative,
  fields: fieldsOf(natives, firestoreNames),
}

/** A whole number is an integer, whether the client has it as one or as a double: Firestore holds the two as equal. */
function writeNative(value: NativeValue): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value)
  if (typeof value === 'bigint') return `integer ${value}`
  if (typeof value === 'number') return writeNumber(value)
  if (value instanceof Timestamp) {
    const second = new Date(value.seconds * 1000).toISOString().slice(0, 19)
    return `timestamp ${second}.${String(value.nanoseconds).padStart(9, '0')}Z`
  }
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('base64')}`
  if (value instanceof GeoPoint) return `geopoint ${value.latitude + 0}, ${value.longitude + 0}`
  if (value instanceof DocumentReference) return `reference ${value.path}`
  if (value instanceof VectorValue) return `vector [${value.toArray().map(number => number + 0)}]`
  if (Array.isArray(value)) return `[${value.map(writeNative).join(',')}]`
  return writeFields(value, writeNative)
}

function writeNumber(value: number): string {
  const isInteger = Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63
  return isInteger ? `integer ${BigInt(value)}` : `double ${value}`
}

const json = fc.letrec<{ value: Json }>(again => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(wellFormed, tagTexts),
    fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.maxSafeInteger()).map(number => number + 0),
    fc.oneof(fc.boolean(), fc.constant(null)),
    fc.array(again('value'), { maxLength: 4 }),
    likeTags(again('value')),
    likeTags(tagTexts),
    likeTags(fc.array(fc.constantFrom<Json>('a', 'b', 'AQID', 1, 2, ''), { maxLength: 3 })),
    fieldsOf(again('value'), fc.oneof(names, fc.constantFrom('', '__proto__'))),
  ),
})).value
/** At the top these are Cosmos' own. */
const cosmosOwn = ['id', '_ts', '_etag']

export const cosmos: Store<Json> = {
  name: 'Cosmos',
  toPortable: item => documentFromItem(ref, type, { ...item, [keyName]: 'it', id: 'it' }).document,
  fromPortable(document) {
    const { id: _id, ...fields } = withoutKey(itemFromDocument(ref, type, document))
    return fields
  },
  write: value => JSON.stringify(sorted(value)),
  fields: fieldsOf(
    json,
    fc.oneof(names, fc.constantFrom('', '__proto__')).filter(name => !cosmosOwn.includes(name)),
  ),
}

function sorted(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(sorted)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return record(entries.map(([name, inner]) => [name, sorted(inner)] as const))
}
