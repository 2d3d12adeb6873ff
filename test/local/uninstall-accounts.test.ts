/** Uninstalling from accounts: whether capture runs there, and what of a store is ours; a mistake removes what is not. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { CosmosClient } from '@azure/cosmos'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { defineSync, register } from '../../shared/declare/index.ts'
import { siteOf } from '../../shared/declare/sync-plan.ts'
import { openAws } from '../../tools/accounts/aws-access.ts'
import { openAzure } from '../../tools/accounts/azure-access.ts'
import { commandThat } from '../../tools/accounts/cloud-command.ts'
import { openGcp } from '../../tools/accounts/gcp-access.ts'
import { type Told, unknown } from '../../tools/accounts/told.ts'
import { type CosmosServer, startCosmosServer } from '../../tools/local/servers/cosmos/cosmos-server.ts'
import { awsLeftOvers } from '../../tools/uninstall/aws-left-overs.ts'
import { azureLeftOvers, firstPage } from '../../tools/uninstall/azure-left-overs.ts'
import { captureRuns } from '../../tools/uninstall/capture-runs.ts'
import { commandWith } from './preflight.ts'

const plan = defineSync({
  sites: {
    'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
    'gcp-us-central1': { cloud: 'gcp', region: 'us-central1' },
    'azure-eastus': { cloud: 'azure', region: 'eastus' },
  },
  data: { carts: { key: ['customer_id'], merge: register(), at: { azure: { database: 'shop' } } } },
})
const aws = siteOf(plan, 'aws-us-east-1')
const gcp = siteOf(plan, 'gcp-us-central1')
const azure = siteOf(plan, 'azure-eastus')
const noAudit = { withAudit: false }

describe('capture', () => {
  const all = (answer: Told<unknown>) => commandThat(async () => answer)

  it('on AWS runs while its function is there; an answer that is none says nothing', async () => {
    const access = await openAws('us-east-1', undefined)
    onTestFinished(() => access.close())
    const asked = (command = all({ is: 'missing' })) =>
      captureRuns({ cloud: 'aws', access: { ...access, command } }, aws)
    const there = commandWith({ 'lambda get-function-configuration --function-name tributary-capture': {} })
    expect(await asked(there)).toMatchObject({ is: 'running' })
    expect(await asked()).toEqual({ is: 'gone' })
    expect(await asked(all(unknown('no token')))).toEqual({ is: 'unknown', reason: 'no token' })
  })

  it('on Google Cloud runs wherever in the project a function of it is', async () => {
    const access = await openGcp({ local: undefined, variables: { project: 'shop' }, environment: {} })
    if (!access) throw new Error('no access')
    onTestFinished(() => access.close())
    const asked = (command = all({ is: 'missing' })) =>
      captureRuns({ cloud: 'gcp', access: { ...access, command } }, gcp)
    const list = (...names: readonly string[]) =>
      commandWith({ 'functions list --regions=-': names.map(name => ({ name: `projects/shop/locations/${name}` })) })
    expect(await asked(list('europe-west1/functions/tributary-capture'))).toMatchObject({
      is: 'running',
      found: expect.stringContaining('europe-west1'),
    })
    expect(await asked(list('us-central1/functions/my-tributary-capture'))).toEqual({ is: 'gone' })
    expect(await asked(list())).toEqual({ is: 'gone' })
    // Another project, or one that may not be seen.
    expect(await asked()).toMatchObject({ is: 'unknown' })
    expect(await captureRuns({ cloud: 'gcp', access: undefined }, gcp)).toMatchObject({ is: 'unknown' })
  })

  it('on Azure is gone only if it is not in the very subscription that is named', async () => {
    const asked = async (answers: object, subscription_id?: string) => {
      const variables = subscription_id === undefined ? {} : { subscription_id }
      const access = await openAzure({ local: undefined, variables, environment: {} })
      return captureRuns({ cloud: 'azure', access: { ...access, command: commandWith({ ...answers }) } }, azure)
    }
    const apps = (...names: readonly string[]) => ({
      'functionapp list --resource-group tributary-azure-eastus': names,
    })
    const signedIn = { 'account show': { id: 'sub-1', name: 'Shop' } }
    expect(await asked(apps('shop-capture', 'shop-ingest'))).toMatchObject({ is: 'running' })
    expect(await asked({ ...apps('shop-ingest'), ...signedIn }, 'sub-1')).toEqual({ is: 'gone' })
    // The group is not there.
    expect(await asked(signedIn, 'sub-1')).toEqual({ is: 'gone' })
    expect(await asked(signedIn)).toMatchObject({ is: 'unknown', reason: expect.stringContaining('subscription_id') })
    expect(await asked(apps())).toMatchObject({ is: 'unknown' })
    expect(await asked(signedIn, 'sub-2')).toMatchObject({ is: 'unknown' })
  })
})

describe('on Cosmos DB', () => {
  let server: CosmosServer
  let client: CosmosClient
  beforeAll(async () => {
    server = await startCosmosServer()
    client = new CosmosClient({ endpoint: server.endpoint, key: server.key })
    for (const [database, id, path] of [
      ['shop', 'carts', '/customer_id'],
      ['tributary', 'tributary-leases', '/id'],
    ] as const) {
      await client.databases.createIfNotExists({ id: database })
      await client.database(database).containers.create({ id, partitionKey: { paths: [path] } })
    }
  })
  afterAll(async () => {
    client?.dispose()
    await server?.stop()
  })

  it('capture runs while its leases are written, whatever az sees', async () => {
    const variables = { subscription_id: 'sub-1' }
    const environment = { COSMOS_ENDPOINT: server.endpoint, COSMOS_KEY: server.key }
    const opened = await openAzure({ local: undefined, variables, environment })
    onTestFinished(() => opened.close())
    const access = { ...opened, command: commandWith({ 'account show': { id: 'sub-1' } }) }
    expect(await captureRuns({ cloud: 'azure', access }, azure)).toEqual({ is: 'gone' })
    await client.database('tributary').container('tributary-leases').items.create({ id: 'lease..0', Owner: 'host' })
    expect(await captureRuns({ cloud: 'azure', access }, azure)).toMatchObject({
      is: 'running',
      found: expect.stringContaining('tributary-leases'),
    })
  })

  it('an item of the application under such an id stays, also with a text where a record would be', async () => {
    const carts = client.database('shop').container('carts')
    const id = (name: string) => `_tributary|carts|${name}`
    const lookalikes = [
      { id: id('word'), customer_id: 'word', _tributary: 'mine', _tributaryRecord: 'a text' },
      { id: id('later'), customer_id: 'later', _tributary: 99, _tributaryRecord: 'a text' },
      { id: id('list'), customer_id: 'list', _tributary: 1, _tributaryRecord: ['mine'] },
    ]
    for (const item of lookalikes) await carts.items.create(item)
    await carts.items.create({ id: id('ours'), customer_id: 'ours', _tributary: 1, _tributaryRecord: '[]' })
    const [items] = azureLeftOvers(client, plan, azure, noAudit)
    expect(await items?.find()).toBe('1 sync items beside your documents')
    await items?.remove(() => undefined)
    expect(await items?.find()).toBeUndefined()
    const { resources } = await carts.items.readAll().fetchAll()
    expect(resources.map(item => item.id).toSorted()).toEqual(lookalikes.map(item => item.id).toSorted())
  })

  it('pages that are empty are not the end', async () => {
    const answers: number[][] = [[], [], [7], [8]]
    const pages = {
      fetchNext: async () => ({ resources: answers.shift() ?? [] }) as never,
      hasMoreResults: () => answers.length > 0,
    }
    expect(await firstPage(pages)).toEqual([7])
    expect(await firstPage(pages)).toEqual([8])
    expect(await firstPage(pages)).toEqual([])
  })
})

describe('an account that is named for the site', () => {
  const endpointFor = async (variables: object, environment: object) => {
    const access = await openAzure({ local: undefined, variables: { ...variables }, environment: { ...environment } })
    access.close()
    return access.endpoint
  }
  const other = { COSMOS_ENDPOINT: 'https://other.documents.azure.com:443/', COSMOS_KEY: 'a2V5' }

  it('counts before one of the environment', async () => {
    expect(await endpointFor({}, other)).toBe('https://other.documents.azure.com:443/')
    expect(await endpointFor({ cosmos_account: 'shop' }, other)).toBe('https://shop.documents.azure.com:443/')
    expect(await endpointFor({ prefix: 'shop' }, other)).toBe('https://shop-tributary.documents.azure.com:443/')
    const connection = `AccountEndpoint=https://other.documents.azure.com:443/;AccountKey=a2V5;`
    expect(await endpointFor({ cosmos_account: 'shop' }, { COSMOS_CONNECTION_STRING: connection })).toBe(
      'https://shop.documents.azure.com:443/',
    )
  })
})

describe('on DynamoDB', () => {
  /** As DynamoDB answers: a protected table is not deleted. (DynamoDB Local knows neither tags nor protection.) */
  async function dynamoDb(tags: Readonly<Record<string, string>>) {
    const calls: string[] = []
    let table: object | undefined = {
      TableName: 'tributary-sync',
      TableArn: 'arn:aws:dynamodb:us-east-1:111122223333:table/tributary-sync',
      TableStatus: 'ACTIVE',
      ItemCount: 12,
    }
    let isProtected = true
    const fail = (name: string) => [400, { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: name }] as const
    const operations: Readonly<Record<string, (body: Record<string, unknown>) => readonly [number, object]>> = {
      DescribeTable: () =>
        table
          ? [200, { Table: { ...table, DeletionProtectionEnabled: isProtected } }]
          : fail('ResourceNotFoundException'),
      ListTagsOfResource: () => [200, { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }],
      UpdateTable: ({ DeletionProtectionEnabled }) => {
        isProtected = DeletionProtectionEnabled === true
        return [200, { TableDescription: table }]
      },
      DeleteTable: () => {
        if (isProtected) return fail('ValidationException')
        table = undefined
        return [200, {}]
      },
    }
    const server = createServer(async (request, response) => {
      const operation = String(request.headers['x-amz-target']).split('.')[1] ?? ''
      calls.push(operation)
      const [status, answer] = operations[operation]?.(JSON.parse(await text(request))) ?? fail('UnknownOperation')
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(answer))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const endpoints = { dynamodb: `http://127.0.0.1:${port}` }
    const opened = await openAws('us-east-1', { cloud: 'aws', region: 'us-east-1', endpoints, data: {} })
    onTestFinished(() => {
      opened.close()
      server.close()
    })
    const [table_] = awsLeftOvers({ ...opened, isLocal: false }, aws, noAudit)
    if (!table_) throw new Error('no table')
    return { table: table_, calls }
  }

  it('a table of the site goes, with its protection', async () => {
    const { table } = await dynamoDb({ 'tributary-site': 'aws-us-east-1' })
    expect(await table.find()).toBe('arn:aws:dynamodb:us-east-1:111122223333:table/tributary-sync, of some 12 items')
    await table.remove(() => undefined)
    expect(await table.find()).toBeUndefined()
  })

  it('a table without its tag is not announced, and neither touched', async () => {
    for (const tags of [{}, { 'tributary-site': 'aws-eu-west-1' }]) {
      const { table, calls } = await dynamoDb(tags)
      await expect(table.find()).rejects.toThrow('has no tag tributary-site = aws-us-east-1: it stays')
      await expect(table.remove(() => undefined)).rejects.toThrow('it stays')
      expect(calls).not.toContain('UpdateTable')
      expect(calls).not.toContain('DeleteTable')
    }
  })
})
