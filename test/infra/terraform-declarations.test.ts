/** Other declarations than this project's: what changes in the Terraform of a site, and nothing else. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import marketplace from '../../examples/marketplace/sync.config.ts'
import { typeFilter } from '../../infra/gcp/bus.ts'
import { writeSiteFolders } from '../../infra/terraform/site-folders.ts'
import { type Declaration, defineSync, fields, register } from '../../shared/declare/index.ts'
import type { SyncPlan } from '../../shared/declare/sync-plan.ts'
import { functionNames } from '../../tools/build/bundle-functions.ts'
import {
  differenceOf,
  inventoryOf,
  readSite,
  reference,
  resourceOf,
  resourcesOf,
  type Template,
  textOf,
} from './terraform.ts'

const folder = mkdtempSync(join(tmpdir(), 'tributary-terraform-'))
const bundles = join(folder, 'bundles')

// What is in them makes no difference to a template.
beforeAll(() => {
  for (const cloud of ['gcp', 'azure']) {
    for (const name of functionNames) {
      mkdirSync(join(bundles, cloud, name), { recursive: true })
      writeFileSync(join(bundles, cloud, name, 'index.cjs'), '')
    }
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function synthesise(plan: SyncPlan): Promise<ReadonlyMap<string, Template>> {
  const out = mkdtempSync(join(folder, 'out-'))
  const written = await writeSiteFolders({ plan, sites: plan.sites, bundles, out })
  return new Map([...written].map(([site, path]) => [site, readSite(path)]))
}

const sites = {
  aws: { cloud: 'aws', region: 'us-east-1' },
  gcp: { cloud: 'gcp', region: 'us-central1' },
  azure: { cloud: 'azure', region: 'eastus' },
} as const
const renamed = { 'aws-here': sites.aws, 'gcp-here': sites.gcp, 'azure-here': sites.azure }

function declare(data: Declaration['data'], declared: Declaration['sites'] = renamed) {
  return synthesise(defineSync({ sites: declared, data }))
}

async function siteOf(built: Promise<ReadonlyMap<string, Template>>, site: string): Promise<Template> {
  const template = (await built).get(site)
  if (!template) throw new Error(`no template of ${site}`)
  return template
}

type DeclaredType = Declaration['data'][string]

describe('one declaration, changed in one place', () => {
  const carts: DeclaredType = { key: ['owner'], tier: 2, merge: fields() }
  const data = (changed: Partial<DeclaredType>): Declaration['data'] => ({
    notes: { key: ['ref'], tier: 2, merge: register() },
    carts: { ...carts, ...changed },
  })
  let base: Promise<ReadonlyMap<string, Template>>
  beforeAll(() => {
    base = declare(data({}))
  })
  const change = async (changed: Partial<DeclaredType>) => {
    const built = declare(data(changed))
    const at = async (site: string) => differenceOf(await siteOf(base, site), await siteOf(built, site))
    return { google: await at('gcp-here'), azure: await at('azure-here') }
  }
  const nothing = { gone: [], added: [], minus: [], plus: [] }

  it('the same declaration again changes nothing', async () => {
    expect(await change({})).toEqual({ google: nothing, azure: nothing })
  })

  it('another tier: capture talks to the peers, and what is in real time is kept ready', async () => {
    const { google, azure } = await change({ tier: 1 })
    expect(google.gone).toEqual([])
    expect(google.added).toEqual(['google_kms_crypto_key_iam_member.capture_root_key'])
    expect(google.minus).toEqual([])
    const capture = 'resource.google_cloudfunctions2_function.capture'
    expect(google.plus.map(line => line.split(' = ')[0]).toSorted()).toEqual(
      [
        `${capture}.depends_on`,
        `${capture}.service_config.environment_variables.TRIBUTARY_PEERS`,
        `${capture}.service_config.environment_variables.TRIBUTARY_ROOT_KEY`,
      ].toSorted(),
    )
    expect(azure.gone).toEqual([])
    expect(azure.added).toEqual(['azurerm_role_assignment.capture_sign_root_key'])
    const ready = azure.plus.filter(line => /alwaysReady.*\.name = /.test(line))
    expect(ready.map(line => line.split(' = ')[1])).toEqual([
      '"function:capture-carts"',
      '"function:publish-carts"',
      '"function:forward-aws-here"',
      '"function:forward-gcp-here"',
      '"http"',
    ])
    // Nothing else than what is ready, what capture is told, and that its new permission comes first.
    expect(azure.plus.filter(line => !/alwaysReady|azapi_resource\.capture\./.test(line))).toEqual([])
  })

  it('another key: the container is partitioned by its first field; Firestore keeps the key in ids', async () => {
    expect(await change({ key: ['owner', 'shop'] })).toEqual({ google: nothing, azure: nothing })
    const path = 'resource.azurerm_cosmosdb_sql_container.tributary_carts.partition_key_paths.0'
    expect(await change({ key: ['shop', 'owner'] })).toEqual({
      google: nothing,
      azure: { ...nothing, minus: [`${path} = "/owner"`], plus: [`${path} = "/shop"`] },
    })
  })

  it('another residency: nothing of the type is left at a site that may not hold it', async () => {
    const sites = ['aws-here', 'gcp-here']
    const { google, azure } = await change({ sites })
    expect(azure.added).toEqual([])
    expect(azure.plus).toEqual([])
    expect(azure.gone).toContain('azurerm_cosmosdb_sql_container.tributary_carts')
    for (const name of [...azure.gone, ...azure.minus]) expect(name).toMatch(/carts/)
    expect(JSON.stringify(await siteOf(declare(data({ sites })), 'azure-here'))).not.toContain('carts')
    // Where it stays, what the other site may not hold does not even wait for it.
    const filter = 'resource.google_pubsub_subscription.forward_azure_here.filter'
    expect(google).toEqual({ ...nothing, plus: [`${filter} = "attributes.type = \\"notes\\""`] })
  })
})

describe('sites', () => {
  it('three regions of one cloud are three folders, each in its region and each the others’ peer', async () => {
    const built = await synthesise(marketplace)
    expect([...built.keys()]).toEqual(['gcp-us-central1', 'gcp-us-east1', 'gcp-europe-west1'])
    for (const [site, template] of built) {
      const region = site.replace('gcp-', '')
      const others = [...built.keys()].filter(other => other !== site)
      const forwards = [...resourcesOf(template, 'google_pubsub_subscription').values()].map(({ name }) => name)
      expect(forwards.filter(name => name !== 'tributary-dead-letters')).toEqual(
        others.map(other => `tributary-forward-${other}`),
      )
      expect(resourceOf(template, 'google_firestore_database', 'default').location_id).toBe(region)
      // No other region stands anywhere but in the name of a peer.
      const elsewhere = others.map(other => other.replace('gcp-', ''))
      for (const other of elsewhere) expect(JSON.stringify(template)).not.toContain(`"${other}"`)
    }
  })

  it('a long name of a site is shortened where a cloud allows fewer characters, and stays the only one', async () => {
    const long = `aws-${'x'.repeat(34)}`
    const declared = {
      [`${long}-a`]: sites.aws,
      [`${long}-b`]: sites.aws,
      'gcp-here': sites.gcp,
      'azure-here': sites.azure,
    }
    const built = declare({ carts: { key: ['ref'], merge: register() } }, declared)
    const google = await siteOf(built, 'gcp-here')
    const accounts = [...resourcesOf(google, 'google_service_account').values()].map(({ account_id }) => account_id)
    for (const id of accounts) expect(id).toMatch(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/)
    expect(new Set(accounts).size).toBe(accounts.length)
    const functions = [...resourcesOf(google, 'google_cloudfunctions2_function').values()].map(({ name }) => name)
    for (const name of functions) expect(name.length).toBeLessThanOrEqual(49)
    expect(new Set(functions).size).toBe(functions.length)
    const azure = await siteOf(built, 'azure-here')
    const known = { variables: { prefix: 'p234567890' } }
    const apps = [...resourcesOf(azure, 'azapi_resource').values()].map(({ name }) => textOf(azure, name, known))
    for (const name of apps) expect(name.length).toBeLessThanOrEqual(32)
    expect(new Set(apps).size).toBe(apps.length)
    for (const { name } of resourcesOf(azure, 'azurerm_storage_queue').values())
      expect(name.length).toBeLessThanOrEqual(63)
    for (const { name } of resourcesOf(azure, 'azurerm_storage_account').values()) {
      expect(textOf(azure, name, known)).toMatch(/^[a-z0-9]{3,24}$/)
    }
    const [vault] = resourcesOf(azure, 'azurerm_key_vault').values()
    expect(textOf(azure, vault?.name, known).length).toBeLessThanOrEqual(24)
  })

  it('a site that shares no type with this one is no peer', async () => {
    const built = declare({ carts: { key: ['ref'], merge: register(), sites: ['gcp-here', 'azure-here'] } })
    for (const site of ['gcp-here', 'azure-here']) {
      expect(JSON.stringify(await siteOf(built, site))).not.toContain('aws')
    }
  })
})

describe('root keys', () => {
  const publicKey = (letter: string) => `MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE${letter.repeat(86)}==`
  const withKeys = (rootKeys: Record<string, string>, signsWith?: string) => ({
    ...renamed,
    'gcp-here': { ...sites.gcp, ingest: 'https://in.test/ingest', rootKeys, ...(signsWith ? { signsWith } : {}) },
  })
  const carts: DeclaredType = { key: ['ref'], merge: register() }

  it('are told to the peers with the address, and one that is to come is made and signs nothing yet', async () => {
    const built = declare({ carts }, withKeys({ first: publicKey('A'), next: 'pending' }, 'first'))
    const google = await siteOf(built, 'gcp-here')
    const keys = [...resourcesOf(google, 'google_kms_crypto_key').values()].map(({ name }) => name)
    expect(keys).toEqual(['tributary-data', 'tributary-root-first', 'tributary-root-next'])
    const { environment_variables } = resourceOf(google, 'google_cloudfunctions2_function', 'ingest').service_config
    expect(environment_variables.TRIBUTARY_ROOT_KEY).toContain('root_first.id')
    const azure = await siteOf(built, 'azure-here')
    const settings: readonly { name: string; value: string }[] = resourceOf(azure, 'azapi_resource', 'ingest').body
      .properties.siteConfig.appSettings
    const peers = JSON.parse(settings.find(({ name }) => name === 'TRIBUTARY_PEERS')?.value ?? '')
    expect(peers['gcp-here']).toMatchObject({ url: 'https://in.test/ingest', keys: [{ kty: 'EC', crv: 'P-256' }] })
    expect(peers['aws-here']).toEqual({ url: 'https://aws-here.invalid/', keys: [] })
  })
})

describe('places', () => {
  it('a nested collection is heard of by its path, two types in one collection by one trigger', async () => {
    const at = (prefix: string) => ({ gcp: { collection: 'customers/{customer}/things', id: `${prefix}-{ref}` } })
    const built = declare({
      carts: { key: ['customer', 'ref'], merge: register(), at: at('cart') },
      wishes: { key: ['customer', 'ref'], merge: register(), at: at('wish') },
    })
    const triggers = [...resourcesOf(await siteOf(built, 'gcp-here'), 'google_eventarc_trigger').values()]
    expect(triggers.map(({ matching_criteria }) => matching_criteria[2].value)).toEqual([
      'customers/{key1}/things/{id}',
      'tributary-sync/{id}',
    ])
  })

  it('what expires is removed by Firestore’s own policy, and by Cosmos where an item says so', async () => {
    const built = declare({ sessions: { key: ['ref'], merge: register(), expires: 'until' } })
    expect(resourceOf(await siteOf(built, 'gcp-here'), 'google_firestore_field', 'sessions_until')).toMatchObject({
      collection: 'sessions',
      field: 'until',
      ttl_config: {},
    })
    const container = resourceOf(
      await siteOf(built, 'azure-here'),
      'azurerm_cosmosdb_sql_container',
      'tributary_sessions',
    )
    expect(container.default_ttl).toBe(-1)
  })

  it('a container that somebody else owns is no resource, lies in an account that is looked up, and is what is allowed', async () => {
    const at = { azure: { database: 'shop', container: 'carts', existing: true } }
    const template = await siteOf(declare({ carts: { key: ['ref'], merge: register(), at } }), 'azure-here')
    const inventory = inventoryOf(template)
    expect(inventory).not.toContain('azurerm_cosmosdb_account.tributary')
    expect(inventory.filter(name => /sql_(container|database)\./.test(name))).toEqual([
      'azurerm_cosmosdb_sql_container.tributary_tributary_audit',
      'azurerm_cosmosdb_sql_container.tributary_tributary_leases',
      'azurerm_cosmosdb_sql_database.tributary',
    ])
    expect(template.data.azurerm_cosmosdb_account?.tributary).toEqual({
      name: reference('var.cosmos_account'),
      resource_group_name: reference('var.cosmos_resource_group'),
    })
    const account = reference('data.azurerm_cosmosdb_account.tributary.id')
    const grant = resourceOf(template, 'azurerm_cosmosdb_sql_role_assignment', 'ingest_write_shop_carts')
    expect(grant.scope).toBe(`${account}/dbs/shop/colls/carts`)
  })

  it('batch data is looked for every five seconds, what is quicker twice a second', async () => {
    const interval = async (tier: 2 | 3) => {
      const template = await siteOf(declare({ carts: { key: ['ref'], tier, merge: register() } }), 'azure-here')
      const settings: readonly { name: string; value: string }[] = resourceOf(
        template,
        'azapi_resource',
        'forward_gcp_here',
      ).body.properties.siteConfig.appSettings
      return settings.find(({ name }) => name.endsWith('maxPollingInterval'))?.value
    }
    expect(await interval(3)).toBe('00:00:05')
    // As host.json says.
    expect(await interval(2)).toBeUndefined()
  })
})

describe('the filter of a peer’s subscription', () => {
  const filterOf = (types: Declaration['data']) =>
    typeFilter(defineSync({ sites: renamed, data: types }), 'gcp-here', 'azure-here')
  const away = ['aws-here', 'gcp-here']

  it('names what the peer may hold, or what it may not, whichever is shorter', () => {
    const carts: DeclaredType = { key: ['ref'], merge: register() }
    expect(filterOf({ carts })).toBeUndefined()
    expect(filterOf({ carts, notes: { ...carts, sites: away } })).toBe('attributes.type = "carts"')
    expect(filterOf({ carts, users: carts, notes: { ...carts, sites: away } })).toBe('attributes.type != "notes"')
  })

  it('is left out where it would be longer than Pub/Sub takes: forward looks again', () => {
    const type: DeclaredType = { key: ['ref'], merge: register() }
    const many = (prefix: string, sites?: string[]): Declaration['data'] =>
      Object.fromEntries(
        Array.from({ length: 10 }, (_, index) => [
          `${prefix}-${index}-${'x'.repeat(20)}`,
          sites ? { ...type, sites } : type,
        ]),
      )
    expect(filterOf({ ...many('here'), ...many('away', away) })).toBeUndefined()
  })
})
