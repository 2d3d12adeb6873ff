/** Preflight of an Azure site, against the Cosmos server; what only a subscription tells from its documented answers. */
import { type ContainerRequest, CosmosClient, PartitionKeyKind } from '@azure/cosmos'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defineSync, register } from '../../shared/declare/index.ts'
import { type SyncPlan, siteOf } from '../../shared/declare/sync-plan.ts'
import { type AzureAccess, openAzure } from '../../tools/accounts/azure-access.ts'
import {
  type ConsistencyLevel,
  type CosmosServer,
  startCosmosServer,
} from '../../tools/local/servers/cosmos/cosmos-server.ts'
import { checkAzureSite } from '../../tools/preflight/check-azure-site.ts'
import { commandWith, findingsOf } from './preflight.ts'

const site = 'azure-eastus'

function planWith(container: string, expires?: string): SyncPlan {
  return defineSync({
    sites: { [site]: { cloud: 'azure', region: 'eastus' } },
    data: {
      carts: {
        key: ['customer_id'],
        merge: register(),
        at: { azure: { database: 'shop', container, existing: true } },
        ...(expires ? { expires } : {}),
      },
    },
  })
}

let server: CosmosServer
let client: CosmosClient

beforeAll(async () => {
  server = await startCosmosServer()
  client = new CosmosClient({ endpoint: server.endpoint, key: server.key })
  await client.databases.createIfNotExists({ id: 'shop' })
})

afterAll(async () => {
  client?.dispose()
  await server?.stop()
})

async function createContainer(id: string, more: Partial<ContainerRequest> = {}) {
  await client.database('shop').containers.create({ id, partitionKey: { paths: ['/customer_id'] }, ...more })
}

/** As an account: by the variables that name one, with whatever `az` answers. */
async function check(
  plan: SyncPlan,
  {
    answers = {},
    variables = {},
    at = server,
    isLocal = false,
  }: {
    answers?: Readonly<Record<string, unknown>>
    variables?: Readonly<Record<string, string>>
    at?: CosmosServer
    isLocal?: boolean
  } = {},
) {
  const environment = { COSMOS_ENDPOINT: at.endpoint, COSMOS_KEY: at.key }
  // The server here stands for whichever account the variables name.
  const { cosmos_account: account, ...others } = variables
  const access: AzureAccess = {
    ...(await openAzure({ local: undefined, variables: { ...others, prefix: '' }, environment })),
    account,
    command: commandWith(answers),
    isLocal,
  }
  try {
    return await findingsOf(checkAzureSite(access, plan, siteOf(plan, site), variables))
  } finally {
    access.close()
  }
}

describe('an existing container', () => {
  it('with the declared partition key is in order, and says what queries over all of it must leave out', async () => {
    await createContainer('good')
    const found = await check(planWith('good'))
    expect(found('container shop/good', 'container')).toMatchObject({
      outcome: 'ok',
      found: expect.stringContaining('NOT IS_DEFINED(c._tributary)'),
    })
    for (const checked of ['partition key', 'unique keys', 'time to live']) {
      expect(found('container shop/good', checked)?.outcome).toBe('ok')
    }
  })

  it('with unique keys is refused', async () => {
    await createContainer('unique', { uniqueKeyPolicy: { uniqueKeys: [{ paths: ['/email'] }] } })
    const found = (await check(planWith('unique')))('container shop/unique', 'unique keys')
    expect(found).toMatchObject({ outcome: 'refused', found: expect.stringContaining('/email') })
  })

  it('with another partition key, or one of several levels, is refused', async () => {
    await createContainer('by-region', { partitionKey: { paths: ['/region'] } })
    await createContainer('levels', {
      partitionKey: { paths: ['/region', '/customer_id'], kind: PartitionKeyKind.MultiHash },
    })
    const other = (await check(planWith('by-region')))('container shop/by-region', 'partition key')
    expect(other).toMatchObject({ outcome: 'refused', found: 'is /region; declared is /customer_id' })
    expect((await check(planWith('levels')))('container shop/levels', 'partition key')?.outcome).toBe('refused')
  })

  it('that is not there is refused', async () => {
    expect((await check(planWith('nowhere')))('container shop/nowhere', 'container')?.outcome).toBe('refused')
  })

  it('where nothing expires is refused for a type that does; one that expires by itself is warned of', async () => {
    await createContainer('expiring', { defaultTtl: 3600 })
    const off = await check(planWith('good', 'expires_at'))
    expect(off('container shop/good', 'time to live')?.outcome).toBe('refused')
    expect((await check(planWith('expiring')))('container shop/expiring', 'time to live')?.outcome).toBe('warning')
  })
})

describe('an account', () => {
  const reads = async (consistency: ConsistencyLevel) => {
    const at = await startCosmosServer({ consistency })
    try {
      return (await check(planWith('good'), { at }))('Cosmos account', 'reads and writes')
    } finally {
      await at.stop()
    }
  }

  it('on session or weaker consistency is refused with the command that changes it', async () => {
    for (const level of ['Session', 'ConsistentPrefix', 'Eventual'] as const) {
      expect(await reads(level)).toMatchObject({
        outcome: 'refused',
        found: expect.stringContaining(level),
        remedy: expect.stringContaining('--default-consistency-level BoundedStaleness'),
      })
    }
    expect((await reads('BoundedStaleness'))?.outcome).toBe('ok')
    expect((await reads('Strong'))?.outcome).toBe('ok')
  })

  /** https://learn.microsoft.com/rest/api/cosmos-db-resource-provider/database-accounts/get */
  it('that lets one not read is asked of az all the same', async () => {
    const environment = { COSMOS_ENDPOINT: server.endpoint, COSMOS_KEY: Buffer.from('another key').toString('base64') }
    const opened = await openAzure({ local: undefined, variables: {}, environment })
    const access = { ...opened, account: 'shop', command: commandWith(account('Periodic')) }
    try {
      const plan = planWith('good')
      const found = await findingsOf(checkAzureSite(access, plan, siteOf(plan, site), variables))
      expect(found('Cosmos account shop', 'reads and writes')?.outcome).toBe('unknown')
      expect(found('Cosmos account shop', 'backup')?.outcome).toBe('refused')
    } finally {
      opened.close()
    }
  })

  const account = (type: string, over: object = {}) => ({
    'cosmosdb show --name shop --resource-group data': {
      backupPolicy: { type },
      enableAllVersionsAndDeletesChangeFeed: true,
      writeLocations: [{ locationName: 'East US', failoverPriority: 0 }],
      ...over,
    },
  })
  const variables = { cosmos_account: 'shop', cosmos_resource_group: 'data' }

  it('with periodic backup is refused: it has no feed of deletions', async () => {
    const backup = async (type: string) =>
      (await check(planWith('good'), { answers: account(type), variables }))('Cosmos account shop', 'backup')
    expect(await backup('Periodic')).toMatchObject({
      outcome: 'refused',
      remedy: expect.stringContaining('--backup-policy-type Continuous'),
    })
    expect((await backup('Continuous'))?.outcome).toBe('ok')
  })

  it('written in another region than the site is declared in is refused', async () => {
    const answers = account('Continuous', { writeLocations: [{ locationName: 'West Europe' }] })
    const found = await check(planWith('good'), { answers, variables })
    expect(found('Cosmos account shop', 'region')?.outcome).toBe('refused')
    const same = await check(planWith('good'), { answers: account('Continuous'), variables })
    expect(same('Cosmos account shop', 'region')?.outcome).toBe('ok')
  })

  it('whose name is not given is unknown, as is what only az tells of the local clouds', async () => {
    expect((await check(planWith('good')))('Cosmos account', 'backup')?.outcome).toBe('unknown')
    const nameless = await openAzure({ local: undefined, variables: {}, environment: {} })
    const plan = planWith('good')
    const access = { ...nameless, command: commandWith({}) }
    const found = await findingsOf(checkAzureSite(access, plan, siteOf(plan, site), {}))
    expect(found('Cosmos account', 'account')?.outcome).toBe('unknown')
  })
})

describe('a subscription', () => {
  const groupId = '/subscriptions/sub-1/resourceGroups/tributary-azure-eastus'
  const signedIn = { 'account show': { id: 'sub-1', name: 'Shop' } }

  it('other than the deployment is for is refused', async () => {
    const found = await check(planWith('good'), { answers: signedIn, variables: { subscription_id: 'sub-2' } })
    expect(found('account', 'credentials')?.outcome).toBe('refused')
  })

  it('without the providers, or in a region without Flex Consumption, says so', async () => {
    const answers = {
      ...signedIn,
      'provider list': [
        { name: 'Microsoft.Web', state: 'Registered' },
        { name: 'Microsoft.Cdn', state: 'NotRegistered' },
      ],
      'functionapp list-flexconsumption-locations': [{ name: 'westeurope' }],
    }
    const found = await check(planWith('good'), { answers })
    expect(found('account', 'providers')).toMatchObject({
      outcome: 'warning',
      found: expect.stringContaining('Microsoft.Cdn'),
    })
    expect(found('account', 'region')?.outcome).toBe('refused')
  })

  it('with a group, or a name in all of Azure, of somebody else is refused', async () => {
    const answers = {
      'group show': { id: groupId, location: 'eastus', tags: null },
      'cosmosdb check-name-exists': false,
      'storage account check-name --name shoptributarybus': { nameAvailable: true },
      'storage account check-name --name shoptributaryhost': { nameAvailable: false, reason: 'AlreadyExists' },
      'keyvault check-name --name shop-tributary': { nameAvailable: false, reason: 'AlreadyExists' },
      'keyvault list-deleted': ['shop-tributary'],
    }
    const found = await check(planWith('good'), { answers, variables: { prefix: 'shop' } })
    expect(found('resource group tributary-azure-eastus', 'name')?.outcome).toBe('refused')
    const names = (check: string) => found('names in all of Azure', check)?.outcome
    expect(names('cosmosdb shop-tributary')).toBe('ok')
    expect(names('storage shoptributarybus')).toBe('ok')
    expect(names('storage shoptributaryhost')).toBe('refused')
    expect(names('keyvault shop-tributary')).toBe('refused')
    expect(names('keyvault shop-tributary, deleted')).toBe('refused')
    expect(names('function apps')).toBe('unknown')
  })

  it('with the group of the site is in order while it is deployed; a group that stayed is refused', async () => {
    const group = { 'group show': { id: groupId, location: 'eastus', tags: { product: 'tributary', site } } }
    const apps = (...names: readonly string[]) => ({
      'functionapp list --resource-group tributary-azure-eastus': names,
    })
    const deployed = await check(planWith('good'), { answers: { ...group, ...apps('shop-ingest', 'shop-capture') } })
    expect(deployed('resource group tributary-azure-eastus', 'name')?.outcome).toBe('ok')
    expect(deployed('names in all of Azure', 'names')?.outcome).toBe('ok')
    const removed = await check(planWith('good'), { answers: { ...group, ...apps() } })
    expect(removed('resource group tributary-azure-eastus', 'name')).toMatchObject({
      outcome: 'refused',
      remedy: expect.stringContaining(`terraform import azurerm_resource_group.tributary ${groupId}`),
    })
  })

  it('that does not tell whether the site was deployed before leaves open what else depends on it', async () => {
    await client.databases.createIfNotExists({ id: 'tributary' })
    await client.database('tributary').containers.createIfNotExists({ id: 'tributary-leases', partitionKey: '/id' })
    // In no form that is known: as without a permission.
    const answers = { 'group show': 'no group', 'storage account check-name': { nameAvailable: false } }
    const found = await check(planWith('good'), { answers, variables: { prefix: 'shop' } })
    expect(found('resource group tributary-azure-eastus', 'name')?.outcome).toBe('unknown')
    expect(found('container tributary/tributary-leases', 'name')?.outcome).toBe('unknown')
    expect(found('names in all of Azure', 'storage shoptributarybus')?.outcome).toBe('unknown')
    const strange = await check(planWith('good'))
    expect(strange('container tributary/tributary-leases', 'name')?.outcome).toBe('refused')
  })
})
