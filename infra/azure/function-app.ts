/**
 * A function app from its bundle: the file that the local clouds run, unchanged. On the Flex Consumption plan, of which
 * every app has one of its own, with an identity of its own.
 *
 * No key anywhere: the host, the triggers and our own clients prove who they are by the identity, publishing with a user
 * name is off, and the package is handed over by whoever deploys (`az`, as the deployer).
 */
import type { FunctionName } from '../../tools/build/bundle-functions.ts'
import { createFunctionArchive } from '../terraform/function-archive.ts'
import { shortName } from '../terraform/short-name.ts'
import type { TypedData, TypedResource } from '../terraform/typed-resource.ts'
import { createVariable, snakeCase } from '../terraform/variable.ts'
import { azure } from './azure.ts'
import type { IpRestriction } from './azurerm-types.ts'
import type { Identity } from './identity.ts'
import { instanceMemoryMb } from './instance-size.ts'
import type { Logs } from './logs.ts'
import { createStorageAccount } from './queues.ts'
import { placed, type SiteContext } from './site-context.ts'

/** What all apps of a site share. */
export interface AppHome {
  readonly context: SiteContext
  readonly logs: Logs
  /** What the Functions host keeps: leases of timers, keys of its own. */
  readonly storage: TypedResource
  /** What runs. Not beside what the host of every app may write: nobody may change the code of another app. */
  readonly packages: TypedResource
  /** References: instances of each group that are kept ready, and the most there are of each. */
  readonly alwaysReady: string
  readonly maxInstances: string
  /** Reference: in MB. */
  readonly instanceMemory: string
  readonly archives: Map<FunctionName, TypedData>
}

export interface FunctionAppOptions {
  /** As it is called in the resource group, without the prefix. */
  readonly name: string
  readonly bundle: FunctionName
  readonly identity: Identity
  readonly settings: Readonly<Record<string, string>>
  /** Groups of functions that are kept warm: `http`, `function:<name>`. */
  readonly warm: readonly string[]
  readonly permissions: readonly TypedResource[]
  readonly dependsOn: readonly (TypedResource | TypedData)[]
  /** Who may call it over HTTP; nobody unless named. */
  readonly allowed?: readonly IpRestriction[]
}

const apiVersion = '2024-04-01'

/** With the prefix of ten at most: beyond 32 the host may take two apps for one. */
const nameLengthMax = 21

export function createAppHome(context: SiteContext, logs: Logs): AppHome {
  const { scope, prefix } = context
  return {
    context,
    logs,
    storage: createStorageAccount(context, 'host', `${prefix}tributaryhost`),
    packages: createStorageAccount(context, 'code', `${prefix}tributarycode`),
    alwaysReady: createVariable(scope, 'always_ready_instances', {
      description:
        'Instances that are kept ready for each function of tier-1 data; 0 costs nothing while nothing is written',
      type: 'number',
      default: 2,
    }),
    maxInstances: createVariable(scope, 'max_instances', {
      description: 'The most instances of each function; 40 is the least that the plan takes',
      type: 'number',
      default: 40,
    }),
    instanceMemory: createVariable(scope, 'instance_memory_mb', {
      description: 'Memory of an instance, 512, 2048 or 4096: CPU and price go with it',
      type: 'number',
      default: instanceMemoryMb,
    }),
    archives: new Map(),
  }
}

/** `output.properties.defaultHostName` is its address. */
export function createFunctionApp(home: AppHome, options: FunctionAppOptions): TypedResource {
  const { context, logs, storage, alwaysReady, maxInstances, instanceMemory } = home
  const { name, bundle, identity, warm, permissions, dependsOn, allowed = [] } = options
  const { scope, site, prefix, groupId, tags } = context
  const short = name.replace('tributary-', '')
  const id = snakeCase(short)
  const plan = azure(scope, id, 'azurerm_service_plan', { name, ...placed(context), os_type: 'Linux', sku_name: 'FC1' })
  const packages = azure(scope, id, 'azurerm_storage_container', {
    name: shortName(`package-${short}`, 63),
    storage_account_id: home.packages.id,
    container_access_type: 'private',
  })
  // A deployment writes as the app, too.
  const packageRole = identity.grant('Storage Blob Data Contributor', packages.id, 'package')
  // The host makes containers of its own there, so a role on single ones would not do.
  const hostRole = identity.grant('Storage Blob Data Owner', storage.id, 'host')
  const metricsRole = identity.grant('Monitoring Metrics Publisher', logs.insights.id, 'insights')
  const app = azure(
    scope,
    id,
    'azapi_resource',
    {
      type: `Microsoft.Web/sites@${apiVersion}`,
      name: `${prefix}-${shortName(short, nameLengthMax)}`,
      parent_id: groupId,
      location: site.region,
      tags,
      identity: { type: 'UserAssigned', identity_ids: [identity.id] },
      body: {
        kind: 'functionapp,linux',
        properties: {
          serverFarmId: plan.id,
          httpsOnly: true,
          siteConfig: {
            minTlsVersion: '1.3',
            http20Enabled: true,
            ipSecurityRestrictionsDefaultAction: 'Deny',
            ipSecurityRestrictions: allowed,
            // Deployment: asks for the deployer's own token.
            scmIpSecurityRestrictionsDefaultAction: 'Allow',
            scmIpSecurityRestrictionsUseMain: false,
            appSettings: Object.entries({ ...hostSettings(home, identity), ...options.settings }).map(
              ([name, value]) => ({ name, value }),
            ),
          },
          functionAppConfig: {
            deployment: {
              storage: {
                type: 'blobContainer',
                value: `${home.packages.get('primary_blob_endpoint')}${packages.get('name')}`,
                authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identity.id },
              },
            },
            runtime: { name: 'node', version: '24' },
            scaleAndConcurrency: {
              maximumInstanceCount: maxInstances,
              // How many requests an instance is given side by side goes with it.
              instanceMemoryMB: instanceMemory,
              alwaysReady: warm.map(group => ({ name: group, instanceCount: alwaysReady })),
            },
          },
        },
      },
      response_export_values: ['properties.defaultHostName'],
    },
    { dependsOn: [hostRole, packageRole, metricsRole, ...permissions, ...dependsOn] },
  )
  const locked = ['scm', 'ftp'].map(way =>
    azure(scope, `${id}_${way}`, 'azapi_update_resource', {
      type: `Microsoft.Web/sites/basicPublishingCredentialsPolicies@${apiVersion}`,
      parent_id: app.id,
      name: way,
      body: { properties: { allow: false } },
    }),
  )
  deploy(home, bundle, app, id, locked)
  return app
}

/** Flex Consumption takes a package by "one deploy" only, for which Terraform's providers have no resource. */
function deploy(home: AppHome, bundle: FunctionName, app: TypedResource, id: string, locked: readonly TypedResource[]) {
  const { scope, group, subscription } = home.context
  const archive = home.archives.get(bundle) ?? createFunctionArchive(scope, bundle, bundle)
  home.archives.set(bundle, archive)
  const command = [
    'az functionapp deployment source config-zip',
    `--subscription ${subscription}`,
    `--resource-group ${group}`,
    `--name ${app.get('name')}`,
    `--src ${archive.get('output_path')}`,
  ].join(' ')
  azure(
    scope,
    `deploy_${id}`,
    'terraform_data',
    { triggers_replace: [app.id, archive.get('output_sha256')] },
    { dependsOn: locked, command },
  )
}

function hostSettings({ context, logs, storage }: AppHome, { clientId }: Identity): Readonly<Record<string, string>> {
  return {
    AzureWebJobsStorage__accountName: storage.get('name'),
    AzureWebJobsStorage__credential: 'managedidentity',
    AzureWebJobsStorage__clientId: clientId,
    APPLICATIONINSIGHTS_CONNECTION_STRING: logs.insights.get('connection_string'),
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: `ClientId=${clientId};Authorization=AAD`,
    // The alerts count lines: none may be left out.
    AzureFunctionsJobHost__logging__applicationInsights__samplingSettings__isEnabled: 'false',
    TRIBUTARY_SITE: context.site.id,
  }
}
