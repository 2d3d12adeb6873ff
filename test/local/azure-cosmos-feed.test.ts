/** The Cosmos trigger from end to end: official client, change feed and leases of a Cosmos server, a bundled function. */
import { type Container, CosmosClient, type Database } from '@azure/cosmos'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { openCosmosFeed } from '../../tools/local/azure/cosmos-client-feed.ts'
import { cosmosTriggerSchema } from '../../tools/local/azure/cosmos-trigger-settings.ts'
import { type AppTriggers, startTriggers } from '../../tools/local/azure/start-triggers.ts'
import { noFaults } from '../../tools/local/runtime/delivery-faults.ts'
import { startCosmosServer } from '../../tools/local/servers/cosmos/cosmos-server.ts'
import { type AppUnderTest, bundleApp, eventually } from './azure-app.ts'

let server: Awaited<ReturnType<typeof startCosmosServer>>
let client: CosmosClient
let database: Database
let carts: Container
let running: { under: AppUnderTest; triggers: AppTriggers } | undefined

beforeAll(async () => {
  server = await startCosmosServer({ consistency: 'BoundedStaleness' })
  client = new CosmosClient({ endpoint: server.endpoint, key: server.key })
})
afterAll(async () => {
  client.dispose()
  await server.stop()
})
beforeEach(async () => {
  database = (await client.databases.create({ id: 'shop' })).database
  carts = (await database.containers.create({ id: 'carts', partitionKey: { paths: ['/customer_id'] } })).container
})
afterEach(async () => {
  await running?.triggers.stop()
  await running?.under.remove()
  running = undefined
  await database.delete()
})

const environment = () => ({ COSMOS: `AccountEndpoint=${server.endpoint};AccountKey=${server.key}` })
const declaration = `connection: 'COSMOS', databaseName: 'shop', containerName: 'carts', createLeaseContainerIfNotExists: true,`

async function start(source: string): Promise<AppUnderTest> {
  const under = await bundleApp(
    `import { app } from '@azure/functions'
     const saw = (context, value) => context.log('saw', JSON.stringify(value))
     ${source}`,
    { environment: environment() },
  )
  try {
    const triggers = await startTriggers({ app: under.app, faults: noFaults(), onLog: under.onLog })
    running = { under, triggers }
    return under
  } catch (error) {
    await under.remove()
    throw error
  }
}

async function stop(): Promise<void> {
  await running?.triggers.stop()
  await running?.under.remove()
  running = undefined
}

const seesIds = (extra = '') => `app.cosmosDB('capture', { ${declaration} ${extra}
  handler: (documents, context) => { for (const { id } of documents) saw(context, id) } })`
const ids = (count: number, prefix = 'cart') => Array.from({ length: count }, (_, index) => `${prefix}-${index}`)
const create = (id: string) => carts.items.create({ id, customer_id: id, total: 1 })

test('a function sees what is written after its start, every item of every partition, once', async () => {
  await create('before')
  const { saw } = await start(seesIds())
  await Promise.all(ids(40).map(create))
  await eventually(() => expect(saw()).toHaveLength(40))
  expect(saw().sort()).toEqual(ids(40).sort())
})

test('after a restart it goes on where it was: nothing of the time between is missed or repeated', async () => {
  const first = await start(seesIds())
  await create('first')
  await eventually(() => expect(first.saw()).toEqual(['first']))
  await stop()
  await create('meanwhile')
  const { saw } = await start(seesIds())
  await create('second')
  await eventually(() => expect(saw()).toHaveLength(2))
  expect(saw().sort()).toEqual(['meanwhile', 'second'])
})

test('from the beginning, in batches of at most what the function declares', async () => {
  await Promise.all(ids(12).map(create))
  const { saw } = await start(
    `app.cosmosDB('capture', { ${declaration} startFromBeginning: true, maxItemsPerInvocation: 5,
       handler: (documents, context) => saw(context, documents.map(({ id }) => id)) })`,
  )
  await eventually(() => expect(saw().flat()).toHaveLength(12))
  for (const batch of saw())
    expect(batch).toHaveProperty(
      'length',
      expect.toSatisfy(size => size >= 1 && size <= 5),
    )
  expect(saw().flat().sort()).toEqual(ids(12).sort())
})

test('all versions and deletes: every version with what it did, the delete too', async () => {
  const { saw } = await start(
    `app.cosmosDB('capture', { ${declaration} changeFeedMode: 'AllVersionsAndDeletes',
       handler: (changes, context) => { for (const { current, previous, metadata } of changes)
         saw(context, [metadata.operationType, current?.total, metadata.lsn]) } })`,
  )
  await carts.items.create({ id: 'c', customer_id: 'ann', total: 1 })
  await carts.items.upsert({ id: 'c', customer_id: 'ann', total: 2 })
  await carts.item('c', 'ann').delete()
  await eventually(() => expect(saw()).toHaveLength(3))
  const any = expect.any(Number)
  expect(saw()).toEqual([
    ['create', 1, any],
    ['replace', 2, any],
    ['delete', undefined, any].map(value => value ?? null),
  ])
})

test('a failing function gets its batch again, a killed instance too, and no change is lost', async () => {
  // Only a file outlives an instance: it tells the second one not to hang. It is there before the call is seen, so that
  // the first one cannot be killed in between.
  const { app, saw } = await start(
    `const { existsSync, writeFileSync } = require('node:fs'); const mark = __filename + '.hung'
     let calls = 0
     app.cosmosDB('capture', { ${declaration} retry: { strategy: 'fixedDelay', maxRetryCount: -1, delayInterval: 0 },
       handler: async (documents, context) => {
         calls += 1
         if (calls === 1) throw new Error('first attempts fail')
         const first = !existsSync(mark)
         writeFileSync(mark, '')
         for (const { id } of documents) saw(context, id)
         if (first) await new Promise(() => undefined)
       } })`,
  )
  await create('cart')
  await eventually(() => expect(saw()).toEqual(['cart']))
  await app.kill()
  await eventually(() => expect(saw()).toEqual(['cart', 'cart']))
  await create('next')
  await eventually(() => expect(saw()).toEqual(['cart', 'cart', 'next']))
})

test('a function that shares another one’s leases is refused: each would see only a part of the changes', async () => {
  await start(seesIds())
  await stop()
  const other = seesIds().replace(`'capture'`, `'publish'`)
  await expect(start(other)).rejects.toThrow(
    'belongs to function capture: give publish a leaseContainerPrefix of its own',
  )

  const { saw } = await start(other.replace('handler', `leaseContainerPrefix: 'publish-', handler`))
  await create('cart')
  await eventually(() => expect(saw()).toEqual(['cart']))
})

test('functions of several apps may start at the same time, when their lease container is still to be made', async () => {
  const open = (functionName: string) => {
    const settings = cosmosTriggerSchema.parse({
      connection: 'COSMOS',
      databaseName: 'shop',
      containerName: 'carts',
      createLeaseContainerIfNotExists: true,
      leaseContainerPrefix: functionName,
    })
    return openCosmosFeed({ functionName, settings, environment: environment() })
  }
  const feeds = await Promise.all(['capture', 'publish', 'audit'].map(open))
  for (const feed of feeds) {
    for (const range of feed.ranges) expect(await range.position()).toBeTypeOf('string')
    feed.close()
  }
})

test('a missing lease container is refused with what to do about it', async () => {
  const declared = seesIds().replace('createLeaseContainerIfNotExists: true', `leaseContainerName: 'none'`)
  await expect(start(declared)).rejects.toThrow('lease container shop/none does not exist: create it')
})

test('an outage of Cosmos is reported, and afterwards everything arrives', async () => {
  const { saw } = await start(seesIds())
  await create('before')
  await eventually(() => expect(saw()).toEqual(['before']))
  server.refuse(503)
  await eventually(() => expect(running?.triggers.triggers[0]?.status().failures).toBeGreaterThan(0))
  server.refuse(undefined)
  await create('after')
  // If the outage fell between the function and its checkpoint, "before" is delivered again: at least once.
  await eventually(() => expect([...new Set(saw())]).toEqual(['before', 'after']))
})
