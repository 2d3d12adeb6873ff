/** Every key must read back from where it is placed, or be refused by name: else one record overwrites another. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Declaration, defineSync, register } from '../../shared/declare/index.ts'
import { type TypePlan, typeOf } from '../../shared/declare/sync-plan.ts'
import { keyFromTable, tableKey } from '../../shared/place/aws-place.ts'
import { documentPlace, keyFromItem } from '../../shared/place/azure-place.ts'
import { documentPath, keyFromPath } from '../../shared/place/gcp-place.ts'
import { keyFieldsOf, numberPart } from '../../shared/place/key-value.ts'
import { refuseUnplaceable } from '../../shared/place/travel.ts'
import { ValueRefused } from '../../shared/ports/index.ts'
import { type RecordKey, recordName, storedName } from '../../shared/replicate/record-ref.ts'

const plan = defineSync({
  sites: {
    'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
    'gcp-eu': { cloud: 'gcp', region: 'europe-west1' },
    'azure-eastus': { cloud: 'azure', region: 'eastus' },
  },
  data: {
    simple: { key: ['ref'], merge: register() },
    pairs: { key: ['a', 'b'], merge: register() },
    ids: { key: ['id'], merge: register() },
    lines: { key: ['order_id', { name: 'line', type: 'number' }], merge: register() },
    carts: {
      key: ['customer', 'cart'],
      merge: register(),
      at: {
        aws: { table: 'app', key: { pk: 'CUSTOMER#{customer}', sk: 'CART#{cart}#v1' } },
        gcp: { collection: 'customers/{customer}/carts', id: 'cart-{cart}' },
        azure: { container: 'app', partitionKey: { pk: 'c:{customer}' }, id: 'cart-{cart}' },
      },
    },
    joined: {
      key: ['a', 'b'],
      merge: register(),
      at: { aws: { key: { pk: '{a}#{b}' } }, gcp: { id: '{a}--{b}' }, azure: { partitionKey: 'a', id: 'x{a}--{b}' } },
    },
  },
} satisfies Declaration)

function typeNamed(name: string): TypePlan {
  const type = typeOf(plan, name)
  if (!type) throw new Error(name)
  return type
}

const nothing = () => undefined

/** The key as each cloud reads it back. */
const roundTrips: Readonly<Record<string, (type: TypePlan, key: RecordKey) => RecordKey | undefined>> = {
  aws(type, key) {
    const item = tableKey({ type: type.name, key }, type)
    return keyFromTable(type, attribute => String(item[attribute]))
  },
  gcp(type, key) {
    const path = documentPath({ type: type.name, key }, type)
    for (const id of path.split('/')) {
      expect(id).not.toMatch(/^(\.{1,2}|__.*__|)$/s)
      expect(Buffer.byteLength(id)).toBeLessThanOrEqual(1500)
    }
    const document = keyFieldsOf(type, key)
    return keyFromPath(type, path, field => document[field])
  },
  azure(type, key) {
    const { id, partitionKey } = documentPlace({ type: type.name, key }, type)
    expect(id).not.toMatch(/[/\\?#\p{Cc}]|^\.{1,2}$|^ *$|^_tributary\|/u)
    expect(Buffer.byteLength(id)).toBeLessThanOrEqual(1023)
    // As much as is known of a deleted item.
    return keyFromItem(type, id, { [type.at.azure.partition.attribute]: partitionKey })
  },
}

const part = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1 }),
  fc.stringMatching(/^[._]{1,5}$/),
  fc.string({ unit: fc.constantFrom(...'|%#/\\?257CFE_.- ~', '\u0000', '🐎'), minLength: 1, maxLength: 12 }),
  fc.constantFrom('__proto__', '%2F', '%252F', '%2E', '_tributary|x', '~', ' '),
  fc.integer({ min: 900, max: 2100 }).map(length => 'ž'.repeat(length)),
)
const number = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })).map(n => String(n + 0))
const keys = fc.oneof(
  fc.tuple(fc.constantFrom('simple', 'ids'), fc.tuple(part)),
  fc.tuple(fc.constantFrom('pairs', 'carts', 'joined'), fc.tuple(part, part)),
  fc.tuple(fc.constant('lines'), fc.tuple(part, number)),
)

describe('a key', () => {
  it.each(Object.keys(roundTrips))('reads back from its place on %s, or is refused by name', cloud => {
    let placed = 0
    fc.assert(
      fc.property(keys, ([name, key]) => {
        const type = typeNamed(name)
        try {
          expect(roundTrips[cloud]?.(type, key)).toEqual(key)
          placed++
        } catch (error) {
          if (!(error instanceof ValueRefused)) throw error
          expect(type.key).toContain(error.field)
        }
      }),
      { numRuns: 3000 },
    )
    expect(placed).toBeGreaterThan(1500)
  })

  it.each(['gcp', 'azure'])('of any text is the id of some document on %s, so no two keys share one', cloud => {
    fc.assert(
      fc.property(part, part, (one, other) => {
        const type = typeNamed('simple')
        const place = (text: string) =>
          cloud === 'gcp'
            ? documentPath({ type: 'simple', key: [text] }, type)
            : documentPlace({ type: 'simple', key: [text] }, type).id
        try {
          expect(place(one) === place(other)).toBe(one === other)
        } catch (error) {
          if (!(error instanceof ValueRefused)) throw error
        }
      }),
    )
  })

  it.each(['auth0|123', 'a%20b', '100%', 'ünï ☂', "it's", '"q"', '_x', '~', 'https%3Ax'])(
    'stays as it is where the store takes it: %s',
    text => {
      const ref = { type: 'simple', key: [text] }
      expect(documentPath(ref, typeNamed('simple'))).toBe(`simple/${text}`)
      expect(documentPlace(ref, typeNamed('simple')).id).toBe(text)
    },
  )

  it('every id that an application can choose in Firestore is of a key of one field', () => {
    const ids = part.filter(id => !/\/|^(\.{1,2}|__.*__)$/s.test(id) && Buffer.byteLength(id) <= 1500)
    fc.assert(
      fc.property(ids, id => void expect(keyFromPath(typeNamed('simple'), `simple/${id}`, nothing)).toHaveLength(1)),
    )
  })

  it('is told from the items of other types and of none', () => {
    const carts = typeNamed('carts')
    const at = (pk: string, sk: string) => keyFromTable(carts, name => (name === 'pk' ? pk : sk))
    expect(at('CUSTOMER#a#b', 'CART#1#v1')).toEqual(['a#b', '1'])
    for (const [pk, sk] of [
      ['CUSTOMER#a', 'PROFILE'],
      ['PRODUCT#a', 'CART#1#v1'],
      ['CUSTOMER#', 'CART#1#v1'],
      ['CUSTOMER#a', 'CART##v1'],
    ] as const)
      expect(at(pk, sk)).toBeUndefined()
    expect(keyFromPath(carts, 'customers/a/orders/cart-1', nothing)).toBeUndefined()
    expect(keyFromPath(carts, 'customers/a/carts/1', nothing)).toBeUndefined()
    expect(keyFromItem(carts, 'cart-1', { pk: 'x:a' })).toBeUndefined()
    expect(keyFromItem(carts, 'note-1', { pk: 'c:a' })).toBeUndefined()
  })

  it('that holds a separator is refused on DynamoDB, where it would read as another key', () => {
    const place = () => tableKey({ type: 'joined', key: ['x#y', 'z'] }, typeNamed('joined'))
    expect(place).toThrow("field 'a': 'x#y#z' as pk on DynamoDB ({a}#{b}) would be read as another key")
    expect(tableKey({ type: 'joined', key: ['x', 'y#z'] }, typeNamed('joined'))).toEqual({ pk: 'x#y#z' })
  })

  it('that one of its sites cannot hold is refused before it travels', () => {
    const refusal = (type: string, key: RecordKey) => () => refuseUnplaceable({ type, key }, typeNamed(type), plan)
    expect(refusal('pairs', ['a', 'b'.repeat(1025)])).toThrow('b would have 1025 bytes on DynamoDB, which takes 1024')
    expect(refusal('pairs', ['a'.repeat(1020), 'bcd'])).toThrow('an id of 1024 bytes; Cosmos DB takes 1023')
    expect(refusal('simple', ['a'.repeat(2049)])).toThrow('ref would have 2049 bytes on DynamoDB')
    expect(refusal('simple', ['a'.repeat(2048)])).not.toThrow()
    expect(refusal('joined', ['x#y', 'z'])).toThrow('would be read as another key')
  })

  it.each([
    ['1', '1'],
    ['1.50', '1.5'],
    ['1e2', '100'],
    ['-0', '0'],
    ['12345678901234567890', undefined],
    ['abc', undefined],
    ['', undefined],
  ])('of a number has one text: %s', (text, expected) => {
    expect(numberPart(text)).toBe(expected)
  })
})

describe('the name of a sync record', () => {
  it('is a hash where the record’s own is too long for the store, which keeps it beside', () => {
    const long = { type: 'simple', key: ['ž'.repeat(1020)] }
    const { name, whole } = storedName(long, 1500)
    expect(name).toMatch(/^simple##[\w-]{43}$/)
    expect(whole).toBe(recordName(long))
    expect(storedName(long, 2048)).toEqual({ name: recordName(long) })
    expect(storedName({ type: 'simple', key: ['ž'.repeat(1021)] }, 1500).name).not.toBe(name)
  })
})
