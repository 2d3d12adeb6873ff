/**
 * Tables that were there before, with official clients only: keys as others made them, several types in one table beside
 * items of none, and keys that no two stores write alike.
 */
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type AttributeValue,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb'
import type { CosmosClient } from '@azure/cosmos'
import type { Firestore } from '@google-cloud/firestore'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { readStatus } from '../../tools/cli/commands/status.ts'
import { openStores, type Stores } from './open-stores.ts'
import type { TestClouds } from './running-clouds.ts'
import { tableClouds } from './shared-clouds.ts'

let running: TestClouds
let stores: Stores
let aws: DynamoDBClient
let firestore: Firestore
let cosmos: CosmosClient

beforeAll(async () => {
  running = await tableClouds()
  stores = await openStores(running.folder)
  ;({ dynamoDb: aws, firestore, cosmos } = stores)
}, 120_000)

afterAll(() => stores?.close())

type Item = Record<string, AttributeValue>

const text = (S: string) => ({ S })
const put = (TableName: string, Item: Item) => aws.send(new PutItemCommand({ TableName, Item }))
const remove = (TableName: string, Key: Item) => aws.send(new DeleteItemCommand({ TableName, Key }))

async function itemAt(TableName: string, Key: Item): Promise<Item | undefined> {
  return (await aws.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }))).Item
}

async function documentAt(path: string): Promise<unknown> {
  return (await firestore.doc(path).get()).data()
}

function container(name: string, database = 'tributary') {
  return cosmos.database(database).container(name)
}

async function cosmosItem(name: string, id: string, partition: string | number, database?: string): Promise<unknown> {
  const { resource } = await container(name, database).item(id, partition).read()
  if (!resource) return undefined
  return Object.fromEntries(
    Object.entries(resource).filter(([field]) => !/^_(rid|self|etag|attachments|ts)$/.test(field)),
  )
}

const eventually = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 30_000, interval: 50 })

const shop = 'Shop.Main'
const cartKey = (customer: string, cart: string) => ({ pk: text(`CUSTOMER#${customer}`), sk: text(`CART#${cart}`) })
const profileKey = (customer: string) => ({ pk: text(`CUSTOMER#${customer}`), sk: text('PROFILE') })

describe('one table of two types and items of none', () => {
  test('written on AWS: each type stands where the others place it, with its key fields; the rest stays', async () => {
    await put(shop, { pk: text('PRODUCT#tea'), sk: text('CART#1'), title: text('not ours') })
    await put(shop, { ...profileKey('ann'), name: text('Ann') })
    await put(shop, { ...cartKey('ann', '1'), customer_id: text('ann'), cart_id: text('1'), total: { N: '5' } })
    await eventually(async () => {
      expect(await documentAt('customers/ann')).toEqual({ customer_id: 'ann', name: 'Ann' })
      expect(await documentAt('customers/ann/carts/1')).toEqual({ customer_id: 'ann', cart_id: '1', total: 5 })
      expect(await cosmosItem('main', 'profile', 'CUSTOMER#ann', 'shop')).toEqual({
        ...{ id: 'profile', pk: 'CUSTOMER#ann' },
        ...{ customer_id: 'ann', name: 'Ann' },
      })
      expect(await cosmosItem('main', 'cart-1', 'CUSTOMER#ann', 'shop')).toEqual({
        ...{ id: 'cart-1', pk: 'CUSTOMER#ann' },
        ...{ customer_id: 'ann', cart_id: '1', total: 5 },
      })
    })
    await remove(shop, cartKey('ann', '1'))
    await eventually(async () => {
      expect(await documentAt('customers/ann/carts/1')).toBeUndefined()
      expect(await cosmosItem('main', 'cart-1', 'CUSTOMER#ann', 'shop')).toBeUndefined()
    })
  })

  test('written on Firestore: an item on AWS looks as the application would have written it', async () => {
    await firestore.doc('customers/bob').set({ customer_id: 'bob', name: 'Bob' })
    await firestore.doc('customers/bob/carts/7').set({ total: 7, pk: 'a field of theirs' })
    await firestore.doc('customers/bob/letters/7').set({ total: 8 })
    await eventually(async () => {
      expect(await itemAt(shop, profileKey('bob'))).toEqual({ ...profileKey('bob'), name: text('Bob') })
      expect(await itemAt(shop, cartKey('bob', '7'))).toEqual({
        ...cartKey('bob', '7'),
        ...{ customer_id: text('bob'), cart_id: text('7'), total: { N: '7' }, $pk: text('a field of theirs') },
      })
    })
    await firestore.doc('customers/bob/carts/7').delete()
    await eventually(async () => expect(await itemAt(shop, cartKey('bob', '7'))).toBeUndefined())
  })

  test('written on Cosmos, beside an item of no type in the same partition', async () => {
    const pk = 'CUSTOMER#eve'
    await container('main', 'shop').items.upsert({ id: 'session-1', pk, anything: true })
    await container('main', 'shop').items.upsert({ id: 'cart-a|b', pk, total: 1 })
    await eventually(async () => {
      expect(await itemAt(shop, cartKey('eve', 'a|b'))).toMatchObject({ total: { N: '1' }, cart_id: text('a|b') })
      expect(await documentAt('customers/eve/carts/a|b')).toEqual({ customer_id: 'eve', cart_id: 'a|b', total: 1 })
    })
    await container('main', 'shop').item('cart-a|b', pk).delete()
    await eventually(async () => expect(await itemAt(shop, cartKey('eve', 'a|b'))).toBeUndefined())
  })
})

describe('keys', () => {
  test('a number is a number in DynamoDB and in every document', async () => {
    await put('levels', { sku: text('tea'), shelf: { N: '2.50' }, n: { N: '1' } })
    await eventually(async () => {
      expect(await documentAt('levels/tea|2.5')).toEqual({ sku: 'tea', shelf: 2.5, n: 1 })
      expect(await cosmosItem('levels', 'tea|2.5', 'tea')).toEqual({ id: 'tea|2.5', sku: 'tea', shelf: 2.5, n: 1 })
    })
    await container('levels').items.upsert({ id: 'tea|-4', sku: 'tea', shelf: -4, n: 2 })
    await eventually(async () => {
      expect(await itemAt('levels', { sku: text('tea'), shelf: { N: '-4' } })).toMatchObject({ n: { N: '2' } })
      expect(await documentAt('levels/tea|-4')).toEqual({ sku: 'tea', shelf: -4, n: 2 })
    })
  })

  test('the field id is the id of its item on Cosmos', async () => {
    await put('notes', { id: text('n/1'), body: text('a') })
    await container('lines').items.upsert({ id: 'l1', order_id: 'o1', body: 'b' })
    await eventually(async () => {
      expect(await documentAt('notes/n%2F1')).toEqual({ id: 'n/1', body: 'a' })
      expect(await cosmosItem('notes', 'n%2F1', 'n/1')).toEqual({ id: 'n%2F1', pk: 'n/1', body: 'a' })
      expect(await itemAt('lines', { order_id: text('o1'), id: text('l1') })).toMatchObject({ body: text('b') })
      expect(await documentAt('lines/o1|l1')).toEqual({ order_id: 'o1', id: 'l1', body: 'b' })
    })
    await container('notes').items.upsert({ id: 'n2', pk: 'n2', body: 'c' })
    await eventually(async () => expect(await documentAt('notes/n2')).toEqual({ id: 'n2', body: 'c' }))
  })

  const hashed = (id: string) => `~${createHash('sha256').update(id).digest('base64url')}`
  const long = 'k'.repeat(2048)
  const emoji = '🐎'.repeat(300)
  test.each<[string, string, string, string]>([
    ['a slash', 'a/b', 'a%2Fb', 'a%2Fb'],
    ['a hash', 'a#b', 'a#b', 'a%23b'],
    ['two dots', '..', '%2E.', '%2E.'],
    ['what else Cosmos takes no id with', 'a?b\\c\n', 'a?b\\c\n', 'a%3Fb%5Cc%0A'],
    ['blanks alone', '  ', '  ', '%20 '],
    ['quotes', `"it's"`, `"it's"`, `"it's"`],
    ['an emoji', '🐎', '🐎', '🐎'],
    ['a leading underscore', '_x', '_x', '_x'],
    ['Firestore’s own form', '__x__', '%5F_x__', '__x__'],
    ['what an identity provider writes', 'auth0|5f%2F', 'auth0|5f%252F', 'auth0|5f%252F'],
    ['2 KB', long, hashed(long), hashed(long)],
    ['1.2 KB of emoji', emoji, emoji, hashed(emoji)],
  ])('%s travels from each store to the others', async (_, ref, firestoreId, cosmosId) => {
    await put('pages', { ref: text(ref), from: text('aws') })
    const seen = async (from: string) => {
      expect(await itemAt('pages', { ref: text(ref) })).toEqual({ ref: text(ref), from: text(from) })
      expect(await documentAt(`pages/${firestoreId}`)).toEqual({ ref, from })
      expect(await cosmosItem('pages', cosmosId, ref)).toEqual({ id: cosmosId, ref, from })
    }
    await eventually(() => seen('aws'))
    await firestore.doc(`pages/${firestoreId}`).update({ from: 'gcp' })
    await eventually(() => seen('gcp'))
    await container('pages').items.upsert({ id: cosmosId, ref, from: 'azure' })
    await eventually(() => seen('azure'))
    await container('pages').item(cosmosId, ref).delete()
    await eventually(async () => {
      expect(await itemAt('pages', { ref: text(ref) })).toBeUndefined()
      expect(await documentAt(`pages/${firestoreId}`)).toBeUndefined()
    })
  })

  test('a key that one store cannot hold is a dead letter where it was written, by name, and nothing else is', async () => {
    await sleep(500)
    const { deadLetters } = await readStatus(running.clouds)
    expect(deadLetters).toEqual({ 'aws-us-east-1': 0, 'gcp-us-central1': 0, 'azure-eastus': 0 })
    await put('levels', { sku: text('s'.repeat(1030)), shelf: { N: '1' } })
    await eventually(async () => {
      const [letter] = (await running.clouds.ask('aws-us-east-1', { ask: 'dead-letters' })) as readonly unknown[]
      expect(letter).toMatchObject({ reason: 'an id of 1032 bytes; Cosmos DB takes 1023' })
    })
  })
})
