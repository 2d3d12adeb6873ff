/** A placement that is not what the application has would put its items where it never looks. */
import { describe, expect, it } from 'vitest'
import { type Declaration, DeclarationInvalid, defineSync, fields, register } from '../../shared/declare/index.ts'
import { documentPattern } from '../../shared/declare/placement.ts'
import { typeOf } from '../../shared/declare/sync-plan.ts'

const sites: Declaration['sites'] = {
  'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
  'gcp-eu': { cloud: 'gcp', region: 'europe-west1' },
  'azure-eastus': { cloud: 'azure', region: 'eastus' },
}

function declare(data: object) {
  return defineSync({ sites, data: data as Declaration['data'] })
}

function faultsOf(data: object): readonly string[] {
  try {
    declare(data)
  } catch (error) {
    if (error instanceof DeclarationInvalid) return error.faults
    throw error
  }
  return []
}

const carts = (at: object, key: unknown = ['customer_id', 'cart_id']) => ({ carts: { key, merge: register(), at } })

describe('a placement', () => {
  it('is taken from the declaration, cloud by cloud', () => {
    const plan = declare(
      carts({
        aws: { table: 'app', existing: true, feed: 'kinesis', key: { pk: 'C#{customer_id}', sk: 'CART#{cart_id}' } },
        gcp: { collection: 'customers/{customer_id}/carts', id: '{cart_id}' },
        azure: { database: 'shop', container: 'app', partitionKey: 'customer_id', id: 'cart-{cart_id}' },
      }),
    )
    const at = typeOf(plan, 'carts')?.at
    expect(at?.aws).toEqual({
      ...{ table: 'app', existing: true, feed: 'kinesis', keyAttributes: true },
      key: [
        { attribute: 'pk', template: 'C#{customer_id}' },
        { attribute: 'sk', template: 'CART#{cart_id}' },
      ],
    })
    expect(at?.gcp).toEqual({ collection: 'customers/{customer_id}/carts', id: '{cart_id}', hashesLongIds: false })
    expect(at && documentPattern(at.gcp)).toBe('customers/{key1}/carts/{id}')
    expect(at?.azure).toMatchObject({ database: 'shop', container: 'app', id: 'cart-{cart_id}', hashesLongIds: false })
  })

  it.each([
    [['id'], { attribute: 'pk', template: '{id}' }],
    [['customer_id', 'id'], { attribute: 'customer_id', template: '{customer_id}' }],
    [['id', 'region'], { attribute: 'region', template: '{region}' }],
  ])('lets a key field be the id of a Cosmos item: %j', (key, partition) => {
    expect(typeOf(declare(carts({}, key)), 'carts')?.at.azure).toMatchObject({ partition, id: '{id}' })
  })

  it('keeps several types of one table apart by what their keys begin with', () => {
    const at = (prefix: string) => ({ aws: { table: 'app', key: { pk: `${prefix}#{ref}`, sk: prefix } } })
    expect(
      faultsOf({
        orders: { key: ['ref'], merge: register(), at: at('ORDER') },
        customers: { key: ['ref'], merge: register(), at: at('CUSTOMER') },
      }),
    ).toEqual([])
  })

  it('takes a key of three fields where the declaration says how two attributes hold them', () => {
    const aws = { key: { pk: '{a}', sk: '{b}#{c}' } }
    expect(faultsOf(carts({ aws }, ['a', 'b', 'c']))).toEqual([])
  })
})

describe('a fault of a placement is named with its path', () => {
  it.each<[string, object, string]>([
    [
      'a field nowhere',
      carts({ aws: { key: { pk: '{customer_id}' } } }),
      "at.aws.key: '{cart_id}' stands there 0 times",
    ],
    [
      'a field twice',
      carts({ aws: { key: { pk: '{customer_id}', sk: '{cart_id}#{customer_id}' } } }),
      "at.aws.key: '{customer_id}' stands there 2 times; allowed: each key field once",
    ],
    [
      'an unknown field',
      carts({ gcp: { id: '{customer_id}-{cart}' } }),
      "at.gcp: found '{cart}'; allowed: the key fields",
    ],
    [
      'two fields without anything between them',
      carts({ gcp: { id: '{customer_id}{cart_id}' } }),
      'needs some text between two fields',
    ],
    ['an open brace', carts({ azure: { id: '{customer_id' } }), 'has a brace that encloses no field'],
    [
      'three key attributes',
      carts({ aws: { key: { a: '{customer_id}', b: '{cart_id}', c: 'x' } } }),
      'at.aws.key: found 3 attributes; allowed: one or two',
    ],
    [
      'a key field under its own name, but changed',
      carts({ aws: { key: { customer_id: 'C#{customer_id}', sk: '{cart_id}' } } }),
      "a key field's own attribute holds just '{customer_id}'",
    ],
    [
      'a key attribute that merges',
      { carts: { key: ['ref'], merge: fields({ pk: register() }), at: { aws: { key: { pk: 'C#{ref}' } } } } },
      'at.aws.key.pk: found a field that merges',
    ],
    ['a path that ends at a document', carts({ gcp: { collection: 'a/{customer_id}' } }), "found 'a/{customer_id}'"],
    ['a field in the name of a collection', carts({ gcp: { collection: '{customer_id}' } }), 'in documents only'],
    ['a Cosmos partition by id', carts({ azure: { partitionKey: 'id' } }), "at.azure.partitionKey: found 'id'"],
    ['a key id under another id', carts({ azure: { id: 'x-{id}' } }, ['a', 'id']), "so just '{id}'"],
    ['a key that Cosmos cannot hold', carts({}, ['ttl']), "data.carts.key: found 'ttl'; it decides on Cosmos DB"],
    ['a key that Cosmos has for itself', carts({}, ['_ts']), "data.carts.key: found '_ts'; Cosmos DB has"],
    [
      'a binary key',
      carts({}, [{ name: 'ref', type: 'binary' }]),
      "allowed: a field name, or { name, type: 'string' | 'number' }",
    ],
    ['our own table', carts({ aws: { table: 'tributary-sync' } }), 'Tributary keeps its own records there'],
    [
      'the collection of what steers a site',
      carts({ gcp: { collection: 'tributary-control' } }),
      'Tributary keeps its own records there',
    ],
    ['a misspelt setting', carts({ aws: { tabel: 'x' } }), 'data.carts.at.aws.tabel: not known here'],
    [
      'a table too long for its feed',
      carts({ aws: { table: 'x'.repeat(120), feed: 'kinesis' } }),
      "with feed 'kinesis' is too long; allowed: 113 characters",
    ],
  ])('%s', (_, data, part) => {
    const faults = faultsOf(data)
    expect(faults.join('\n')).toContain(part)
    for (const fault of faults) expect(fault).toMatch(/^data\.carts\./)
  })

  const pair = (one: object, other: object) => ({
    carts: { key: ['ref'], merge: register(), at: one },
    notes: { key: ['ref'], merge: register(), at: other },
  })
  it.each<[string, object, string]>([
    [
      'the same table with the same keys',
      pair({ aws: { table: 'app' } }, { aws: { table: 'app' } }),
      "data.notes.at.aws.key: found '{ref}', which may also be a key of carts",
    ],
    [
      'a key that begins like another',
      pair({ aws: { table: 'app', key: { pk: 'N#{ref}' } } }, { aws: { table: 'app', key: { pk: 'N#NOTE#{ref}' } } }),
      'may also be a key of carts; allowed: texts that begin or end differently',
    ],
    [
      'one table under two shapes',
      pair({ aws: { table: 'app', key: { pk: 'C#{ref}' } } }, { aws: { table: 'app', key: { id: 'N#{ref}' } } }),
      "table 'app' is also that of carts, with other key attributes, feed or owner",
    ],
    [
      'one collection',
      pair({}, { gcp: { collection: 'carts' } }),
      "data.notes.at.gcp: found 'carts' and '{ref}', which may also be a key of carts",
    ],
    [
      'one container',
      pair({ azure: { container: 'app' } }, { azure: { container: 'app' } }),
      "data.notes.at.azure: found '{ref}' and '{ref}', which may also be a key of carts",
    ],
    [
      'one container under two partition keys',
      pair({ azure: { container: 'app', partitionKey: { pk: 'a{ref}' } } }, { azure: { container: 'app' } }),
      "container 'app' is also that of carts, with another partition key or owner",
    ],
  ])('two types in %s', (_, data, fault) => {
    expect(faultsOf(data)).toEqual([expect.stringContaining(fault)])
  })
})
