/**
 * Servers that somebody else started, named by the standard variables: the local clouds work with all of them, end none
 * of them, and say so when one cannot be used.
 */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CreateTableCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { Firestore } from '@google-cloud/firestore'
import { buildApp } from 'fauxqs'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { defineSync, register } from '../../shared/declare/index.ts'
import { projectRoot } from '../../tools/build/bundle-functions.ts'
import { recordAtSites } from '../../tools/cli/commands/get.ts'
import { readStatus } from '../../tools/cli/commands/status.ts'
import { ensureDynamoDbLocal, startDynamoDbLocal } from '../../tools/local/aws/dynamodb-local.ts'
import { startKinesisLocal } from '../../tools/local/aws/kinesis-local.ts'
import { provisionAws } from '../../tools/local/aws/provision.ts'
import { storageEndpoints } from '../../tools/local/azure/account-addresses.ts'
import { startAzurite } from '../../tools/local/azure/azurite.ts'
import { checkEndpoints } from '../../tools/local/check-endpoints.ts'
import type { ApplicationClient, Item } from '../../tools/local/official-clients/application-client.ts'
import { openClients } from '../../tools/local/official-clients/open-clients.ts'
import { startCosmosServer } from '../../tools/local/servers/cosmos/cosmos-server.ts'
import { startFirestoreServer } from '../../tools/local/servers/firestore/server.ts'
import { startPubSubServer } from '../../tools/local/servers/pubsub/pubsub-server.ts'
import { cartsAndProducts, startTestClouds, type TestClouds } from './running-clouds.ts'

interface UsersServers {
  readonly variables: Readonly<Record<string, string>>
  readonly dynamoDb: DynamoDBClient
  stop(): Promise<void>
}

async function startUsersServers(): Promise<UsersServers> {
  const silent = { onLog: () => {}, onProgress: () => {} }
  const { directory } = await ensureDynamoDbLocal(silent)
  const dynamoDbLocal = await startDynamoDbLocal({ directory, ...silent })
  const kinesis = await startKinesisLocal()
  // As its users start it: the host in the URLs of its queues is `sqs.<region>.localhost`.
  const sqs = buildApp({ logger: false })
  const firestore = await startFirestoreServer()
  const pubsub = await startPubSubServer()
  const cosmos = await startCosmosServer()
  const azurite = await startAzurite(silent)
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  const dynamoDb = new DynamoDBClient({ region: 'us-east-1', endpoint: dynamoDbLocal.endpoint, credentials })
  return {
    variables: {
      AWS_ENDPOINT_URL_DYNAMODB: dynamoDbLocal.endpoint,
      AWS_ENDPOINT_URL_KINESIS: kinesis.endpoint,
      AWS_ENDPOINT_URL_SQS: await sqs.listen({ port: 0, host: '127.0.0.1' }),
      FIRESTORE_EMULATOR_HOST: firestore.host,
      PUBSUB_EMULATOR_HOST: pubsub.host,
      TRIBUTARY_COSMOS: `AccountEndpoint=${cosmos.endpoint};AccountKey=${cosmos.key};`,
      TRIBUTARY_STORAGE: azurite.connectionString,
    },
    dynamoDb,
    async stop() {
      dynamoDb.destroy()
      const servers = [dynamoDbLocal, kinesis, firestore, pubsub, cosmos, azurite]
      await Promise.all([...servers.map(server => server.stop()), sqs.close()])
    },
  }
}

let servers: UsersServers

beforeAll(async () => {
  servers = await startUsersServers()
}, 120_000)

afterAll(() => servers?.stop())

describe('clouds on servers of the user', () => {
  let running: TestClouds

  beforeAll(async () => {
    running = await startTestClouds(servers.variables, cartsAndProducts)
  }, 120_000)

  afterAll(() => running?.stop())

  function at(site: string): ApplicationClient {
    const client = running.clients.find(candidate => candidate.site === site)
    if (!client) throw new Error(`no client for ${site}`)
    return client
  }

  test('the endpoints file and the variables name them', async () => {
    const sites = JSON.parse(await readFile(join(running.folder, 'endpoints.json'), 'utf8'))
    const { variables } = servers
    expect(sites['aws-us-east-1'].endpoints).toMatchObject({
      dynamodb: variables.AWS_ENDPOINT_URL_DYNAMODB,
      kinesis: variables.AWS_ENDPOINT_URL_KINESIS,
      sqs: variables.AWS_ENDPOINT_URL_SQS,
    })
    expect(sites['gcp-us-central1'].endpoints).toMatchObject({
      firestore: variables.FIRESTORE_EMULATOR_HOST,
      pubsub: variables.PUBSUB_EMULATOR_HOST,
    })
    expect(sites['azure-eastus'].endpoints).toMatchObject(storageEndpoints(variables.TRIBUTARY_STORAGE ?? ''))
    const env = await readFile(join(running.folder, 'env'), 'utf8')
    for (const [name, value] of Object.entries(variables)) expect(env).toContain(`export ${name}='${value}'`)
  })

  test.each(['aws-us-east-1', 'gcp-us-central1', 'azure-eastus'])(
    'written at %s, changed and deleted, seen at both others',
    async site => {
      const key = [`cart-${site}`]
      const cart = (items: Item): Item => ({ customer_id: key[0] ?? '', currency: 'EUR', items })
      await at(site).put('carts', cart({ tea: { quantity: 2 } }))
      await running.everywhere('carts', key, cart({ tea: { quantity: 2 } }))
      await at(site).increment('carts', key, ['items', 'tea', 'quantity'], 3)
      await running.everywhere('carts', key, cart({ tea: { quantity: 5 } }))
      await at(site).remove('carts', key)
      await running.everywhere('carts', key, undefined)
    },
  )

  test('written apart, they converge; get and status read the same servers', async () => {
    const cart = (quantity: number): Item => ({ customer_id: 'sum', currency: 'EUR', items: { tea: { quantity } } })
    await at('aws-us-east-1').put('carts', cart(2))
    await running.everywhere('carts', ['sum'], cart(2))
    await running.apart(async () => {
      await at('gcp-us-central1').increment('carts', ['sum'], ['items', 'tea', 'quantity'], 2)
      await at('azure-eastus').increment('carts', ['sum'], ['items', 'tea', 'quantity'], 3)
    })
    await running.everywhere('carts', ['sum'], cart(7))
    await running.atRest()
    const records = await recordAtSites(running.clouds, 'carts', ['sum'])
    const { customer_id: _key, ...fields } = cart(7)
    for (const { document } of Object.values(records)) expect(document).toEqual(fields)
  })

  test('a value that cannot travel is put aside on the user’s SQS and Pub/Sub', async () => {
    const items = { M: { tea: { M: { quantity: { S: 'many' } } } } }
    const Item = { customer_id: { S: 'odd' }, items }
    await servers.dynamoDb.send(new PutItemCommand({ TableName: 'carts', Item }))
    const firestore = new Firestore({ projectId: 'local' })
    await firestore.doc('carts/odder').set({ customer_id: 'odder', items: { tea: { quantity: 'many' } } })
    await firestore.terminate()
    const expected = { 'aws-us-east-1': 1, 'gcp-us-central1': 1, 'azure-eastus': 0 }
    await vi.waitFor(async () => expect((await readStatus(running.clouds)).deadLetters).toEqual(expected), {
      timeout: 20_000,
      interval: 200,
    })
  })

  test('the servers outlive the clouds; what is written meanwhile travels when the clouds are back', async () => {
    const product = (site: string): Item => ({ product_id: `from ${site}`, title: 'Written meanwhile' })
    const clients = await openClients(join(running.folder, 'endpoints.json'))
    await running.stop()
    for (const client of clients) {
      expect(await client.read('carts', ['sum'])).toMatchObject({ items: { tea: { quantity: 7 } } })
      await client.put('products', product(client.site))
    }
    running = await startTestClouds(servers.variables, cartsAndProducts)
    for (const { site } of clients) await running.everywhere('products', [`from ${site}`], product(site))
    await Promise.all(clients.map(client => client.close()))
  })
})

describe('what cannot be used is refused before anything is started', () => {
  test('a server that is not there, with every other fault and how to unset the variables', async () => {
    const closed = `127.0.0.1:${await closedPort()}`
    const named = {
      ...servers.variables,
      FIRESTORE_EMULATOR_HOST: closed,
      AWS_ENDPOINT_URL_SQS: 'no address',
      TRIBUTARY_COSMOS: `AccountEndpoint=http://${closed}`,
    }
    const refused = await localUp(named)
    expect(refused).toContain(`FIRESTORE_EMULATOR_HOST: nothing answers at ${closed}`)
    expect(refused).toContain("AWS_ENDPOINT_URL_SQS: 'no address' is no address")
    expect(refused).toContain('TRIBUTARY_COSMOS: a Cosmos connection string is AccountEndpoint=<url>;AccountKey=<key>;')
    expect(refused).toMatch(/unset AWS_ENDPOINT_URL_SQS FIRESTORE_EMULATOR_HOST TRIBUTARY_COSMOS\n$/)
  })

  test('one server for several sites of its cloud', async () => {
    const twice = defineSync({
      sites: {
        'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
        'aws-eu-west-1': { cloud: 'aws', region: 'eu-west-1' },
        'azure-eastus': { cloud: 'azure', region: 'eastus' },
      },
      data: { products: { key: ['product_id'], tier: 2, merge: register() } },
    })
    const { AWS_ENDPOINT_URL_DYNAMODB, ...others } = servers.variables
    const check = checkEndpoints(twice, { AWS_ENDPOINT_URL_DYNAMODB })
    await expect(check).rejects.toThrow('one server cannot stand for several sites (aws-us-east-1, aws-eu-west-1)')
    // A cloud with one site may be replaced beside it; one without sites does not matter.
    const { TRIBUTARY_COSMOS } = others
    await checkEndpoints(twice, { TRIBUTARY_COSMOS, FIRESTORE_EMULATOR_HOST: 'nobody:1', AWS_ENDPOINT_URL_SQS: '' })
  })

  test('a table of the user without a stream', async () => {
    const client = servers.dynamoDb
    const TableName = 'orders'
    await client.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [{ AttributeName: 'order_id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'order_id', AttributeType: 'S' }],
      }),
    )
    const orders = defineSync({
      sites: {
        'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
        'azure-eastus': { cloud: 'azure', region: 'eastus' },
      },
      data: { orders: { key: ['order_id'], tier: 2, merge: register() } },
    })
    const { AWS_ENDPOINT_URL_DYNAMODB: dynamodb = '', AWS_ENDPOINT_URL_KINESIS: kinesis = '' } = servers.variables
    const endpoints = { dynamodb, kinesis, sqs: servers.variables.AWS_ENDPOINT_URL_SQS ?? '' }
    const provisioned = provisionAws({ plan: orders, site: 'aws-us-east-1', region: 'us-east-1', endpoints })
    await expect(provisioned).rejects.toThrow('add one: aws dynamodb update-table --table-name orders')
  })
})

/** What `npx tributary local up` says against it. */
async function localUp(variables: Readonly<Record<string, string>>): Promise<string> {
  const program = join(projectRoot, 'tools/cli/tributary.ts')
  const env = { ...process.env, ...variables, TRIBUTARY_LOCAL: join(tmpdir(), 'tributary-never-up') }
  const ran = promisify(execFile)(process.execPath, [program, 'local', 'up'], { cwd: projectRoot, env })
  return ran.then(
    () => 'it is up',
    ({ stderr }: { stderr: string }) => stderr,
  )
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}
