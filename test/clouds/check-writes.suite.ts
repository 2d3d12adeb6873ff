/**
 * Applications at all three clouds, with official clients only: those that write documents back whole are named with
 * the fields that they undo, those that increment, update and ask are not; and the code of each remedy does its work.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import type { CosmosClient } from '@azure/cosmos'
import { FieldPath, FieldValue, type Firestore } from '@google-cloud/firestore'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { typeOf } from '../../shared/declare/sync-plan.ts'
import { projectRoot } from '../../tools/build/bundle-functions.ts'
import { remedyFor } from '../../tools/check-writes/remedy.ts'
import { checkWrites } from '../../tools/cli/commands/check-writes.ts'
import type { ApplicationClient } from '../../tools/local/official-clients/application-client.ts'
import { openStores, type Stores } from './open-stores.ts'
import type { TestClouds } from './running-clouds.ts'
import { smallClouds } from './shared-clouds.ts'

let running: TestClouds
let stores: Stores
let dynamoDb: DynamoDBClient
let firestore: Firestore
let cosmos: CosmosClient

beforeAll(async () => {
  running = await smallClouds()
  stores = await openStores(running.folder)
  ;({ dynamoDb, firestore, cosmos } = stores)
}, 120_000)

afterAll(() => stores?.close())

/** Every application, and one at another cloud that writes beside it. */
function pairs(): readonly (readonly [ApplicationClient, ApplicationClient])[] {
  const { clients } = running
  return clients.flatMap((here, index) => {
    const there = clients[(index + 1) % clients.length]
    return there ? [[here, there] as const] : []
  })
}

const product = (id: string) => ({ product_id: id, title: 'mug', price: 10, sizes: { s: 1, l: 2 } })
const cart = (id: string) => ({ customer_id: id, currency: 'EUR', coupon: 'SPRING', items: { tea: { quantity: 2 } } })

/** Both documents are everywhere, and another cloud then changes them; `meanwhile` has read them just before. */
async function changedElsewhere<Result>(
  name: string,
  [here, there]: readonly [ApplicationClient, ApplicationClient],
  reading: () => Promise<Result>,
): Promise<Result> {
  const id = `${name}-${here.site}`
  await there.put('products', product(id))
  await there.put('carts', cart(id))
  await running.everywhere('products', [id], product(id))
  await running.everywhere('carts', [id], cart(id))
  const read = await reading()
  await there.set('products', [id], ['price'], 12)
  await there.set('carts', [id], ['coupon'], 'SUMMER')
  await there.increment('carts', [id], ['items', 'tea', 'quantity'], 3)
  await running.everywhere('products', [id], { ...product(id), price: 12 })
  await running.everywhere('carts', [id], { ...cart(id), coupon: 'SUMMER', items: { tea: { quantity: 5 } } })
  return read
}

const findings = (type?: string) => checkWrites(running.clouds, { type, sinceMs: 0 })

/** The evidence takes the way of the sync record's feed. */
async function lintedSoon(expected: readonly string[]): Promise<void> {
  const shown = async () =>
    (await findings()).map(({ site, type, field, verdict }) => `${site} ${type} ${field} ${verdict}`)
  await expect.poll(shown, { timeout: 20_000 }).toEqual(expected)
}

/** A write of the whole document, which its store refuses if the document is not as it was read. */
const writeIfUnchanged: Readonly<Record<string, (id: string, price: number) => Promise<() => Promise<unknown>>>> = {
  'aws-us-east-1': async (id, price) => () =>
    dynamoDb.send(
      new UpdateItemCommand({
        TableName: 'products',
        Key: { product_id: { S: id } },
        UpdateExpression: 'SET title = :title, price = :price',
        ConditionExpression: 'price = :price',
        ExpressionAttributeValues: { ':title': { S: 'cup' }, ':price': { N: String(price) } },
      }),
    ),
  'gcp-us-central1': async id => {
    const read = await firestore.doc(`products/${id}`).get()
    const { updateTime } = read
    return () =>
      firestore
        .doc(`products/${id}`)
        .update({ ...read.data(), title: 'cup' }, updateTime && { lastUpdateTime: updateTime })
  },
  'azure-eastus': async id => {
    const item = cosmos.database('tributary').container('products').item(id, id)
    const { resource } = await item.read()
    const accessCondition = { type: 'IfMatch', condition: resource._etag }
    return () => item.replace({ ...resource, title: 'cup' }, { accessCondition })
  },
}

test('applications that increment, update fields and ask for what they read are not named', async () => {
  for (const pair of pairs()) {
    const [here] = pair
    const id = `careful-${here.site}`
    const write = writeIfUnchanged[here.site]
    const stale = await changedElsewhere('careful', pair, async () => write?.(id, 10))
    await expect(stale?.()).rejects.toThrow()
    const current = await write?.(id, 12)
    await current?.()
    await here.increment('carts', [id], ['items', 'tea', 'quantity'], 1)
    await here.set('carts', [id], ['currency'], 'CZK')
    await running.everywhere('products', [id], { ...product(id), price: 12, title: 'cup' })
    const expected = { ...cart(id), coupon: 'SUMMER', currency: 'CZK', items: { tea: { quantity: 6 } } }
    await running.everywhere('carts', [id], expected)
  }
  await running.atRest()
  expect(await findings()).toEqual([])
})

const named = [
  ['carts', 'coupon'],
  ['carts', 'items.*.quantity'],
  ['products', 'price'],
] as const

test('applications that write back whole documents are named with the fields that they undo', async () => {
  for (const pair of pairs()) {
    const [here] = pair
    const id = `blind-${here.site}`
    const read = await changedElsewhere('blind', pair, async () => ({
      product: await here.read('products', [id]),
      cart: await here.read('carts', [id]),
    }))
    await here.put('products', { ...read.product, title: 'large mug' })
    await here.put('carts', { ...read.cart, note: 'call first' })
    // As before there were checks: the application has the last word.
    await running.everywhere('products', [id], { ...product(id), title: 'large mug' })
    await running.everywhere('carts', [id], { ...cart(id), note: 'call first' })
  }
  const sites = ['aws-us-east-1', 'azure-eastus', 'gcp-us-central1']
  await lintedSoon(sites.flatMap(site => named.map(([type, field]) => `${site} ${type} ${field} likely`)))
  for (const { site, writes, records, examples } of await findings()) {
    expect({ writes, records, keys: examples.map(({ key }) => key) }).toEqual({
      ...{ writes: 1, records: 1 },
      keys: [[`blind-${site}`]],
    })
    expect(examples[0]?.by).not.toBe(site)
  }
})

test('the command prints them by site and type, ends with 1, and with 0 where there is nothing', async () => {
  const all = await tributary('check-writes')
  expect(all.code).toBe(1)
  for (const line of ['azure-eastus: carts', '  coupon  likely: 1 write of 1 record', 'FieldValue.increment(1)']) {
    expect(all.out).toContain(line)
  }
  const json = await tributary('check-writes', 'products', '--site', 'gcp-us-central1', '--json')
  expect(json.code).toBe(1)
  expect(JSON.parse(json.out)).toMatchObject([{ site: 'gcp-us-central1', type: 'products', field: 'price' }])
  expect(await tributary('check-writes', '--since', '0s')).toMatchObject({ code: 0 })
  expect(await tributary('check-writes', 'nothing')).toMatchObject({
    code: 1,
    err: expect.stringContaining('the plan has products, carts'),
  })
  expect(await tributary('check-writes', '--since', 'yesterday')).toMatchObject({
    code: 1,
    err: expect.stringContaining('such as 24h'),
  })
  const audit = await tributary('audit', '--type', 'products')
  expect(audit.out).toMatch(/price +stale-write-back +10 \(aws-us-east-1\) +12 \(gcp-us-central1\)/)
}, 60_000)

test('the code of every remedy does its work, and is not named in its turn', async () => {
  const before = await findings()
  for (const { site, cloud, type, field, remedy } of before) {
    const client = running.clients.find(one => one.site === site)
    const key = [`blind-${site}`]
    const container = cosmos.database('tributary').container(type)
    const value = cloud === 'aws' ? { S: 'new' } : 'new'
    const scope = { client: dynamoDb, UpdateItemCommand, firestore, FieldPath, FieldValue, container, value }
    await run(remedy.code, scope)
    const expected = field === 'items.*.quantity' ? { items: { tea: { quantity: 3 } } } : { [field]: 'new' }
    expect(await client?.read(type, key)).toMatchObject(expected)
  }
  await running.atRest()
  expect(await findings()).toEqual(before)
})

test('so does the code of a condition: it writes what is as it was read, and refuses what is not', async () => {
  const { plan } = running.clouds
  const { clients } = running
  const type = typeOf(plan, 'products')
  if (!type) throw new Error('the plan has products')
  const field = { name: 'sizes[]', merges: 'member', address: ['sizes'], inArray: true } as const
  for (const { id: site, cloud } of plan.sites) {
    const key = [`blind-${site}`]
    const { kind, code } = remedyFor({ cloud, type, key, field, isGone: false })
    expect(kind).toBe('condition')
    const client = clients.find(one => one.site === site)
    const container = cosmos.database('tributary').container('products')
    const sizes = cloud === 'aws' ? { M: { s: { N: '3' } } } : { s: 3 }
    const asRead = { M: { s: { N: '1' }, l: { N: '2' } } }
    const scope = { client: dynamoDb, UpdateItemCommand, firestore, FieldPath, FieldValue, container, value: sizes }
    await run(code, { ...scope, asRead, changed: { sizes } })
    expect(await client?.read('products', key)).toMatchObject({ sizes: { s: 3 } })
    // The same once more, while another application writes between reading and writing.
    const [first, ...rest] = code.split('\n')
    const between = cloud === 'aws' ? code : [first, 'await meanwhile()', ...rest].join('\n')
    const meanwhile = () => client?.set('products', key, ['title'], 'changed meanwhile')
    await expect(run(between, { ...scope, asRead, changed: { sizes }, meanwhile })).rejects.toThrow()
  }
})

function run(code: string, scope: Readonly<Record<string, unknown>>): Promise<unknown> {
  return new Function(...Object.keys(scope), `return (async () => { ${code} })()`)(...Object.values(scope))
}

const program = join(projectRoot, 'tools/cli/tributary.ts')

function tributary(...parameters: readonly string[]) {
  return new Promise<{ code: number; out: string; err: string }>(resolve => {
    const options = { cwd: projectRoot, env: { ...process.env, TRIBUTARY_LOCAL: running.folder } }
    execFile(process.execPath, [program, ...parameters], options, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
    )
  })
}
