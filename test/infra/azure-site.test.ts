/** The Azure site of this project's declaration, as its template says: what is there, who may do what, what is public. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { alerts } from '../../infra/alerts.ts'
import { isOfferedByAzure } from '../../infra/azure/alert-rules.ts'
import { writeSiteFolders } from '../../infra/terraform/site-folders.ts'
import { peersOf, siteOf, typesAt } from '../../shared/declare/sync-plan.ts'
import plan from '../../sync.config.ts'
import { functionNames, projectRoot } from '../../tools/build/bundle-functions.ts'
import {
  type Arguments,
  inventoryOf,
  keptInDocs,
  protectedIn,
  readSite,
  reference,
  referredToBy,
  resourceOf,
  resourcesOf,
  type Template,
  textOf,
} from './terraform.ts'

const site = 'azure-eastus'
const peers = peersOf(plan, site).map(({ id }) => id)
const types = typesAt(plan, site)
const typeNames = types.map(({ name }) => name)
const realTime = types.filter(({ tier }) => tier === 1).map(({ name }) => name)
const folder = mkdtempSync(join(tmpdir(), 'tributary-azure-'))
const first = inject('sites')
const second = join(folder, 'second')
const bundles = join(first, '../.build/functions')
let template: Template

beforeAll(async () => {
  // The bundles are the same: that building them again changes nothing is tested for AWS.
  await writeSiteFolders({
    plan,
    sites: [siteOf(plan, site)],
    bundles,
    out: second,
  })
  template = readSite(join(first, site))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const all = (type: string) => [...resourcesOf(template, type).values()]
const known = { variables: { prefix: 'shop' } }
const text = (value: unknown) => textOf(template, String(value), known)
const snake = (name: string) => name.replaceAll('-', '_')
const apps = ['capture', 'publish', ...peers.map(peer => `forward-${peer}`), 'ingest', 'prune']
const bodyOf = (app: string): Arguments => resourceOf(template, 'azapi_resource', snake(app)).body.properties
const settingsOf = (app: string): ReadonlyMap<string, string> =>
  new Map(bodyOf(app).siteConfig.appSettings.map(({ name, value }: Arguments) => [name, text(value)]))

describe('function apps', () => {
  it('are all there, on Node 24, each on a plan and as an identity of its own', () => {
    expect([...resourcesOf(template, 'azapi_resource').keys()]).toEqual(apps.map(snake))
    for (const app of apps) {
      expect(resourceOf(template, 'azapi_resource', snake(app)).type).toMatch(/^Microsoft\.Web\/sites@/)
      expect(bodyOf(app).functionAppConfig.runtime).toEqual({ name: 'node', version: '24' })
      expect(bodyOf(app).serverFarmId).toBe(reference(`azurerm_service_plan.${snake(app)}.id`))
      expect(resourceOf(template, 'azurerm_service_plan', snake(app)).sku_name).toBe('FC1')
      expect(resourceOf(template, 'azapi_resource', snake(app)).identity).toEqual({
        type: 'UserAssigned',
        identity_ids: [reference(`azurerm_user_assigned_identity.${snake(app)}.id`)],
      })
      // Beyond 32 characters the host may take two apps for one.
      expect(text(resourceOf(template, 'azapi_resource', snake(app)).name).length).toBeLessThanOrEqual(32)
    }
  })

  it('are given the very files that the local clouds run, with the same host.json', () => {
    const hostJson = readFileSync(join(projectRoot, 'functions/azure/host.json'), 'utf8')
    for (const name of functionNames) {
      const deployed = join(first, site, 'functions', name)
      const built = readFileSync(join(bundles, 'azure', name, 'index.cjs'))
      expect(readFileSync(join(deployed, 'index.cjs')).equals(built)).toBe(true)
      expect(JSON.parse(readFileSync(join(deployed, 'host.json'), 'utf8'))).toEqual(JSON.parse(hostJson))
      // Otherwise a call that hangs keeps its container's feed for half an hour.
      expect(JSON.parse(hostJson).functionTimeout).toBe('00:05:00')
      expect(JSON.parse(readFileSync(join(deployed, 'package.json'), 'utf8')).main).toBe('index.cjs')
    }
    for (const app of apps) {
      const deploy = resourceOf(template, 'terraform_data', `deploy_${snake(app)}`)
      const bundle = app.startsWith('forward') ? 'forward' : app
      expect(deploy.provisioner[0]['local-exec'].command).toContain(
        `--name ${reference(`azapi_resource.${snake(app)}.name`)} --src ${reference(`data.archive_file.${bundle}.output_path`)}`,
      )
      // Another package is handed over again.
      expect(deploy.triggers_replace).toContain(reference(`data.archive_file.${bundle}.output_sha256`))
      expect(template.data.archive_file?.[bundle]?.source_dir).toBe(`${reference('path.module')}/functions/${bundle}`)
    }
  })

  it('keep two instances ready for what is in real time, unless the deployer says otherwise', () => {
    expect(template.variable.always_ready_instances?.default).toBe(2)
    const warm = (app: string) => bodyOf(app).functionAppConfig.scaleAndConcurrency.alwaysReady
    const instanceCount = reference('var.always_ready_instances')
    expect(realTime.length).toBeGreaterThan(0)
    for (const app of ['capture', 'publish']) {
      expect(warm(app)).toEqual(realTime.map(name => ({ name: `function:${app}-${name}`, instanceCount })))
    }
    expect(warm('ingest')).toEqual([{ name: 'http', instanceCount }])
    for (const peer of peers) {
      expect(warm(`forward-${peer}`)).toEqual([{ name: `function:forward-${peer}`, instanceCount }])
    }
    expect(warm('prune')).toEqual([])
  })
})

describe('containers and queues', () => {
  it('are those that the functions ask for, with the same keys as on the local clouds', () => {
    const containers = all('azurerm_cosmosdb_sql_container').map(args => [
      `${text(args.database_name)}/${args.name}`,
      args.partition_key_paths,
      args.default_ttl,
    ])
    expect(containers).toEqual([
      ['tributary/tributary-audit', ['/shard'], -1],
      ['tributary/tributary-leases', ['/id'], undefined],
      // Nothing here says otherwise: a container is called like its type and partitioned by the first field of its key.
      ...types.map(({ name, key, expires }) => [
        `tributary/${name}`,
        [`/${key[0]}`],
        expires === undefined ? undefined : -1,
      ]),
    ])
    const queues = all('azurerm_storage_queue').map(({ name }) => name)
    const forwards = peers.map(peer => `tributary-forward-${peer}`)
    expect(queues.toSorted()).toEqual(
      [...forwards, ...forwards.map(name => `${name}-poison`), 'tributary-dead-letters'].toSorted(),
    )
  })

  it('are in an account that a merge can rely on, whose feed tells of deletions', () => {
    const account = resourceOf(template, 'azurerm_cosmosdb_account', 'tributary')
    expect(account).toMatchObject({
      consistency_policy: { consistency_level: 'BoundedStaleness' },
      multiple_write_locations_enabled: false,
      geo_location: [{ location: 'eastus', failover_priority: 0 }],
      backup: { type: 'Continuous' },
      lifecycle: { prevent_destroy: true },
    })
    // The service refuses it while an account is made: it has to come after.
    expect(account.body).toBeUndefined()
    expect(resourceOf(template, 'azapi_update_resource', 'change_feed')).toMatchObject({
      resource_id: reference('azurerm_cosmosdb_account.tributary.id'),
      body: { properties: { enableAllVersionsAndDeletesChangeFeed: true } },
    })
    for (const app of apps) {
      const { depends_on } = resourceOf(template, 'azapi_resource', snake(app))
      expect(depends_on).toContain('azapi_update_resource.change_feed')
    }
  })
})

describe('a removal', () => {
  it('keeps the data, and the group that it lies in; the docs say how', () => {
    const kept = protectedIn(template)
    const known = keptInDocs('Azure')
    expect([...kept.keys()]).toEqual(
      expect.arrayContaining(['azurerm_resource_group.tributary', 'azurerm_cosmosdb_account.tributary']),
    )
    for (const args of kept.values()) {
      for (const needed of referredToBy(template, args)) expect([...kept.keys()]).toContain(needed)
    }
    expect(
      inventoryOf(template)
        .filter(address => known.test(address))
        .toSorted(),
    ).toEqual([...kept.keys()].toSorted())
  })
})

describe('permissions', () => {
  const principalOf = (app: string) => reference(`azurerm_user_assigned_identity.${snake(app)}.principal_id`)
  const cosmosRoles = (app: string) =>
    all('azurerm_cosmosdb_sql_role_assignment')
      .filter(({ principal_id }) => principal_id === principalOf(app))
      .map(({ role_definition_id, scope }) => {
        const role = /role_definition\.(\w+)\.id/.exec(role_definition_id)?.[1]
        return `${role} ${String(scope).split('/colls/')[1] ?? 'account'}`
      })
      .toSorted()
  const roles = (app: string) =>
    all('azurerm_role_assignment')
      .filter(({ principal_id }) => principal_id === principalOf(app))
      .map(({ role_definition_name, role_definition_id, scope }) => {
        const ours = /role_definition\.(\w+)\.role_definition_resource_id}$/.exec(role_definition_id)?.[1]
        const what =
          /(?:queues\/(.*)|(root)_first\.name})$/.exec(scope)?.slice(1).join('') ??
          /azurerm_(\w+\.\w+)\.id/.exec(scope)?.[1]
        return `${ours ?? role_definition_name} on ${what}`
      })
      .toSorted()
  /** What the Functions host of every app needs for itself. */
  const host = (app: string) => [
    `Storage Blob Data Contributor on storage_container.${snake(app)}`,
    'Monitoring Metrics Publisher on application_insights.tributary',
    'Storage Blob Data Owner on storage_account.host',
  ]
  const sign = 'sign on root'
  const send = (queue: string) => `Storage Queue Data Message Sender on ${queue}`
  const deadLetters = send('tributary-dead-letters')

  it('on containers are what each function needs, and no more', () => {
    const data = (role: string) => typeNames.map(name => `${role} ${name}`)
    const audit = 'append tributary-audit'
    const leases = 'tributary-leases'
    const connect = 'connect account'
    const sorted = (...names: string[]) => names.toSorted()
    expect(cosmosRoles('capture')).toEqual(sorted(connect, audit, ...data('feed'), ...data('write'), `write ${leases}`))
    expect(cosmosRoles('publish')).toEqual(sorted(connect, audit, ...data('feed'), `write ${leases}`))
    for (const peer of peers) {
      expect(cosmosRoles(`forward-${peer}`)).toEqual(sorted(connect, audit, ...data('read'), `read ${leases}`))
    }
    expect(cosmosRoles('ingest')).toEqual(sorted(connect, audit, ...data('write'), `read ${leases}`))
    expect(cosmosRoles('prune')).toEqual(sorted(connect, ...data('write')))
  })

  it('on queues and secrets are what each function needs, and no more', () => {
    const sorted = (...names: string[]) => names.toSorted()
    expect(roles('capture')).toEqual(sorted(...host('capture'), deadLetters, sign))
    expect(roles('publish')).toEqual(
      sorted(...host('publish'), deadLetters, ...peers.map(peer => send(`tributary-forward-${peer}`))),
    )
    for (const peer of peers) {
      const own = `tributary-forward-${peer}`
      expect(roles(`forward-${peer}`)).toEqual(
        sorted(
          ...host(`forward-${peer}`),
          `Storage Queue Data Reader on ${own}`,
          `Storage Queue Data Message Processor on ${own}`,
          send(own),
          `Storage Queue Data Contributor on ${own}-poison`,
          deadLetters,
          sign,
        ),
      )
    }
    expect(roles('ingest')).toEqual(sorted(...host('ingest'), sign))
    expect(roles('prune')).toEqual(sorted(...host('prune'), sign))
  })

  it('let nobody change what another app runs: the packages are in an account of their own', () => {
    const containers = all('azurerm_storage_container')
    expect(containers).toHaveLength(apps.length)
    const accounts = new Set(containers.map(({ storage_account_id }) => storage_account_id))
    expect([...accounts]).toEqual([reference('azurerm_storage_account.code.id')])
    const onAll = all('azurerm_role_assignment').filter(({ scope }) => accounts.has(scope))
    expect(onAll).toEqual([])
  })

  it('to sign are for that only: Azure’s own role could switch the key off, too', () => {
    expect(resourceOf(template, 'azurerm_role_definition', 'sign')).toMatchObject({
      permissions: [{ data_actions: ['Microsoft.KeyVault/vaults/keys/sign/action'] }],
      assignable_scopes: [reference('azurerm_resource_group.tributary.id')],
    })
  })

  it('name every action: no wildcard', () => {
    for (const { permissions } of all('azurerm_cosmosdb_sql_role_definition')) {
      for (const action of permissions.flatMap(({ data_actions }: Arguments) => data_actions)) {
        expect(action).not.toContain('*')
      }
    }
  })

  it('are granted before the app that needs them starts', () => {
    for (const app of apps) {
      const { depends_on } = resourceOf(template, 'azapi_resource', snake(app))
      const granted = [
        ...[...resourcesOf(template, 'azurerm_role_assignment')].map(entry => ['azurerm_role_assignment', ...entry]),
        ...[...resourcesOf(template, 'azurerm_cosmosdb_sql_role_assignment')].map(entry => [
          'azurerm_cosmosdb_sql_role_assignment',
          ...entry,
        ]),
      ].filter(([, , args]) => Object(args).principal_id === principalOf(app))
      for (const [type, name] of granted) expect(depends_on).toContain(`${type}.${name}`)
    }
  })
})

describe('secrets', () => {
  it('there are none: no store takes a key, no app may be published with a password', () => {
    expect(resourceOf(template, 'azurerm_cosmosdb_account', 'tributary').local_authentication_disabled).toBe(true)
    for (const account of all('azurerm_storage_account')) expect(account.shared_access_key_enabled).toBe(false)
    expect(resourceOf(template, 'azurerm_application_insights', 'tributary').local_authentication_disabled).toBe(true)
    for (const app of apps) {
      for (const way of ['scm', 'ftp']) {
        expect(resourceOf(template, 'azapi_update_resource', `${snake(app)}_${way}`)).toMatchObject({
          parent_id: reference(`azapi_resource.${snake(app)}.id`),
          body: { properties: { allow: false } },
        })
      }
      // Not even an empty one: the host would try to use it.
      expect([...settingsOf(app).keys()]).not.toContain('AzureWebJobsStorage')
      for (const value of settingsOf(app).values()) expect(value).not.toMatch(/AccountKey|SharedAccess|primary_key/i)
    }
    expect(JSON.stringify(template)).not.toMatch(/access_key}|primary_key|connection_strings|sas_token|password/)
  })

  it('the root key is made in the vault, may sign and nothing else, and is known to those that sign', () => {
    expect(resourceOf(template, 'azurerm_key_vault_key', 'root_first')).toMatchObject({
      ...{ key_type: 'EC', curve: 'P-256', key_opts: ['sign', 'verify'] },
      key_vault_id: reference('azurerm_key_vault.tributary.id'),
    })
    const holders = apps.filter(app => settingsOf(app).has('TRIBUTARY_ROOT_KEY'))
    expect(holders).toEqual(['capture', ...peers.map(peer => `forward-${peer}`), 'ingest', 'prune'])
    for (const app of holders) {
      expect(settingsOf(app).get('TRIBUTARY_ROOT_KEY')).toBe('{azurerm_key_vault_key.root_first.id}')
      expect(settingsOf(app).has('TRIBUTARY_SIGNING_KEY')).toBe(false)
    }
    expect(resourceOf(template, 'azurerm_key_vault', 'tributary')).toMatchObject({
      rbac_authorization_enabled: true,
      purge_protection_enabled: true,
    })
    expect(template.output.root_key_first?.value).toBe(reference('azurerm_key_vault_key.root_first.public_key_pem'))
  })
})

describe('data at rest', () => {
  it('stays in the region, is encrypted twice in the queues, and is kept no longer than a log has to be', () => {
    for (const account of all('azurerm_storage_account')) {
      expect(account).toMatchObject({ infrastructure_encryption_enabled: true, account_replication_type: 'ZRS' })
      expect(account.allow_nested_items_to_be_public).toBe(false)
    }
    for (const name of inventoryOf(template)) {
      const [type = '', id = ''] = name.split('.')
      expect([undefined, 'eastus']).toContain(resourceOf(template, type, id).location)
    }
    expect(resourceOf(template, 'azurerm_log_analytics_workspace', 'tributary').retention_in_days).toBe(30)
    for (const container of all('azurerm_storage_container')) expect(container.container_access_type).toBe('private')
  })
})

describe('public', () => {
  it('is one path, limited to 1,000 requests a second of a caller', () => {
    const [route, ...others] = all('azurerm_cdn_frontdoor_route')
    expect(others).toEqual([])
    expect(route).toMatchObject({ patterns_to_match: ['/api/ingest'], supported_protocols: ['Https'] })
    const [policy] = all('azurerm_cdn_frontdoor_firewall_policy')
    expect(policy?.mode).toBe('Prevention')
    const [onlyPost, rate] = policy?.custom_rule ?? []
    expect(onlyPost).toMatchObject({
      action: 'Block',
      match_condition: [{ negation_condition: true, match_values: ['POST'] }],
    })
    expect(rate.rate_limit_threshold / (60 * rate.rate_limit_duration_in_minutes)).toBe(1000)
    expect(rate.match_condition).toEqual([{ ...onlyPost.match_condition[0], negation_condition: false }])
    const [attached] = all('azurerm_cdn_frontdoor_security_policy')
    expect(attached?.security_policies.firewall).toMatchObject({
      cdn_frontdoor_firewall_policy_id: reference('azurerm_cdn_frontdoor_firewall_policy.ingest.id'),
      association: { domain: [{ cdn_frontdoor_domain_id: reference('azurerm_cdn_frontdoor_endpoint.ingest.id') }] },
    })
    expect(template.output.ingest_url?.value).toBe(
      `https://${reference('azurerm_cdn_frontdoor_endpoint.ingest.host_name')}/api/ingest`,
    )
  })

  it('is nothing else: ingest takes this Front Door’s requests only, the other apps none', () => {
    for (const app of apps) {
      const { ipSecurityRestrictionsDefaultAction, ipSecurityRestrictions } = bodyOf(app).siteConfig
      expect(ipSecurityRestrictionsDefaultAction).toBe('Deny')
      const wanted =
        app === 'ingest'
          ? [
              {
                name: 'front-door',
                action: 'Allow',
                priority: 100,
                tag: 'ServiceTag',
                ipAddress: 'AzureFrontDoor.Backend',
                headers: { 'x-azure-fdid': [reference('azurerm_cdn_frontdoor_profile.ingest.resource_guid')] },
              },
            ]
          : []
      expect(ipSecurityRestrictions).toEqual(wanted)
      expect(bodyOf(app)).toMatchObject({ httpsOnly: true, siteConfig: { minTlsVersion: '1.3' } })
    }
  })
})

describe('alerts', () => {
  const made = () =>
    new Map(
      ['azurerm_monitor_scheduled_query_rules_alert_v2', 'azurerm_monitor_metric_alert']
        .flatMap(all)
        .map(args => [String(args.name), args]),
    )

  it('there is a rule for every row of the table that Azure has a metric for', () => {
    const wanted = alerts.filter(({ metric }) => metric.from === 'log' || isOfferedByAzure(metric.metric))
    expect([...made().keys()].toSorted()).toEqual(wanted.map(({ id }) => `tributary-${id}`).toSorted())
  })

  it('each tells the one whom it is for, at the value of the table', () => {
    for (const { id, severity, to, above } of alerts) {
      const rule = made().get(`tributary-${id}`)
      if (!rule) continue
      expect(rule.severity).toBe(severity === 'critical' ? 1 : 2)
      expect(rule.criteria[0].threshold).toBe(above)
      const told = rule.action.action_groups ?? rule.action.map(({ action_group_id }: Arguments) => action_group_id)
      expect(told).toEqual([reference(`azurerm_monitor_action_group.${snake(to)}.id`)])
    }
  })

  it('those of lines ask for exactly these lines, none of which is left out', () => {
    for (const { id, metric } of alerts) {
      if (metric.from !== 'log') continue
      const { query } = made().get(`tributary-${id}`)?.criteria[0] ?? {}
      for (const [field, equals] of Object.entries(metric.where)) {
        expect(query).toContain(equals === null ? `isnotnull(line.${field})` : `tostring(line.${field}) == "${equals}"`)
      }
      if (metric.value !== undefined) expect(query).toContain(`todouble(line.${metric.value})`)
    }
    const sampling = 'AzureFunctionsJobHost__logging__applicationInsights__samplingSettings__isEnabled'
    for (const app of apps) expect(settingsOf(app).get(sampling)).toBe('false')
  })
})

describe('a synthesis', () => {
  it('gives the same bytes again, for every file', () => {
    const files = readdirSync(join(first, site), { recursive: true, withFileTypes: true }).filter(entry =>
      entry.isFile(),
    )
    expect(files).toHaveLength(1 + 3 * functionNames.length)
    for (const { parentPath, name } of files) {
      const path = join(parentPath, name).slice(first.length)
      expect(readFileSync(join(second, path)).equals(readFileSync(join(first, path))), path).toBe(true)
    }
  })
})
