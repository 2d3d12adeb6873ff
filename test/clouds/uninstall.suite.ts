/** A site that is removed: afterwards its stores hold the documents, as they were, and nothing else; seen with official clients. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type DynamoDBClient, ListTablesCommand, paginateScan } from '@aws-sdk/client-dynamodb'
import type { CosmosClient, ItemDefinition } from '@azure/cosmos'
import type { Firestore } from '@google-cloud/firestore'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { projectRoot } from '../../tools/build/bundle-functions.ts'
import { readEndpoints } from '../../tools/local/official-clients/open-clients.ts'
import { openStores, type Stores } from './open-stores.ts'
import type { TestClouds } from './running-clouds.ts'
import { smallClouds } from './shared-clouds.ts'

const [aws, gcp, azure] = ['aws-us-east-1', 'gcp-us-central1', 'azure-eastus']
/** More than go in one page of the removal. */
const documents = 130

let running: TestClouds
let stores: Stores
let dynamodb: DynamoDBClient
let firestore: Firestore
let cosmos: CosmosClient

beforeAll(async () => {
  running = await smallClouds()
  stores = await openStores(running.folder)
  ;({ dynamoDb: dynamodb, firestore, cosmos } = stores)
}, 120_000)

afterAll(() => stores?.close())

/** What the tables, collections and containers of the application are called by now: another suite may have added some. */
async function applications(): Promise<readonly string[]> {
  const [endpoints] = Object.values(await readEndpoints(join(running.folder, 'endpoints.json')))
  return Object.keys(endpoints?.data ?? {}).toSorted()
}

const carts = () => cosmos.database('tributary').container('carts')

/** Every item of a container as it is stored, by its id: etag and time of writing, too. */
async function itemsOf(container: string): Promise<ReadonlyMap<string, ItemDefinition>> {
  const { resources } = await cosmos.database('tributary').container(container).items.readAll().fetchAll()
  return new Map(resources.map(item => [item.id ?? '', item]))
}

function syncItemsIn(items: ReadonlyMap<string, ItemDefinition>): readonly string[] {
  return [...items.keys()].filter(id => id.startsWith('_tributary|'))
}

async function rowsOf(TableName: string): Promise<readonly unknown[]> {
  const rows: unknown[] = []
  for await (const { Items = [] } of paginateScan({ client: dynamodb }, { TableName, ConsistentRead: true })) {
    rows.push(...Items)
  }
  return rows
}

async function collections(): Promise<readonly string[]> {
  return (await firestore.listCollections()).map(({ id }) => id).toSorted()
}

async function pathsOf(collection: string): Promise<Readonly<Record<string, unknown>>> {
  const { docs } = await firestore.collection(collection).get()
  return Object.fromEntries(docs.map(document => [document.id, [document.data(), document.updateTime]]))
}

async function uninstall(site: string | undefined, ...more: readonly string[]) {
  const args = [join(projectRoot, 'tools/cli/tributary.ts'), 'uninstall', '--local', '--site', String(site), ...more]
  const env = { ...process.env, TRIBUTARY_LOCAL: running.folder }
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: projectRoot, env })
    return { code: 0, out: stdout, err: '' }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, out: stdout, err: stderr }
  }
}

const endFunctions = (site: string | undefined) => running.clouds.ask(String(site), { ask: 'end-functions' })

test('a site whose capture runs is refused, and nothing is touched', async () => {
  const [client] = running.clients
  for (let index = 0; index < documents; index++) {
    await client?.put('carts', { customer_id: `customer-${index}`, currency: 'EUR', items: {} })
  }
  await running.atRest()
  await running.everywhere('carts', [`customer-${documents - 1}`], {
    customer_id: `customer-${documents - 1}`,
    currency: 'EUR',
    items: {},
  })
  const before = await itemsOf('carts')
  expect(syncItemsIn(before)).toHaveLength(before.size / 2)
  expect(before.size).toBeGreaterThanOrEqual(2 * documents)
  // Force is for where nobody tells.
  for (const more of [[], ['--force']]) {
    const refused = await uninstall(azure, '--yes', ...more)
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('npx tributary local destroy azure-eastus') })
    expect(refused.out).toContain('azure-eastus (the local clouds)')
  }
  expect(await itemsOf('carts')).toEqual(before)
})

test('on Cosmos the sync items go from beside the documents, and no document, nor what only looks like one of ours', async () => {
  await endFunctions(azure)
  const lookalike = { id: '_tributary|carts|mine', customer_id: 'mine', _tributary: 'a word of the application' }
  await carts().items.create(lookalike)
  const before = await itemsOf('carts')
  const ours = syncItemsIn(before).filter(id => id !== lookalike.id)

  const said = await uninstall(azure)
  expect(said.code).toBe(0)
  expect(said.out).toContain(`${ours.length} sync items beside your documents`)
  expect(said.out).toContain('Nothing was removed')
  expect(await itemsOf('carts')).toEqual(before)

  expect(await uninstall(azure, '--yes')).toMatchObject({ code: 0 })
  const plain = [...before].filter(([id]) => !ours.includes(id))
  expect(await itemsOf('carts')).toEqual(new Map(plain))
  const { resources: containers } = await cosmos.database('tributary').containers.readAll().fetchAll()
  expect(containers.map(({ id }) => id).toSorted()).toEqual([...(await applications()), 'tributary-audit'])

  const json = await uninstall(azure, '--json')
  expect(JSON.parse(json.out)).toMatchObject({ site: azure, at: 'the local clouds', captureRuns: false, found: [] })
  const again = await uninstall(azure, '--yes')
  expect(again).toMatchObject({ code: 0, out: expect.stringContaining('nothing of Tributary is in its stores') })
  expect(await uninstall(azure, '--with-audit', '--yes')).toMatchObject({ code: 0 })
  const { resources: left } = await cosmos.database('tributary').containers.readAll().fetchAll()
  expect(left.map(({ id }) => id).toSorted()).toEqual(await applications())
})

test('on Firestore the collections of ours go', async () => {
  await endFunctions(gcp)
  const before = await pathsOf('carts')
  expect(Object.keys(before).length).toBeGreaterThanOrEqual(documents)
  expect(await collections()).toContain('tributary-sync')
  expect(await uninstall(gcp, '--with-audit', '--yes')).toMatchObject({ code: 0 })
  expect(await collections()).toEqual(await applications())
  expect(await pathsOf('carts')).toEqual(before)
})

test('on DynamoDB the tables of ours go; nothing was ever in those of the application', async () => {
  await endFunctions(aws)
  const before = await rowsOf('carts')
  expect(before.length).toBeGreaterThanOrEqual(documents)
  expect(await uninstall(aws, '--yes')).toMatchObject({ code: 0 })
  const { TableNames } = await dynamodb.send(new ListTablesCommand({}))
  expect(TableNames?.toSorted()).toEqual([...(await applications()), 'tributary-audit'])
  expect(await rowsOf('carts')).toEqual(before)
  const fields = new Set(before.flatMap(row => Object.keys(Object(row))))
  expect([...fields].filter(name => name.includes('tributary'))).toEqual([])
})
