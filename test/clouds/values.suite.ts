/**
 * Every store's own types, written with its official client at one site and read with the official clients of the
 * others, as docs/values.md says they read there; then changed elsewhere, and still of their own type at home.
 */
import { type AttributeValue, type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import type { Container, CosmosClient } from '@azure/cosmos'
import { FieldValue, type Firestore, GeoPoint, Timestamp } from '@google-cloud/firestore'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStores, type Stores } from './open-stores.ts'
import type { TestClouds } from './running-clouds.ts'
import { sharedClouds } from './shared-clouds.ts'

let running: TestClouds
let stores: Stores
let dynamoDb: DynamoDBClient
let firestore: Firestore
let cosmos: CosmosClient
let container: Container

beforeAll(async () => {
  running = await sharedClouds()
  stores = await openStores(running.folder, { useBigInt: true })
  ;({ dynamoDb, firestore, cosmos } = stores)
  container = cosmos.database('tributary').container('products')
}, 120_000)

afterAll(() => stores?.close())

async function inDynamoDb(id: string): Promise<Record<string, AttributeValue> | undefined> {
  const Key = { product_id: { S: id } }
  return (await dynamoDb.send(new GetItemCommand({ TableName: 'products', Key, ConsistentRead: true }))).Item
}

async function inFirestore(id: string): Promise<object | undefined> {
  return (await firestore.doc(`products/${id}`).get()).data()
}

async function inCosmos(id: string): Promise<object | undefined> {
  const { resource } = await container.item(id, id).read<Record<string, unknown>>()
  const own = ['_rid', '_self', '_etag', '_attachments', '_ts']
  return resource && Object.fromEntries(Object.entries(resource).filter(([name]) => !own.includes(name)))
}

const soon = { timeout: 20_000, interval: 50 }
const bytes = Buffer.from([0, 255, 1])
const digits38 = '12345678901234567890.123456789012345678'

test('DynamoDB: sets, binary, 38 digits, empty texts, lists in lists, fields named as others name their own', async () => {
  const Item = {
    product_id: { S: 'from-aws' },
    empty: { S: '' },
    texts: { SS: ['red', 'blue'] },
    numbers: { NS: ['10', '9.5'] },
    binaries: { BS: [bytes] },
    binary: { B: bytes },
    exact: { M: { amount: { N: digits38 } } },
    lists: { L: [{ L: [{ N: '1' }, { L: [] }] }] },
    id: { S: 'mine' },
    _etag: { N: '7' },
    'a.b': { BOOL: true },
  }
  await dynamoDb.send(new PutItemCommand({ TableName: 'products', Item }))
  const elsewhere = {
    product_id: 'from-aws',
    empty: '',
    texts: { $set: ['blue', 'red'] },
    binaries: { $bytesSet: ['AP8B'] },
    exact: { amount: { $number: digits38 } },
    'a.b': true,
  }
  await expect
    .poll(() => inFirestore('from-aws'), soon)
    .toEqual({
      ...elsewhere,
      numbers: { $numberSet: [9.5, 10n] },
      binary: bytes,
      lists: [{ $array: [1n, { $array: [] }] }],
      ...{ id: 'mine', _etag: 7n },
    })
  await expect
    .poll(() => inCosmos('from-aws'), soon)
    .toEqual({
      ...elsewhere,
      numbers: { $numberSet: [9.5, 10] },
      binary: { $bytes: 'AP8B' },
      lists: [[1, []]],
      ...{ id: 'from-aws', $id: 'mine', $_etag: 7 },
    })

  await container.item('from-aws', 'from-aws').patch([{ op: 'set', path: '/texts', value: { $set: ['a', 'b', 'c'] } }])
  await expect
    .poll(async () => new Set((await inDynamoDb('from-aws'))?.texts?.SS), soon)
    .toEqual(new Set(['a', 'b', 'c']))
  const { texts: _texts, numbers, ...others } = (await inDynamoDb('from-aws')) ?? {}
  expect(new Set(numbers?.NS)).toEqual(new Set(['10', '9.5']))
  const { texts: _before, numbers: _numbers, ...rest } = Item
  expect(others).toEqual({ ...rest, binary: { B: new Uint8Array(bytes) }, binaries: { BS: [new Uint8Array(bytes)] } })
})

test('Firestore: points, timestamps, bytes, references, vectors, integers of 64 bits', async () => {
  const at = new Timestamp(1_795_168_800, 123_456_000)
  const point = new GeoPoint(50.0755, 14.4378)
  const stored = {
    product_id: 'from-gcp',
    at,
    point,
    bytes,
    vector: FieldValue.vector([0.5, 2]),
    large: 2n ** 62n + 1n,
  }
  const other = firestore.doc('products/from-aws')
  await firestore.doc('products/from-gcp').set({ ...stored, other, not: Number.NaN })
  const geopoint = { $geopoint: [50.0755, 14.4378] }
  const tags = {
    product_id: 'from-gcp',
    id: 'from-gcp',
    at: { $timestamp: '2026-11-20T10:00:00.123456Z' },
    point: geopoint,
    bytes: { $bytes: 'AP8B' },
    vector: { $vector: [0.5, 2] },
    large: { $number: '4611686018427387905' },
    other: { $reference: 'products/from-aws' },
    not: { $number: 'NaN' },
  }
  await expect.poll(() => inCosmos('from-gcp'), soon).toEqual(tags)
  await expect
    .poll(() => inDynamoDb('from-gcp'), soon)
    .toEqual({
      product_id: { S: 'from-gcp' },
      at: { M: { $timestamp: { S: tags.at.$timestamp } } },
      point: { M: { $geopoint: { L: [{ N: '50.0755' }, { N: '14.4378' }] } } },
      bytes: { B: new Uint8Array(bytes) },
      vector: { M: { $vector: { L: [{ N: '0.5' }, { N: '2' }] } } },
      large: { N: '4611686018427387905' },
      other: { M: { $reference: { S: 'products/from-aws' } } },
      not: { M: { $number: { S: 'NaN' } } },
    })

  const later = '2027-01-01T00:00:00.000001Z'
  await container.item('from-gcp', 'from-gcp').patch([{ op: 'set', path: '/at', value: { $timestamp: later } }])
  await expect
    .poll(() => inFirestore('from-gcp'), soon)
    .toEqual({ ...stored, other, not: Number.NaN, at: new Timestamp(1_798_761_600, 1000) })
})

test('Cosmos: nanoseconds, arrays in arrays, a property without a name, one that reads like a tag', async () => {
  const item = {
    product_id: 'from-azure',
    id: 'from-azure',
    at: { $timestamp: '2026-11-20T10:00:00.123456789Z' },
    lists: [[[1], 'two']],
    '': 'nameless',
    resembling: { $bytes: 'no Base64' },
    huge: 1e300,
  }
  await container.items.upsert(item)
  await expect
    .poll(() => inDynamoDb('from-azure'), soon)
    .toEqual({
      product_id: { S: 'from-azure' },
      at: { M: { $timestamp: { S: item.at.$timestamp } } },
      lists: { L: [{ L: [{ L: [{ N: '1' }] }, { S: 'two' }] }] },
      $empty: { S: 'nameless' },
      resembling: { M: { $bytes: { S: 'no Base64' } } },
      huge: { M: { $number: { S: '1e+300' } } },
    })
  const { id: _id, '': _nameless, ...same } = item
  const shown = { ...same, lists: [{ $array: [{ $array: [1n] }, 'two'] }], $empty: 'nameless' }
  await expect.poll(() => inFirestore('from-azure'), soon).toEqual(shown)

  await firestore.doc('products/from-azure').update({ huge: 5 })
  await expect.poll(() => inCosmos('from-azure'), soon).toEqual({ ...item, huge: 5 })
})

test('a document of 390 KB, written at each site in turn', async () => {
  const word = 'Žluťoučký kůň a 🐎. '
  const text = (from: string) => `${from} `.padEnd(23_300, word)
  const parts = (from: string) =>
    Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`part${index}`, text(from)]))
  const fields = (from: string) => Object.entries(parts(from)).map(([name, S]) => [name, { S }] as const)
  expect(Buffer.byteLength(JSON.stringify(parts('aws')))).toBeGreaterThan(385_000)
  const Item = { product_id: { S: 'large' }, ...Object.fromEntries(fields('aws')) }
  await dynamoDb.send(new PutItemCommand({ TableName: 'products', Item }))
  await expect.poll(() => inFirestore('large'), soon).toEqual({ product_id: 'large', ...parts('aws') })
  await expect.poll(() => inCosmos('large'), soon).toEqual({ product_id: 'large', id: 'large', ...parts('aws') })
  await container.items.upsert({ product_id: 'large', id: 'large', ...parts('azure') })
  await expect.poll(() => inFirestore('large'), soon).toEqual({ product_id: 'large', ...parts('azure') })
  await expect
    .poll(() => inDynamoDb('large'), soon)
    .toEqual({ product_id: { S: 'large' }, ...Object.fromEntries(fields('azure')) })
})

test('nothing became a dead letter', async () => {
  for (const site of ['aws-us-east-1', 'gcp-us-central1', 'azure-eastus']) {
    expect(await running.clouds.ask(site, { ask: 'dead-letters' })).toEqual([])
  }
})
