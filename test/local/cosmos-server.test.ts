/**
 * The local Cosmos DB behaves as the cloud's does wherever Tributary or an application depends on it, as the official
 * client sees it. What the client checks by itself before it asks (sizes of batches) goes over plain HTTP.
 */
import { createHmac } from 'node:crypto'
import type {
  ChangeFeedIteratorOptions,
  Container,
  ContainerRequest,
  CosmosClientOptions,
  JSONObject,
  OperationInput,
} from '@azure/cosmos'
import {
  BulkOperationType,
  ChangeFeedMode,
  ChangeFeedStartFrom,
  CosmosClient,
  PartitionKeyDefinitionVersion,
  PartitionKeyKind,
} from '@azure/cosmos'
import { afterEach, describe, expect, test } from 'vitest'
import type { CosmosServer, CosmosServerOptions } from '../../tools/local/servers/cosmos/cosmos-server.ts'
import { startCosmosServer } from '../../tools/local/servers/cosmos/cosmos-server.ts'
import { runQuery } from '../../tools/local/servers/cosmos/sql.ts'

const cleanups: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function start(options?: CosmosServerOptions): Promise<CosmosServer> {
  const server = await startCosmosServer(options)
  cleanups.push(() => server.stop())
  return server
}

function connect(server: CosmosServer, options: Partial<CosmosClientOptions> = {}): CosmosClient {
  const client = new CosmosClient({ endpoint: server.endpoint, key: server.key, ...options })
  cleanups.push(() => client.dispose())
  return client
}

async function createContainer(client: CosmosClient, definition: ContainerRequest = {}): Promise<Container> {
  const { database } = await client.databases.createIfNotExists({ id: 'shop' })
  const { container } = await database.containers.createIfNotExists({
    id: 'carts',
    partitionKey: { paths: ['/customer'] },
    ...definition,
  })
  return container
}

/** A server, a client and a container, for tests that need no more of them. */
async function shop(definition?: ContainerRequest): Promise<Container> {
  return createContainer(connect(await start()), definition)
}

interface Cart {
  readonly id: string
  readonly customer: string
  readonly total: number
  readonly _etag: string
}

async function failure(call: Promise<unknown>): Promise<{ code: unknown; substatus?: unknown }> {
  return call.then(
    () => expect.fail('the call succeeded'),
    error => error,
  )
}

function cart(id: string, fields: JSONObject = {}): JSONObject & { id: string } {
  return { id, customer: 'ada', total: 1, ...fields }
}

/** A request that the client would not send, signed as the client signs. */
async function post(server: CosmosServer, body: unknown, headers: Record<string, string>): Promise<Response> {
  const link = 'dbs/shop/colls/carts'
  const date = new Date().toUTCString()
  const text = `post\ndocs\n${link}\n${date.toLowerCase()}\n\n`
  const signature = createHmac('sha256', Buffer.from(server.key, 'base64')).update(text).digest('base64')
  return fetch(`${server.endpoint}${link}/docs`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: {
      authorization: encodeURIComponent(`type=master&ver=1.0&sig=${signature}`),
      'x-ms-date': date,
      ...headers,
    },
  })
}

interface FeedItem extends Cart {
  readonly _lsn: number
}

interface Version {
  readonly current: Partial<Cart>
  readonly previous?: Cart
  readonly metadata: {
    readonly operationType: string
    readonly lsn: number
    readonly previousImageLSN: number
    readonly timeToLiveExpired?: boolean
    readonly id?: string
    readonly partitionKey?: unknown
  }
}

/** Everything that the feed holds from `options` on, and where to go on. */
async function drain<Change = FeedItem>(
  container: Container,
  options: ChangeFeedIteratorOptions,
): Promise<{ changes: Change[]; continuation: string; pages: number }> {
  const iterator = container.items.getChangeFeedIterator(options)
  const changes: Change[] = []
  for (let pages = 0; ; pages++) {
    const page = await iterator.readNext()
    if (page.statusCode === 304) return { changes, continuation: page.continuationToken, pages }
    changes.push(...(page.result as Change[]))
  }
}

const fromBeginning = { changeFeedStartFrom: ChangeFeedStartFrom.Beginning() }

async function sleep(ms: number): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, ms))
}

describe('account', () => {
  test.each(['Strong', 'BoundedStaleness', 'Session', 'ConsistentPrefix', 'Eventual'] as const)(
    'code can check that the account promises %s',
    async consistency => {
      const client = connect(await start({ consistency }))
      const { resource } = await client.getDatabaseAccount()
      expect(resource?.consistencyPolicy).toBe(consistency)
    },
  )

  test('promises bounded staleness unless told otherwise', async () => {
    const { resource } = await connect(await start()).getDatabaseAccount()
    expect(resource?.consistencyPolicy).toBe('BoundedStaleness')
  })

  test('refuses a wrong key', async () => {
    const server = await start()
    const client = connect(server, { key: Buffer.from('wrong').toString('base64') })
    expect(await failure(client.databases.create({ id: 'shop' }))).toMatchObject({ code: 401 })
  })

  test('refuses a request without signature', async () => {
    const server = await start()
    expect((await fetch(`${server.endpoint}dbs`)).status).toBe(401)
  })

  test('takes a port and a key, and frees the port when it stops', async () => {
    const first = await startCosmosServer()
    const port = Number(new URL(first.endpoint).port)
    await first.stop()
    const second = await start({ port, key: first.key })
    expect(second).toMatchObject({ endpoint: first.endpoint, key: first.key })
    await expect(connect(second).databases.create({ id: 'shop' })).resolves.toBeDefined()
  })

  test('gives every server a key of its own', async () => {
    expect((await start()).key).not.toBe((await start()).key)
  })
})

describe('databases and containers', () => {
  test('are created, listed, queried, read and deleted', async () => {
    const client = connect(await start())
    const container = await createContainer(client)
    expect((await client.databases.readAll().fetchAll()).resources).toMatchObject([{ id: 'shop' }])
    const database = client.database('shop')
    const named = { query: 'SELECT * FROM c WHERE c.id = @id', parameters: [{ name: '@id', value: 'carts' }] }
    expect((await database.containers.query(named).fetchAll()).resources).toHaveLength(1)
    expect((await container.read()).resource).toMatchObject({ id: 'carts', partitionKey: { paths: ['/customer'] } })
    expect(await failure(database.containers.create({ id: 'carts' }))).toMatchObject({ code: 409 })
    await container.delete()
    expect(await failure(container.read())).toMatchObject({ code: 404 })
    await database.delete()
    expect(await failure(database.read())).toMatchObject({ code: 404 })
  })

  test('keep their partition key and unique keys for life', async () => {
    const container = await shop()
    const moved = { id: 'carts', partitionKey: { paths: ['/region'] } }
    expect(await failure(container.replace(moved))).toMatchObject({ code: 400 })
    const unique = {
      id: 'carts',
      partitionKey: { paths: ['/customer'] },
      uniqueKeyPolicy: { uniqueKeys: [{ paths: ['/a'] }] },
    }
    expect(await failure(container.replace(unique))).toMatchObject({ code: 400 })
  })
})

describe('items', () => {
  test('are created, read, replaced, upserted and deleted', async () => {
    const container = await shop()
    const created = await container.items.create(cart('1'))
    expect(created.statusCode).toBe(201)
    expect(created.resource).toMatchObject({ id: '1', total: 1, _etag: created.etag })
    const replaced = await container.item('1', 'ada').replace(cart('1', { total: 2 }))
    expect(replaced.etag).not.toBe(created.etag)
    expect((await container.item('1', 'ada').read()).resource).toMatchObject({ total: 2, _etag: replaced.etag })
    expect((await container.items.upsert(cart('1', { total: 3 }))).statusCode).toBe(200)
    expect((await container.items.upsert(cart('2'))).statusCode).toBe(201)
    expect((await container.item('1', 'ada').delete()).statusCode).toBe(204)
    expect((await container.item('1', 'ada').read()).statusCode).toBe(404)
    expect(await failure(container.item('1', 'ada').delete())).toMatchObject({ code: 404 })
    expect(await failure(container.item('1', 'ada').replace(cart('1')))).toMatchObject({ code: 404 })
  })

  test('keep names and values as they are, odd ones too', async () => {
    const container = await shop()
    const odd = JSON.parse('{"id":"ü %25+&=","customer":"ada","__proto__":{"a":1},"null":null,"deep":[[{"":0.1}]]}')
    await container.items.create(odd)
    const { resource } = await container.item('ü %25+&=', 'ada').read()
    expect(JSON.parse(JSON.stringify(resource))).toMatchObject(odd)
    expect(Object.keys(resource ?? {})).toContain('__proto__')
  })

  test('exist once per logical partition', async () => {
    const container = await shop()
    await container.items.create(cart('1'))
    expect(await failure(container.items.create(cart('1')))).toMatchObject({ code: 409 })
    await container.items.create(cart('1', { customer: 'bob' }))
    expect((await container.items.readAll().fetchAll()).resources).toHaveLength(2)
  })

  test('refuse a stale etag, whatever the operation', async () => {
    const container = await shop()
    const stale = (await container.items.create(cart('1'))).etag
    const fresh = (await container.item('1', 'ada').replace(cart('1', { total: 2 }))).etag
    const ifStale = { accessCondition: { type: 'IfMatch', condition: stale } }
    const item = container.item('1', 'ada')
    expect(await failure(item.replace(cart('1', { total: 3 }), ifStale))).toMatchObject({ code: 412 })
    expect(await failure(container.items.upsert(cart('1', { total: 3 }), ifStale))).toMatchObject({ code: 412 })
    expect(await failure(item.patch([{ op: 'incr', path: '/total', value: 1 }], ifStale))).toMatchObject({ code: 412 })
    expect(await failure(item.delete(ifStale))).toMatchObject({ code: 412 })
    expect((await item.read()).resource).toMatchObject({ total: 2 })
    await item.delete({ accessCondition: { type: 'IfMatch', condition: fresh } })
  })

  test('If-None-Match * lets nothing be overwritten', async () => {
    const container = await shop()
    const ifAbsent = { accessCondition: { type: 'IfNoneMatch', condition: '*' } }
    expect((await container.items.upsert(cart('1'), ifAbsent)).statusCode).toBe(201)
    expect(await failure(container.items.upsert(cart('1', { total: 2 }), ifAbsent))).toMatchObject({ code: 412 })
    expect(await failure(container.items.create(cart('1'), ifAbsent))).toMatchObject({ code: 409 })
  })

  test('an upsert with If-Match creates what is missing, as the service does', async () => {
    const container = await shop()
    const ifMatch = { accessCondition: { type: 'IfMatch', condition: '"no such version"' } }
    expect((await container.items.upsert(cart('1'), ifMatch)).statusCode).toBe(201)
  })

  test('a read of a known version answers 304', async () => {
    const container = await shop()
    const { etag } = await container.items.create(cart('1'))
    const read = await container.item('1', 'ada').read({ accessCondition: { type: 'IfNoneMatch', condition: etag } })
    expect(read.statusCode).toBe(304)
  })

  test('lose none of 20 concurrent etag-guarded increments', async () => {
    const container = await shop()
    await container.items.create(cart('1', { total: 0 }))
    let refused = 0
    const increment = async (): Promise<void> => {
      const { resource } = await container.item('1', 'ada').read<Cart>()
      if (!resource) throw new Error('the cart is gone')
      const guard = { accessCondition: { type: 'IfMatch', condition: resource._etag } }
      try {
        await container.item('1', 'ada').replace(cart('1', { total: resource.total + 1 }), guard)
      } catch (error) {
        expect(error).toMatchObject({ code: 412 })
        refused += 1
        return increment()
      }
    }
    await Promise.all(Array.from({ length: 20 }, increment))
    expect((await container.item('1', 'ada').read()).resource).toMatchObject({ total: 20 })
    expect(refused).toBeGreaterThan(0)
  })

  test.each([
    ['a question mark', 'a?b'],
    ['1024 bytes', 'x'.repeat(1024)],
    ['1024 bytes in 512 characters', 'é'.repeat(512)],
  ])('an id with %s is refused', async (_, id) => {
    const container = await shop()
    expect(await failure(container.items.create(cart(id)))).toMatchObject({ code: 400 })
  })

  test.each(['a/b', 'a\\b', 'a#b', ''])('the id %j is refused by the server itself', async id => {
    const server = await start()
    await createContainer(connect(server))
    const answer = await post(server, cart(id), { 'x-ms-documentdb-partitionkey': '["ada"]' })
    expect(answer.status).toBe(400)
  })

  test('an id of 1023 bytes is stored', async () => {
    const container = await shop()
    const id = 'x'.repeat(1023)
    await container.items.create(cart(id))
    expect((await container.item(id, 'ada').read()).statusCode).toBe(200)
  })

  test('more than 2 MB are refused, a little less is stored', async () => {
    const container = await shop()
    const megabytes2 = 2 * 1024 * 1024
    expect(await failure(container.items.create(cart('1', { text: 'x'.repeat(megabytes2) })))).toMatchObject({
      code: 413,
    })
    await container.items.create(cart('1', { text: 'x'.repeat(megabytes2 - 1000) }))
  })

  test('a document belongs to the partition key that its properties say', async () => {
    const container = await shop()
    await container.items.create(cart('1'))
    expect(await failure(container.item('1', 'ada').replace(cart('1', { customer: 'bob' })))).toMatchObject({
      code: 400,
      substatus: 1001,
    })
  })

  test('may lack the property of the partition key', async () => {
    const container = await shop()
    await container.items.create({ id: '1', total: 1 })
    expect((await container.item('1', undefined).read()).resource).toMatchObject({ total: 1 })
    expect((await container.item('1', null).read()).statusCode).toBe(404)
  })

  test('answers carry charge, session token, etag and lsn', async () => {
    const container = await shop()
    const { headers, requestCharge, etag } = await container.items.create(cart('1'))
    expect(requestCharge).toBeGreaterThan(0)
    expect(headers).toMatchObject({ lsn: '1', etag })
    expect(headers['x-ms-session-token']).toMatch(/^[01]:-1#1$/)
  })
})

describe('patch', () => {
  test('adds, sets, replaces, removes and increments', async () => {
    const container = await shop()
    await container.items.create(cart('1', { tags: ['a', 'c'], old: 1, nested: { x: 1 } }))
    const { resource } = await container.item('1', 'ada').patch([
      { op: 'add', path: '/tags/1', value: 'b' },
      { op: 'add', path: '/tags/-', value: 'd' },
      { op: 'set', path: '/tags/0', value: 'A' },
      { op: 'replace', path: '/nested/x', value: 2 },
      { op: 'remove', path: '/old' },
      { op: 'incr', path: '/total', value: 4 },
      { op: 'incr', path: '/visits', value: 1 },
      { op: 'set', path: '/a~1b', value: true },
    ])
    expect(resource).toMatchObject({ tags: ['A', 'b', 'c', 'd'], nested: { x: 2 }, total: 5, visits: 1, 'a/b': true })
    expect(resource).not.toHaveProperty('old')
  })

  test('moves a value', async () => {
    const server = await start()
    const container = await createContainer(connect(server))
    await container.items.create(cart('1', { from: { x: 1 } }))
    const operations = [{ op: 'move', from: '/from/x', path: '/to' }]
    const headers = { 'x-ms-cosmos-is-batch-request': 'True', 'x-ms-cosmos-batch-continue-on-error': 'True' }
    const batch = [{ operationType: 'Patch', id: '1', partitionKey: '["ada"]', resourceBody: { operations } }]
    expect((await post(server, batch, headers)).status).toBe(200)
    expect((await container.item('1', 'ada').read()).resource).toMatchObject({ from: {}, to: 1 })
  })

  test.each([
    ['replaces what is not there', { op: 'replace' as const, path: '/nothing', value: 1 }],
    ['removes what is not there', { op: 'remove' as const, path: '/nothing' }],
    ['adds below what is not there', { op: 'add' as const, path: '/nothing/below', value: 1 }],
    ['changes the id', { op: 'set' as const, path: '/id', value: '2' }],
    ['changes the partition key', { op: 'set' as const, path: '/customer', value: 'bob' }],
    ['increments a text', { op: 'incr' as const, path: '/customer', value: 1 }],
  ])('is refused whole where one operation %s', async (_, operation) => {
    const container = await shop()
    await container.items.create(cart('1'))
    const patch = container.item('1', 'ada').patch([{ op: 'incr', path: '/total', value: 1 }, operation])
    expect(await failure(patch)).toMatchObject({ code: 400 })
    expect((await container.item('1', 'ada').read()).resource).toMatchObject({ total: 1 })
  })

  test('happens only where its condition holds', async () => {
    const container = await shop()
    await container.items.create(cart('1', { total: 1 }))
    const take = () =>
      container.item('1', 'ada').patch({
        condition: 'from c where c.total > 0',
        operations: [{ op: 'incr', path: '/total', value: -1 }],
      })
    expect((await take()).resource).toMatchObject({ total: 0 })
    expect(await failure(take())).toMatchObject({ code: 412 })
  })
})

describe('transactional batch', () => {
  test('writes everything, and later operations see earlier ones', async () => {
    const container = await shop()
    const { result, code } = await container.items.batch(
      [
        { operationType: BulkOperationType.Create, resourceBody: cart('1') },
        {
          operationType: BulkOperationType.Patch,
          id: '1',
          resourceBody: { operations: [{ op: 'incr', path: '/total', value: 1 }] },
        },
        { operationType: BulkOperationType.Upsert, resourceBody: cart('2') },
        { operationType: BulkOperationType.Read, id: '1' },
        { operationType: BulkOperationType.Replace, id: '2', resourceBody: cart('2', { total: 9 }) },
        { operationType: BulkOperationType.Create, resourceBody: cart('3') },
        { operationType: BulkOperationType.Delete, id: '3' },
      ],
      'ada',
    )
    expect(code).toBe(200)
    expect(result?.map(({ statusCode }) => statusCode)).toEqual([201, 200, 201, 200, 200, 201, 204])
    expect(result?.[3]?.resourceBody).toMatchObject({ id: '1', total: 2 })
    expect((await container.item('2', 'ada').read()).resource).toMatchObject({ total: 9, _etag: result?.[4]?.eTag })
    expect((await container.item('3', 'ada').read()).statusCode).toBe(404)
  })

  test('leaves nothing when its second operation fails', async () => {
    const container = await shop()
    const stale = (await container.items.create(cart('doc'))).etag
    await container.item('doc', 'ada').replace(cart('doc', { total: 2 }))
    const before = await drain(container, fromBeginning)
    const { result, code } = await container.items.batch(
      [
        { operationType: BulkOperationType.Create, resourceBody: cart('sync') },
        {
          operationType: BulkOperationType.Replace,
          id: 'doc',
          resourceBody: cart('doc', { total: 3 }),
          ifMatch: stale,
        },
        { operationType: BulkOperationType.Delete, id: 'doc' },
      ],
      'ada',
    )
    expect(code).toBe(207)
    expect(result?.map(({ statusCode }) => statusCode)).toEqual([424, 412, 424])
    expect((await container.item('sync', 'ada').read()).statusCode).toBe(404)
    expect((await container.item('doc', 'ada').read()).resource).toMatchObject({ total: 2 })
    expect((await drain(container, fromBeginning)).changes).toEqual(before.changes)
    await container.items.create(cart('sync'))
  })

  test('guards with If-Match and with the absence of an item', async () => {
    const container = await shop()
    const { etag } = await container.items.create(cart('doc'))
    const commit = () =>
      container.items.batch(
        [
          {
            operationType: BulkOperationType.Replace,
            id: 'doc',
            resourceBody: cart('doc', { total: 2 }),
            ifMatch: etag,
          },
          { operationType: BulkOperationType.Create, resourceBody: cart('sync') },
        ],
        'ada',
      )
    expect((await commit()).code).toBe(200)
    expect((await commit()).result?.map(({ statusCode }) => statusCode)).toEqual([412, 424])
  })

  test('stays within one partition key', async () => {
    const container = await shop()
    const { result } = await container.items.batch(
      [
        { operationType: BulkOperationType.Create, resourceBody: cart('1') },
        { operationType: BulkOperationType.Create, resourceBody: cart('2', { customer: 'bob' }) },
      ],
      'ada',
    )
    expect(result?.map(({ statusCode }) => statusCode)).toEqual([424, 400])
  })

  test('has at most 100 operations and 2 MB', async () => {
    const server = await start()
    await createContainer(connect(server))
    const headers = {
      'x-ms-cosmos-is-batch-request': 'True',
      'x-ms-cosmos-batch-atomic': 'True',
      'x-ms-documentdb-partitionkey': '["ada"]',
    }
    const creates = (count: number, text: string) =>
      Array.from({ length: count }, (_, id) => ({
        operationType: 'Create',
        resourceBody: cart(`${count}-${id}`, { text }),
      }))
    expect((await post(server, creates(101, ''), headers)).status).toBe(400)
    expect((await post(server, creates(3, 'x'.repeat(800_000)), headers)).status).toBe(413)
    expect((await post(server, creates(100, 'x'.repeat(10_000)), headers)).status).toBe(200)
  })
})

describe('bulk', () => {
  test('does each operation on its own, in any partition', async () => {
    const container = await shop()
    await container.items.create(cart('taken'))
    const operations: OperationInput[] = [
      ...Array.from({ length: 30 }, (_, id) => ({
        operationType: BulkOperationType.Create,
        partitionKey: `customer-${id}`,
        resourceBody: cart(`new-${id}`, { customer: `customer-${id}` }),
      })),
      { operationType: BulkOperationType.Create, partitionKey: 'ada', resourceBody: cart('taken') },
      { operationType: BulkOperationType.Upsert, partitionKey: 'ada', resourceBody: cart('taken', { total: 7 }) },
    ]
    const results = await container.items.executeBulkOperations(operations)
    expect(results.map(({ response, error }) => response?.statusCode ?? error?.code)).toEqual([
      ...Array.from({ length: 30 }, () => 201),
      409,
      200,
    ])
    expect((await container.items.readAll().fetchAll()).resources).toHaveLength(31)
  })

  test('stops at the first failure when asked to', async () => {
    const container = await shop()
    await container.items.create(cart('taken'))
    const create = (id: string) => ({ operationType: BulkOperationType.Create, resourceBody: cart(id) })
    const results = await container.items.bulk([create('1'), create('taken'), create('2')], { continueOnError: false })
    expect(results.map(({ statusCode }) => statusCode)).toEqual([201, 409, 424])
    expect((await container.item('1', 'ada').read()).statusCode).toBe(200)
    expect((await container.item('2', 'ada').read()).statusCode).toBe(404)
  })
})

describe('queries', () => {
  async function customers(): Promise<Container> {
    const container = await shop()
    const customersByTotal = ['ada', 'bob', 'cy', 'dee', 'eve', 'flo', 'gus', 'hal', 'ida', 'jon', 'kim', 'lou']
    for (const [total, customer] of customersByTotal.entries())
      await container.items.create(cart('1', { customer, total }))
    return container
  }

  test('take parameters and cross partitions', async () => {
    const container = await customers()
    const spec = { query: 'SELECT c.customer FROM c WHERE c.total >= @min', parameters: [{ name: '@min', value: 10 }] }
    const { resources } = await container.items.query(spec).fetchAll()
    expect(new Set(resources.map(({ customer }) => customer))).toEqual(new Set(['kim', 'lou']))
  })

  test('stay within a partition key', async () => {
    const container = await customers()
    const { resources } = await container.items.query('SELECT VALUE c.total FROM c', { partitionKey: 'eve' }).fetchAll()
    expect(resources).toEqual([4])
  })

  test('order and count over all partitions', async () => {
    const container = await customers()
    const ordered = await container.items.query('SELECT VALUE c.customer FROM c ORDER BY c.total DESC').fetchAll()
    expect(ordered.resources.slice(0, 3)).toEqual(['lou', 'kim', 'jon'])
    const counted = await container.items.query('SELECT VALUE COUNT(1) FROM c').fetchAll()
    expect(counted.resources).toEqual([12])
  })

  test('page by continuation, and writes between two pages neither repeat nor skip others', async () => {
    const container = await customers()
    const seen: string[] = []
    let continuationToken: string | undefined
    do {
      const options = { maxItemCount: 5, ...(continuationToken === undefined ? {} : { continuationToken }) }
      const page = await container.items.query<Cart>('SELECT * FROM c', options).fetchNext()
      const customersOnPage = page.resources.map(({ customer }) => customer)
      seen.push(...customersOnPage)
      const [first = ''] = customersOnPage
      if (seen.length <= 10) await container.item('1', first).delete()
      continuationToken = page.continuationToken
    } while (continuationToken !== undefined)
    expect(seen).toHaveLength(12)
    expect(new Set(seen).size).toBe(12)
  })

  test('read all pages of a large container', async () => {
    const container = await shop()
    for (let start = 0; start < 1000; start += 100) {
      await container.items.batch(
        Array.from({ length: 100 }, (_, id) => ({
          operationType: BulkOperationType.Create,
          resourceBody: cart(`${start + id}`),
        })),
        'ada',
      )
    }
    const { resources } = await container.items.readAll({ maxItemCount: 150 }).fetchAll()
    expect(new Set(resources.map(({ id }) => id)).size).toBe(1000)
  })

  test('take time in proportion to the items', { timeout: 20_000 }, () => {
    const items = Array.from({ length: 100_000 }, (_, id) => ({ id: String(id), _rid: String(id), total: id % 100 }))
    const query = { query: 'SELECT VALUE COUNT(1) FROM c WHERE c.total = 7', parameters: [] }
    const { results } = runQuery(items, query, { size: 10, continuation: undefined, compositeIndexes: [] })
    expect(results).toEqual([1000])
  })

  test('that cannot be run are refused', async () => {
    const container = await shop()
    expect(await failure(container.items.query('SELECT FROM WHERE').fetchAll())).toMatchObject({ code: 400 })
    const composite = 'SELECT * FROM c ORDER BY c.total, c.customer'
    expect(await failure(container.items.query(composite).fetchAll())).toMatchObject({ code: 400 })
  })
})

describe('hierarchical partition keys', () => {
  async function orders(): Promise<Container> {
    return shop({
      partitionKey: {
        paths: ['/tenant', '/user/name'],
        kind: PartitionKeyKind.MultiHash,
        version: PartitionKeyDefinitionVersion.V2,
      },
    })
  }
  const order = (id: string, tenant: string, name: string) => ({ id, tenant, user: { name } })

  test('name items by all levels and queries by some', async () => {
    const container = await orders()
    await container.items.create(order('1', 'north', 'ada'))
    await container.items.create(order('1', 'north', 'bob'))
    await container.items.create(order('1', 'south', 'ada'))
    expect((await container.item('1', ['north', 'bob']).read()).resource).toMatchObject({ user: { name: 'bob' } })
    expect(await failure(container.item('1', ['north']).read())).toMatchObject({ code: 400 })
    const { resources } = await container.items.query('SELECT * FROM c', { partitionKey: ['north'] }).fetchAll()
    expect(resources).toHaveLength(2)
  })

  test('a change feed of the first level has all changes below it and no others', async () => {
    const container = await orders()
    const tenants = ['north', 'south', 'east', 'west', 'ünder']
    for (const tenant of tenants)
      for (const name of ['ada', 'bob']) await container.items.create(order(name, tenant, name))
    for (const tenant of tenants) {
      const { changes } = await drain<{ tenant: string }>(container, {
        changeFeedStartFrom: ChangeFeedStartFrom.Beginning([tenant]),
      })
      expect(changes.map(change => change.tenant)).toEqual([tenant, tenant])
    }
  })
})

describe('unique keys', () => {
  async function accounts(): Promise<Container> {
    return shop({ uniqueKeyPolicy: { uniqueKeys: [{ paths: ['/email'] }] } })
  }

  test('refuse a second item with the same value in a logical partition', async () => {
    const container = await accounts()
    await container.items.create(cart('1', { email: 'a@x' }))
    expect(await failure(container.items.create(cart('2', { email: 'a@x' })))).toMatchObject({ code: 409 })
    await container.items.create(cart('2', { email: 'a@x', customer: 'bob' }))
    await container.items.create(cart('3', { email: 'b@x' }))
    expect(await failure(container.item('3', 'ada').replace(cart('3', { email: 'a@x' })))).toMatchObject({ code: 409 })
  })

  test('free a value with the item that held it, also within a batch, but not by a batch that failed', async () => {
    const container = await accounts()
    await container.items.create(cart('1', { email: 'a@x' }))
    const handOver = (last: OperationInput) =>
      container.items.batch(
        [
          { operationType: BulkOperationType.Delete, id: '1' },
          { operationType: BulkOperationType.Create, resourceBody: cart('2', { email: 'a@x' }) },
          last,
        ],
        'ada',
      )
    expect((await handOver({ operationType: BulkOperationType.Delete, id: 'nothing' })).code).toBe(207)
    expect(await failure(container.items.create(cart('9', { email: 'a@x' })))).toMatchObject({ code: 409 })
    expect((await handOver({ operationType: BulkOperationType.Read, id: '2' })).code).toBe(200)
    expect(await failure(container.items.create(cart('9', { email: 'a@x' })))).toMatchObject({ code: 409 })
  })
})

describe('time to live', () => {
  test('the default and the item decide, and the feed says why an item went', async () => {
    const container = await shop({ defaultTtl: 1 })
    const options = { changeFeedMode: ChangeFeedMode.AllVersionsAndDeletes }
    const start = await drain<Version>(container, options)
    await container.items.create(cart('default'))
    await container.items.create(cart('longer', { ttl: 60 }))
    await container.items.create(cart('never', { ttl: -1 }))
    await sleep(2100)
    expect((await container.item('default', 'ada').read()).statusCode).toBe(404)
    expect((await container.item('longer', 'ada').read()).statusCode).toBe(200)
    expect((await container.item('never', 'ada').read()).statusCode).toBe(200)
    const changeFeedStartFrom = ChangeFeedStartFrom.Continuation(start.continuation)
    const { changes } = await drain<Version>(container, { ...options, changeFeedStartFrom })
    expect(changes.at(-1)).toMatchObject({
      current: {},
      previous: { id: 'default' },
      metadata: { operationType: 'delete', timeToLiveExpired: true, id: 'default', partitionKey: { customer: 'ada' } },
    })
    expect(changes.filter(({ metadata }) => metadata.operationType === 'delete')).toHaveLength(1)
  })

  test('an item is given new time by every write, and by a new default', async () => {
    const container = await shop({ defaultTtl: -1 })
    await container.items.create(cart('renewed', { ttl: 1 }))
    await container.items.create(cart('kept'))
    await container.items.upsert(cart('renewed', { ttl: 60 }))
    await sleep(2100)
    expect((await container.items.readAll().fetchAll()).resources).toHaveLength(2)
    await container.replace({ id: 'carts', partitionKey: { paths: ['/customer'] }, defaultTtl: 1 })
    await sleep(1100)
    expect((await container.items.readAll<Cart>().fetchAll()).resources.map(({ id }) => id)).toEqual(['renewed'])
  })

  test('without a default nothing expires, and a ttl of 0 is refused', async () => {
    const container = await shop()
    await container.items.create(cart('1', { ttl: 1 }))
    expect(await failure(container.items.create(cart('2', { ttl: 0 })))).toMatchObject({ code: 400 })
    await sleep(2100)
    expect((await container.item('1', 'ada').read()).statusCode).toBe(200)
  })
})

describe('change feed of latest versions', () => {
  test('never stops: 10,000 changes all come, page by page, through iterators and their continuations', async () => {
    const container = await shop()
    for (let batch = 0; batch < 100; batch++) {
      const customer = `customer-${batch}`
      await container.items.batch(
        Array.from({ length: 100 }, (_, id) => ({
          operationType: BulkOperationType.Create,
          resourceBody: cart(`${batch}-${id}`, { customer }),
        })),
        customer,
      )
    }
    const seen = new Set<string>()
    let changeFeedStartFrom = ChangeFeedStartFrom.Beginning()
    for (let pages = 0; seen.size < 10_000 && pages < 200; pages++) {
      const page = await container.items.getChangeFeedIterator({ changeFeedStartFrom, maxItemCount: 90 }).readNext()
      for (const { id } of page.result) seen.add(id)
      changeFeedStartFrom = ChangeFeedStartFrom.Continuation(page.continuationToken)
    }
    expect(seen.size).toBe(10_000)
    const { changes, pages } = await drain(container, { ...fromBeginning, maxItemCount: 90 })
    expect(changes).toHaveLength(10_000)
    expect(pages).toBe(100)
  })

  test('shows each item once, at its last change, and no deletes', async () => {
    const container = await shop()
    for (const id of ['1', '2', '3']) await container.items.create(cart(id))
    await container.item('1', 'ada').replace(cart('1', { total: 2 }))
    await container.item('2', 'ada').delete()
    const { changes } = await drain(container, fromBeginning)
    expect(changes.map(({ id, total, _lsn }) => [id, total, _lsn])).toEqual([
      ['3', 1, 3],
      ['1', 2, 4],
    ])
  })

  test('goes on from a continuation, and says 304 while nothing is new', async () => {
    const container = await shop()
    await container.items.create(cart('1'))
    const iterator = container.items.getChangeFeedIterator(fromBeginning)
    expect((await iterator.readNext()).result).toMatchObject([{ id: '1' }])
    const nothing = await iterator.readNext()
    expect([nothing.statusCode, nothing.count]).toEqual([304, 0])
    await container.items.create(cart('2'))
    expect((await iterator.readNext()).result).toMatchObject([{ id: '2' }])
    const resumed = ChangeFeedStartFrom.Continuation(nothing.continuationToken)
    expect((await drain(container, { changeFeedStartFrom: resumed })).changes).toMatchObject([{ id: '2' }])
  })

  test('starts from now', async () => {
    const container = await shop()
    await container.items.create(cart('before'))
    const iterator = container.items.getChangeFeedIterator({ changeFeedStartFrom: ChangeFeedStartFrom.Now() })
    expect((await iterator.readNext()).statusCode).toBe(304)
    await container.items.create(cart('after'))
    expect((await iterator.readNext()).result).toMatchObject([{ id: 'after' }])
  })

  test('starts from a point in time', async () => {
    const container = await shop()
    await container.items.create(cart('before'))
    await sleep(1100)
    const changeFeedStartFrom = ChangeFeedStartFrom.Time(new Date())
    await container.items.create(cart('after'))
    expect((await drain(container, { changeFeedStartFrom })).changes).toMatchObject([{ id: 'after' }])
  })

  test('is read by partition key', async () => {
    const container = await shop()
    for (const customer of ['ada', 'bob', 'cy', 'ada']) await container.items.upsert(cart(customer, { customer }))
    const { changes } = await drain(container, { changeFeedStartFrom: ChangeFeedStartFrom.Beginning('bob') })
    expect(changes).toMatchObject([{ id: 'bob' }])
  })

  test('is divided among feed ranges: each change is in exactly one', async () => {
    const container = await shop()
    for (let id = 0; id < 40; id++) await container.items.create(cart('1', { customer: `customer-${id}` }))
    const ranges = await container.getFeedRanges()
    expect(ranges.length).toBeGreaterThan(1)
    const parts = await Promise.all(
      ranges.map(range => drain(container, { changeFeedStartFrom: ChangeFeedStartFrom.Beginning(range) })),
    )
    const customersByRange = parts.map(({ changes }) => changes.map(({ customer }) => customer))
    expect(customersByRange.every(customers => customers.length > 0)).toBe(true)
    expect(new Set(customersByRange.flat()).size).toBe(40)
    expect(customersByRange.flat()).toHaveLength(40)
  })

  test("a batch's changes share one lsn and are never torn between pages", async () => {
    const container = await shop()
    await container.items.create(cart('alone'))
    await container.items.batch(
      ['1', '2', '3'].map(id => ({ operationType: BulkOperationType.Create, resourceBody: cart(id) })),
      'ada',
    )
    const iterator = container.items.getChangeFeedIterator<FeedItem>({ ...fromBeginning, maxItemCount: 1 })
    const pageLsns: number[][] = []
    for (let page = await iterator.readNext(); page.statusCode !== 304; page = await iterator.readNext())
      pageLsns.push(page.result.map(({ _lsn }) => _lsn))
    expect(pageLsns).toEqual([[1], [2, 2, 2]])
  })

  test('of a container that was deleted does not go on silently in the next one of that name', async () => {
    const client = connect(await start())
    const first = await createContainer(client)
    for (const id of ['1', '2', '3']) await first.items.create(cart(id))
    const { continuation } = await drain(first, { changeFeedStartFrom: ChangeFeedStartFrom.Beginning('ada') })
    await first.delete()
    const second = await createContainer(client)
    await second.items.create(cart('1'))
    const changeFeedStartFrom = ChangeFeedStartFrom.Continuation(continuation)
    await expect(drain(second, { changeFeedStartFrom })).rejects.toThrow()
  })
})

describe('change feed of all versions and deletes', () => {
  const changeFeedMode = ChangeFeedMode.AllVersionsAndDeletes

  test('shows create, replace and delete with the images before and after', async () => {
    const container = await shop()
    const start = await drain<Version>(container, { changeFeedMode })
    await container.items.create(cart('1'))
    await container.item('1', 'ada').replace(cart('1', { total: 2 }))
    await container.item('1', 'ada').patch([{ op: 'incr', path: '/total', value: 1 }])
    await container.item('1', 'ada').delete()
    const changeFeedStartFrom = ChangeFeedStartFrom.Continuation(start.continuation)
    const { changes } = await drain<Version>(container, { changeFeedMode, changeFeedStartFrom, maxItemCount: 2 })
    const summary = changes.map(({ metadata, current, previous }) => [
      metadata.operationType,
      metadata.lsn,
      metadata.previousImageLSN,
      current.total,
      previous?.total,
    ])
    expect(summary).toEqual([
      ['create', 1, 0, 1, undefined],
      ['replace', 2, 1, 2, 1],
      ['replace', 3, 2, 3, 2],
      ['delete', 4, 3, undefined, 3],
    ])
    expect(changes[3]).toMatchObject({
      current: {},
      metadata: { timeToLiveExpired: false, id: '1', partitionKey: { customer: 'ada' } },
    })
  })

  test.each([
    ['the beginning', () => ChangeFeedStartFrom.Beginning()],
    ['a point in time', () => ChangeFeedStartFrom.Time(new Date())],
  ])('does not start from %s, as in the service', async (_, startFrom) => {
    const container = await shop()
    const read = container.items.getChangeFeedIterator({ changeFeedMode, changeFeedStartFrom: startFrom() }).readNext()
    expect(await failure(read)).toMatchObject({ code: 400 })
  })
})

describe('stale reads', () => {
  /** Longer than any test: what has just been written is never seen without a token. */
  const readMs = 60_000

  /** A writer and a reader, each with a client of its own; an item was created with total 1 and then set to 2. */
  async function justChanged(
    consistency: CosmosServerOptions['consistency'],
    options: Partial<CosmosClientOptions> = {},
  ) {
    const server = await start({ ...(consistency ? { consistency } : {}), staleness: { readMs } })
    const writer = await createContainer(connect(server, options))
    const reader = connect(server, options).database('shop').container('carts')
    const created = await writer.items.create(cart('1'))
    const replaced = await writer.item('1', 'ada').replace(cart('1', { total: 2 }))
    return { writer, reader, tokens: [created, replaced].map(({ headers }) => String(headers['x-ms-session-token'])) }
  }

  test('show the older version until the lag is over', async () => {
    const lagMs = 1000
    const server = await start({ consistency: 'Session', staleness: { readMs: lagMs } })
    const writer = await createContainer(connect(server))
    const reader = connect(server).database('shop').container('carts')
    await writer.items.create(cart('1'))
    await sleep(lagMs + 50)
    await writer.item('1', 'ada').replace(cart('1', { total: 2 }))
    await writer.items.create(cart('2'))
    expect((await reader.item('1', 'ada').read()).resource).toMatchObject({ total: 1 })
    expect((await reader.items.readAll().fetchAll()).resources).toMatchObject([{ id: '1', total: 1 }])
    await sleep(lagMs + 50)
    expect((await reader.item('1', 'ada').read()).resource).toMatchObject({ total: 2 })
    expect((await reader.items.readAll().fetchAll()).resources).toHaveLength(2)
  })

  test.each(['Session', 'ConsistentPrefix', 'Eventual'] as const)('happen under %s', async consistency => {
    const { reader } = await justChanged(consistency)
    expect((await reader.item('1', 'ada').read()).statusCode).toBe(404)
    expect((await reader.items.readAll().fetchAll()).resources).toEqual([])
  })

  test.each([undefined, 'BoundedStaleness', 'Strong'] as const)('do not happen under %s', async consistency => {
    const { reader } = await justChanged(consistency)
    expect((await reader.item('1', 'ada').read()).resource).toMatchObject({ total: 2 })
    expect((await reader.items.readAll().fetchAll()).resources).toMatchObject([{ total: 2 }])
  })

  test('under session a token shows at least the write it came from, and no more', async () => {
    const { reader, tokens } = await justChanged('Session')
    for (const [index, sessionToken] of tokens.entries()) {
      const total = index + 1
      expect((await reader.item('1', 'ada').read({ sessionToken })).resource).toMatchObject({ total })
      const query = reader.items.query('SELECT VALUE c.total FROM c', { sessionToken, partitionKey: 'ada' })
      expect((await query.fetchAll()).resources).toEqual([total])
    }
  })

  test('below session a token does not help', async () => {
    const { reader, tokens } = await justChanged('Eventual')
    const [, sessionToken = ''] = tokens
    expect((await reader.item('1', 'ada').read({ sessionToken })).statusCode).toBe(404)
  })

  test('do not happen to a client that was told to use session consistency and reads its own writes', async () => {
    const { writer, reader } = await justChanged('Session', { consistencyLevel: 'Session' })
    expect((await writer.item('1', 'ada').read()).resource).toMatchObject({ total: 2 })
    expect((await reader.item('1', 'ada').read()).statusCode).toBe(404)
  })

  test('happen to a client that was not told so, even with its own writes', async () => {
    const { writer } = await justChanged('Session')
    expect((await writer.item('1', 'ada').read()).statusCode).toBe(404)
  })

  test('happen to a client that asks for less than the account promises', async () => {
    const { reader } = await justChanged('BoundedStaleness', { consistencyLevel: 'Eventual' })
    expect((await reader.item('1', 'ada').read()).statusCode).toBe(404)
  })

  test('cannot be avoided by asking for more than the account promises', async () => {
    const client = connect(await start({ consistency: 'Session' }), { consistencyLevel: 'Strong' })
    const container = await createContainer(client)
    expect(await failure(container.items.readAll().fetchAll())).toMatchObject({ code: 400 })
  })

  test('still show what was deleted', async () => {
    const { writer, reader, tokens } = await justChanged('Session')
    const [, sessionToken = ''] = tokens
    await writer.item('1', 'ada').delete()
    await writer.items.create(cart('1', { total: 9 }))
    expect((await reader.item('1', 'ada').read({ sessionToken })).resource).toMatchObject({ total: 2 })
    expect((await reader.items.readAll({ sessionToken }).fetchAll()).resources).toMatchObject([{ total: 2 }])
  })

  test('cannot overwrite: conditions are judged by the current state', async () => {
    const { reader, tokens } = await justChanged('Session')
    const [sessionToken = ''] = tokens
    const { resource } = await reader.item('1', 'ada').read<Cart>({ sessionToken })
    const guard = { accessCondition: { type: 'IfMatch', condition: resource?._etag ?? '' } }
    expect(resource).toMatchObject({ total: 1 })
    expect(await failure(reader.item('1', 'ada').replace(cart('1', { total: 9 }), guard))).toMatchObject({ code: 412 })
  })

  test('happen to items that the feed has shown already', async () => {
    const { reader } = await justChanged('Session')
    expect((await drain(reader, fromBeginning)).changes).toMatchObject([{ total: 2 }])
    expect((await reader.item('1', 'ada').read()).statusCode).toBe(404)
  })

  test('a token from the future, as of a deleted container of that name, is refused so that clients drop it', async () => {
    const server = await start({ consistency: 'Session' })
    const container = await createContainer(connect(server))
    const { headers } = await container.items.create(cart('1'))
    const sessionToken = String(headers['x-ms-session-token']).replace(/#1$/, '#99')
    const query = { query: 'SELECT * FROM c' }
    const stubborn = connect(server, { connectionPolicy: { enableEndpointDiscovery: false } })
    const read = stubborn.database('shop').container('carts').items.query(query, { sessionToken, partitionKey: 'ada' })
    expect(await failure(read.fetchAll())).toMatchObject({ code: 404, substatus: 1002 })
    const forgetful = container.items.query(query, { sessionToken, partitionKey: 'ada' })
    await expect(forgetful.fetchAll()).resolves.toBeDefined()
  })
})

describe('outages', () => {
  const once = { connectionPolicy: { retryOptions: { maxRetryAttemptCount: 0 } } }

  test('429 tells when to try again, and the client does so by itself', async () => {
    const server = await start()
    const container = await createContainer(connect(server))
    const impatient = connect(server, once).database('shop').container('carts')
    server.refuse(429)
    const refused = await failure(impatient.items.create(cart('1')))
    expect(refused).toMatchObject({ code: 429, retryAfterInMs: expect.any(Number) })
    const patient = container.items.create(cart('2'))
    await sleep(60)
    server.refuse(undefined)
    expect((await patient).statusCode).toBe(201)
    expect((await container.item('1', 'ada').read()).statusCode).toBe(404)
  })

  test('503 fails reads and writes until it is over', async () => {
    const server = await start()
    const container = await createContainer(connect(server, once))
    server.refuse(503)
    expect(await failure(container.items.create(cart('1')))).toMatchObject({ code: 503 })
    expect(await failure(container.item('1', 'ada').read())).toMatchObject({ code: 503 })
    server.refuse(undefined)
    expect((await container.items.create(cart('1'))).statusCode).toBe(201)
  })
})
