/**
 * The Cosmos DB account, its containers, and who may do what in them. Nobody has a key: the account takes none, functions
 * prove who they are by their managed identity.
 *
 * Bounded staleness and one write region, without which a merge could miss the last write (functions/azure/account-check.ts);
 * continuous backup and the feature switched on afterwards, without which there is no feed of deletions. Serverless:
 * request units are paid as they are used, up to 5,000 a second in a container.
 *
 * A container that somebody else owns lies in somebody else's account. Then the account is only looked up, and what is
 * Tributary's own is made in it.
 */
import {
  auditStoreName,
  cosmosAccountName,
  cosmosDatabaseName,
  cosmosLeasesName,
  cosmosRecordProperty,
} from '../../shared/declare/resource-names.ts'
import { type TypePlan, typesAt } from '../../shared/declare/sync-plan.ts'
import type { TypedData, TypedResource } from '../terraform/typed-resource.ts'
import { createVariable, snakeCase } from '../terraform/variable.ts'
import { azure, azureData } from './azure.ts'
import type { AzureTypes } from './azurerm-types.ts'
import { placed, type SiteContext } from './site-context.ts'

/** Of a sync item, the long part. */
const unindexedPath = `/${cosmosRecordProperty}/?`

/** Items expire only where they say so: `ttl` of an item counts only in a container that has a default. */
const expiryByItem = -1

/** For one region: 5 s or 10 operations at least. */
const staleness = { max_interval_in_seconds: 300, max_staleness_prefix: 100_000 }

export interface Cosmos {
  readonly endpoint: string
  readonly accountId: string
  /** Containers with the application's data. */
  readonly data: readonly Place[]
  readonly audit: Place
  readonly leases: Place
  readonly ready: readonly (TypedResource | TypedData)[]
  grant(name: string, principalId: string, role: CosmosRole, places: readonly Place[]): readonly TypedResource[]
}

export interface Place {
  readonly database: string
  readonly container: string
}

const actions = 'Microsoft.DocumentDB/databaseAccounts'
const items = `${actions}/sqlDatabases/containers/items`
const metadata = `${actions}/readMetadata`

/** https://learn.microsoft.com/azure/cosmos-db/reference-data-plane-actions */
const roles = {
  /** What every client asks for first. */
  connect: [metadata],
  read: [metadata, `${items}/read`],
  feed: [metadata, `${items}/read`, `${actions}/sqlDatabases/containers/readChangeFeed`],
  append: [metadata, `${items}/read`, `${items}/create`, `${items}/upsert`],
  write: [
    metadata,
    `${items}/read`,
    `${items}/create`,
    `${items}/replace`,
    `${items}/upsert`,
    `${items}/delete`,
    `${actions}/sqlDatabases/containers/executeQuery`,
  ],
} as const
export type CosmosRole = keyof typeof roles

export function createCosmos(context: SiteContext): Cosmos {
  const { scope, plan, site } = context
  const types = typesAt(plan, site.id)
  const account = types.some(({ at }) => at.azure.existing) ? lookUpAccount(context) : createAccount(context)
  const feed = azure(scope, 'change_feed', 'azapi_update_resource', {
    type: 'Microsoft.DocumentDB/databaseAccounts@2024-12-01-preview',
    resource_id: account.get('id'),
    body: { properties: { enableAllVersionsAndDeletesChangeFeed: true } },
  })
  const placement = new Placement(context, account, types)
  const audit = { database: cosmosDatabaseName, container: auditStoreName }
  const leases = { database: cosmosDatabaseName, container: cosmosLeasesName }
  placement.create(audit, {
    partition_key_paths: ['/shard'],
    default_ttl: expiryByItem,
    // Every indexed property is paid for with every write, and nobody searches in the values that lost.
    indexing_policy: {
      indexing_mode: 'consistent',
      included_path: [{ path: '/*' }],
      excluded_path: [{ path: '/entry/*' }, { path: '/packed/?' }],
    },
  })
  placement.create(leases, { partition_key_paths: ['/id'] })
  const data = placement.createData()
  return {
    endpoint: account.get('endpoint'),
    accountId: account.get('id'),
    data,
    audit,
    leases,
    ready: [...placement.created, feed],
    grant: createGrants(context, account),
  }
}

function createAccount(context: SiteContext): TypedResource {
  const { scope, site, prefix } = context
  return azure(
    scope,
    'tributary',
    'azurerm_cosmosdb_account',
    {
      name: cosmosAccountName(prefix),
      ...placed(context),
      offer_type: 'Standard',
      kind: 'GlobalDocumentDB',
      local_authentication_disabled: true,
      minimal_tls_version: 'Tls12',
      multiple_write_locations_enabled: false,
      capabilities: [{ name: 'EnableServerless' }],
      consistency_policy: { consistency_level: 'BoundedStaleness', ...staleness },
      geo_location: [{ location: site.region, failover_priority: 0 }],
      backup: { type: 'Continuous', tier: 'Continuous30Days' },
    },
    { preventDestroy: true },
  )
}

function lookUpAccount({ scope }: SiteContext): TypedData {
  return azureData(scope, 'tributary', 'azurerm_cosmosdb_account', {
    name: createVariable(scope, 'cosmos_account', { description: 'Name of the Cosmos DB account with the containers' }),
    resource_group_name: createVariable(scope, 'cosmos_resource_group', {
      description: 'Resource group of that account',
    }),
  })
}

type ContainerArgs = Pick<
  AzureTypes['azurerm_cosmosdb_sql_container'],
  'partition_key_paths' | 'default_ttl' | 'indexing_policy'
>

/** Databases and containers, each once. */
class Placement {
  readonly #context: SiteContext
  readonly #account: TypedResource | TypedData
  readonly #types: readonly TypePlan[]
  readonly #databases = new Map<string, string>()
  readonly created: TypedResource[] = []

  constructor(context: SiteContext, account: TypedResource | TypedData, types: readonly TypePlan[]) {
    this.#context = context
    this.#account = account
    this.#types = types
  }

  create({ database, container }: Place, args: ContainerArgs): void {
    const { scope } = this.#context
    this.created.push(
      azure(
        scope,
        snakeCase(`${database} ${container}`),
        'azurerm_cosmosdb_sql_container',
        {
          name: container,
          ...this.#inAccount(),
          database_name: this.#database(database),
          partition_key_version: 2,
          ...args,
        },
        { preventDestroy: true },
      ),
    )
  }

  /** Several types may share one. One that somebody else owns is there already. */
  createData(): readonly Place[] {
    const places = new Map<string, Place>()
    for (const { at } of this.#types) {
      const { database, container, existing, partition } = at.azure
      const key = `${database}/${container}`
      if (places.has(key)) continue
      places.set(key, { database, container })
      if (existing) continue
      const expires = this.#types.some(
        type => type.expires !== undefined && `${type.at.azure.database}/${type.at.azure.container}` === key,
      )
      this.create(
        { database, container },
        {
          partition_key_paths: [partitionKeyPath(partition.attribute)],
          // As with the audit: nobody searches in what a sync record holds.
          indexing_policy: {
            indexing_mode: 'consistent',
            included_path: [{ path: '/*' }],
            excluded_path: [{ path: unindexedPath }],
          },
          ...(expires ? { default_ttl: expiryByItem } : {}),
        },
      )
    }
    return [...places.values()]
  }

  /** A database that holds a container of somebody else's is somebody else's, too. */
  #database(name: string): string {
    const { scope } = this.#context
    if (this.#types.some(({ at }) => at.azure.existing && at.azure.database === name)) return name
    const known = this.#databases.get(name)
    if (known !== undefined) return known
    const args = { name, ...this.#inAccount() }
    const created = azure(scope, snakeCase(name), 'azurerm_cosmosdb_sql_database', args, { preventDestroy: true })
    this.#databases.set(name, created.get('name'))
    return created.get('name')
  }

  #inAccount() {
    return { resource_group_name: this.#account.get('resource_group_name'), account_name: this.#account.get('name') }
  }
}

/** A name that is more than letters, digits and underscores is quoted. */
function partitionKeyPath(field: string): string {
  return /^\w+$/.test(field) ? `/${field}` : `/${JSON.stringify(field)}`
}

function createGrants({ scope }: SiteContext, account: TypedResource | TypedData): Cosmos['grant'] {
  const inAccount = { resource_group_name: account.get('resource_group_name'), account_name: account.get('name') }
  const definitions = new Map<CosmosRole, TypedResource>()
  const define = (role: CosmosRole) =>
    azure(scope, role, 'azurerm_cosmosdb_sql_role_definition', {
      name: `tributary-${role}`,
      ...inAccount,
      type: 'CustomRole',
      assignable_scopes: [account.get('id')],
      permissions: [{ data_actions: roles[role] }],
    })
  return (name, principalId, role, places) => {
    const definition = definitions.get(role) ?? define(role)
    definitions.set(role, definition)
    const assign = (of: string, scopeId: string) =>
      azure(scope, snakeCase(`${name} ${role} ${of}`), 'azurerm_cosmosdb_sql_role_assignment', {
        ...inAccount,
        role_definition_id: definition.id,
        principal_id: principalId,
        scope: scopeId,
      })
    if (role === 'connect') return [assign('account', account.get('id'))]
    return places.map(({ database, container }) =>
      assign(`${database} ${container}`, `${account.get('id')}/dbs/${database}/colls/${container}`),
    )
  }
}
