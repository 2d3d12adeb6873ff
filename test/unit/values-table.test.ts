/** docs/values.md says of every type of every store how it travels and how it reads elsewhere: each row is held to it. */
import { readFileSync } from 'node:fs'
import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { FieldValue, GeoPoint, Timestamp } from '@google-cloud/firestore'
import { describe, expect, it } from 'vitest'
import type { NativeValue } from '../../functions/gcp/tagged-values.ts'
import { canonicalText } from '../../shared/document/canonical.ts'
import type { Document, Json } from '../../shared/document/json.ts'
import { taggedIn } from '../../shared/document/tagged.ts'
import { ValueRefused } from '../../shared/ports/index.ts'
import {
  cosmos,
  dynamoDb,
  type Fields,
  firestore,
  firestoreStore,
  ref,
  type Store,
  writeFields,
} from './native-values.ts'

const bytes = Buffer.from([1, 2, 3])

/** Documents by the names of their rows. One field `f` shows as its value alone. */
const dynamoDbRows: Readonly<Record<string, Fields<AttributeValue>>> = {
  'text, empty too': { f: { S: '' } },
  'number that a double holds': { f: { N: '19.90' } },
  'number of up to 38 digits': { f: { N: '12345678901234567890.123456789' } },
  'whole number beyond 2^53': { f: { N: '9007199254740993' } },
  binary: { f: { B: bytes } },
  'empty binary': { f: { B: Buffer.of() } },
  boolean: { f: { BOOL: true } },
  null: { f: { NULL: true } },
  'list, in lists too': { f: { L: [{ L: [{ N: '1' }] }] } },
  map: { f: { M: { a: { N: '1' } } } },
  'string set': { f: { SS: ['b', 'a'] } },
  'number set': { f: { NS: ['10', '9', '0.5'] } },
  'binary set': { f: { BS: [bytes, Buffer.of(0)] } },
  'map that reads like a set': { f: { M: { $set: { L: [{ S: 'a' }] } } } },
  'map that reads like bytes': { f: { M: { $bytes: { S: 'AQID' } } } },
  'map that reads like a timestamp': { f: { M: { $timestamp: { S: '2026-11-20T10:00:00Z' } } } },
  'attributes named as Cosmos names its own': { id: { S: 'x' }, _etag: { N: '1' }, $id: { S: 'y' } },
  'attributes named as Firestore reserves it': { __name__: { N: '1' } },
  'attributes with dots': { 'a.b': { N: '1' } },
  'attributes held for names that it cannot hold': { $empty: { N: '1' }, $__proto__: { N: '2' } },
}

const firestoreRows: Readonly<Record<string, Fields<NativeValue>>> = {
  string: { f: 'text' },
  'integer up to 2^53': { f: 5n },
  'integer of 64 bits': { f: 9007199254740993n },
  double: { f: 0.5 },
  'double that is whole': { f: 1e3 },
  'double of no other store': { f: 1e300 },
  NaN: { f: Number.NaN },
  infinities: { f: Number.NEGATIVE_INFINITY },
  '-0': { f: -0 },
  boolean: { f: false },
  null: { f: null },
  'timestamp, to the microsecond': { f: new Timestamp(1795168800, 123_456_000) },
  bytes: { f: bytes },
  geopoint: { f: new GeoPoint(50.0755, 14.4378) },
  'reference, within its database': { f: firestore.doc('carts/alice') },
  vector: { f: FieldValue.vector([0.5, 2]) },
  array: { f: [1n, 'two'] },
  'array in an array, as it is held': { f: [{ $array: [1n] }] },
  map: { f: { a: 1n } },
  'map that reads like bytes': { f: { $bytes: 'AQID' } },
  'map that reads like a set': { f: { $set: ['a', 'b'] } },
  'map that reads like a number of 38 digits': { f: { $number: '0.12345678901234567890123456789012345678' } },
  'map that reads like a timestamp with nanoseconds': { f: { $timestamp: '2026-11-20T10:00:00.123456789Z' } },
  'fields named as Cosmos names its own': { id: 'x', _etag: 1n, $id: 'y' },
  'fields held for reserved names': { $__name__: 1n, $empty: 2n },
}

const cosmosRows: Readonly<Record<string, Fields<Json>>> = {
  string: { f: 'text' },
  'number that every store holds': { f: 19.9 },
  'whole number up to 2^63': { f: 2 ** 60 },
  'number beyond 1e126 or below 1e-130': { f: 1e300 },
  boolean: { f: true },
  null: { f: null },
  'array, in arrays too': { f: [[1]] },
  object: { f: { a: 1 } },
  'tagged bytes': { f: { $bytes: 'AQID' } },
  'tagged set': { f: { $set: ['a', 'b'] } },
  'tagged number set': { f: { $numberSet: [0.5, 9, { $number: '12345678901234567890' }] } },
  'tagged binary set': { f: { $bytesSet: ['AA==', 'AQID'] } },
  'tagged set, not in order: an object': { f: { $set: ['b', 'a'] } },
  'tagged timestamp': { f: { $timestamp: '2026-11-20T10:00:00.123456Z' } },
  'tagged timestamp with nanoseconds': { f: { $timestamp: '2026-11-20T10:00:00.123456789Z' } },
  'tagged geopoint': { f: { $geopoint: [50.0755, 14.4378] } },
  'tagged reference': { f: { $reference: 'carts/alice' } },
  'tagged vector': { f: { $vector: [0.5, 2] } },
  'tagged number of a double: an object': { f: { $number: '5' } },
  'tagged number of 38 digits': { f: { $number: '0.12345678901234567890123456789012345678' } },
  'object that reads like a number of its own': { f: { $number: '1e+300' } },
  'properties held for names of its own': { $id: 'x', $_etag: 1, $$id: 'y' },
  'property without a name, and __proto__': JSON.parse('{"":1,"__proto__":2}'),
  'property ttl: when the item expires here': { ttl: 60 },
}

function cell<Value>(fields: Fields<Value>, write: (value: Value) => string): string {
  const [name, ...others] = Object.keys(fields)
  const only = name === 'f' && others.length === 0 ? fields.f : undefined
  return `\`${only === undefined ? writeFields(fields, write) : write(only)}\``
}

function held<Value>(store: Store<Value>, document: Document): string {
  try {
    return cell(store.fromPortable(document), store.write)
  } catch (error) {
    if (error instanceof ValueRefused) return `refused: ${error.reason}`
    throw error
  }
}

type Row = readonly string[]

function rowsOf<Home, One, Other>(
  samples: Readonly<Record<string, Fields<Home>>>,
  home: Store<Home>,
  one: Store<One>,
  other: Store<Other>,
): readonly Row[] {
  return Object.entries(samples).map(([name, fields]) => {
    const document = home.toPortable(fields)
    const travels = cell(document, canonicalText)
    return [name, cell(fields, home.write), travels, held(one, document), held(other, document)]
  })
}

/** The rows of the table below a heading. */
function rowsIn(text: string, heading: string): readonly Row[] {
  const [, section = ''] = text.split(`\n## ${heading}\n`)
  const [table = ''] = section.split('\n## ')
  const lines = table.split('\n').filter(line => line.startsWith('| '))
  return lines.slice(1).map(line => line.slice(2, -2).split(' | '))
}

const page = readFileSync(new URL('../../docs/values.md', import.meta.url), 'utf8')

describe.each([
  ['From DynamoDB', rowsOf(dynamoDbRows, dynamoDb, firestoreStore, cosmos)],
  ['From Firestore', rowsOf(firestoreRows, firestoreStore, dynamoDb, cosmos)],
  ['From Cosmos DB', rowsOf(cosmosRows, cosmos, dynamoDb, firestoreStore)],
])('%s', (heading, rows) => {
  const written = rowsIn(page, heading)

  it('the page has these rows and no others', () => {
    expect(written.map(([name]) => name)).toEqual(rows.map(([name]) => name))
  })

  it.each(rows.map(row => [row[0] ?? '', row] as const))('%s', (name, row) => {
    expect(written.find(([known]) => known === name)).toEqual(row)
  })
})

const fieldsIn = <Value>(samples: Readonly<Record<string, Fields<Value>>>) =>
  Object.values(samples).flatMap(fields => Object.values(fields))

describe('a type that a store and all its values are made of', () => {
  it('has a row: every kind of DynamoDB attribute', () => {
    const kinds = new Set(fieldsIn(dynamoDbRows).flatMap(Object.keys))
    expect([...kinds].sort()).toEqual(['B', 'BOOL', 'BS', 'L', 'M', 'N', 'NS', 'NULL', 'S', 'SS'])
  })

  // https://cloud.google.com/firestore/docs/reference/rest/v1/Value, and the vectors that it writes as maps.
  it('has a row: every kind of Firestore value', () => {
    const kinds = new Set(
      fieldsIn(firestoreRows).map(value => /^(\w+) |^[[{"]|/.exec(firestoreStore.write(value))?.[0]),
    )
    expect(kinds).toEqual(
      new Set([
        ...['', '"', '[', '{'],
        ...['integer ', 'double ', 'timestamp ', 'bytes ', 'geopoint ', 'reference ', 'vector '],
      ]),
    )
    expect(fieldsIn(firestoreRows)).toEqual(expect.arrayContaining([null, false]))
  })

  it('has a row: every kind of JSON, and every tagged value, from Cosmos DB', () => {
    const kinds = new Set(fieldsIn(cosmosRows).map(value => (value === null ? 'null' : typeof value)))
    expect([...kinds].sort()).toEqual(['boolean', 'null', 'number', 'object', 'string'])
    const tags = new Set(fieldsIn(cosmosRows).flatMap(value => taggedIn(value)?.tag ?? []))
    const [, table = ''] = page.split('| tag |')
    const named = table
      .split('\n\n', 1)[0]
      ?.split('\n')
      .flatMap(row => row.split(' | ')[0]?.match(/\$\w+/g) ?? [])
    expect([...tags].sort()).toEqual(named?.sort())
  })
})

const nested = (levels: number): Json => (levels === 0 ? 1 : { in: nested(levels - 1) })

/** What an application wrote, or a merge would have to write, with the field that the refusal names. */
const refusals: Readonly<Record<string, readonly [where: string, refused: () => unknown, field: string]>> = {
  'half a surrogate pair': ['written on Cosmos DB', () => cosmos.toPortable({ f: ['a', '\ud83d'] }), 'f.1'],
  'a field name with half of one': ['written on Cosmos DB', () => cosmos.toPortable({ f: { '\udc00': 1 } }), 'f'],
  'a number that no double holds': ['written on Cosmos DB', () => cosmos.toPortable(JSON.parse('{"f":1e999}')), 'f'],
  'more than 20 levels': [
    'to be written on Firestore',
    () => firestoreStore.fromPortable({ f: nested(20) }),
    `f${'.in'.repeat(20)}`,
  ],
  'a field name of more than 1500 bytes': [
    'to be written on Firestore',
    () => firestoreStore.fromPortable({ f: { ['ž'.repeat(751)]: 1 } }),
    `f.${'ž'.repeat(751)}`,
  ],
  'more than 1 MiB': ['to be written on Firestore', () => firestoreStore.fromPortable({ f: 'x'.repeat(2 ** 20) }), ''],
}

describe('What is refused', () => {
  const written = rowsIn(page, 'What is refused')

  it('the page has these rows and no others', () => {
    expect(written.map(([name]) => name)).toEqual(Object.keys(refusals))
  })

  it.each(Object.entries(refusals))('%s', (name, [where, refused, field]) => {
    const [, place, reason = ''] = written.find(([known]) => known === name) ?? []
    expect(place).toBe(where)
    expect(refused).toThrow(expect.objectContaining({ name: 'ValueRefused', ref, field, reason: reason.slice(1, -1) }))
  })

  it('nothing that is just within', () => {
    expect(() => firestoreStore.fromPortable({ f: nested(19), ['ž'.repeat(750)]: 1 })).not.toThrow()
    expect(() => firestoreStore.fromPortable({ f: 'x'.repeat(2 ** 20 - 100) })).not.toThrow()
    expect(() => cosmos.toPortable({ f: 'ž🐎', n: Number.MAX_VALUE })).not.toThrow()
  })
})
