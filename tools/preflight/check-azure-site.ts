/** The subscription and the Cosmos DB account of an Azure site against the plan. Asks only; changes nothing. */
import { z } from 'zod'
import { auditStoreName, cosmosDatabaseName, cosmosLeasesName } from '../../shared/declare/resource-names.ts'
import { type SitePlan, type SyncPlan, type TypePlan, typesAt } from '../../shared/declare/sync-plan.ts'
import type { AzureAccess } from '../accounts/azure-access.ts'
import { functionApps, isCapture } from '../accounts/azure-function-apps.ts'
import type { DeploymentVariables } from '../accounts/deployment-variables.ts'
import { reasonOf, told } from '../accounts/told.ts'
import { checkCosmosAccount } from './azure-account.ts'
import { checkExistingContainer } from './azure-existing-container.ts'
import { type Findings, findingsAt, type SiteFinding } from './finding.ts'

export async function* checkAzureSite(
  access: AzureAccess,
  plan: SyncPlan,
  site: SitePlan,
  variables: DeploymentVariables,
): AsyncGenerator<SiteFinding> {
  const say = findingsAt('account')
  const group = `tributary-${site.id}`
  const subscription = await access.command(['account', 'show'], z.object({ id: z.string(), name: z.string() }))
  if (subscription.is !== 'there') {
    const reason = reasonOf(subscription)
    yield saysSignedOut.test(reason)
      ? say.refused('credentials', reason, 'az login, as somebody who sees the subscription of the deployment')
      : say.unknown('credentials', reason)
  } else {
    yield checkSubscription(say, subscription.value, variables)
    yield* checkProviders(say, access)
    yield* checkRegion(say, access, site)
  }
  const standing = yield* checkGroup(access, group, site)
  const existing = existingContainers(typesAt(plan, site.id))
  if (existing.length > 0) {
    yield* checkCosmosAccount(access, site, variables.cosmos_resource_group)
    for (const types of existing) yield* checkExistingContainer(access, types)
    yield* checkOwnContainers(access, standing)
  } else if (standing === 'ours' || access.isLocal) {
    yield* checkCosmosAccount(access, site, group)
  } else if (standing === 'unknown') {
    yield findingsAt('Cosmos account').unknown('account', 'whether it is there already is not told')
  } else {
    yield findingsAt('Cosmos account').ok('account', 'will be made, with bounded staleness and continuous backup')
  }
  if (!access.isLocal) yield* checkGlobalNames(access, variables, standing)
}

/** Nobody, or somebody who does not see the subscription that is asked for. */
const saysSignedOut = /az login|doesn't exist in cloud/

/** Was this site deployed here before? */
type Standing = 'ours' | 'not ours' | 'unknown'

function existingContainers(types: readonly TypePlan[]): readonly (readonly [TypePlan, ...TypePlan[]])[] {
  const byPlace = Map.groupBy(
    types.filter(({ at }) => at.azure.existing),
    ({ at }) => `${at.azure.database}/${at.azure.container}`,
  )
  return [...byPlace.values()].flatMap(([first, ...others]) => (first ? [[first, ...others] as const] : []))
}

function checkSubscription(
  say: Findings,
  { id, name }: { readonly id: string; readonly name: string },
  { subscription_id: declared }: DeploymentVariables,
): SiteFinding {
  if (declared === undefined || declared === id) return say.ok('credentials', `az is signed in at ${name} (${id})`)
  return say.refused(
    'credentials',
    `az is signed in at ${id}; the deployment is for ${declared}`,
    `az account set --subscription ${declared}`,
  )
}

/** As docs/deploy-azure.md registers them. */
const providers = [
  'Microsoft.Web',
  'Microsoft.DocumentDB',
  'Microsoft.Storage',
  'Microsoft.KeyVault',
  'Microsoft.Insights',
  'Microsoft.OperationalInsights',
  'Microsoft.Cdn',
  'Microsoft.ManagedIdentity',
] as const

async function* checkProviders(say: Findings, { command }: AzureAccess): AsyncGenerator<SiteFinding> {
  const shape = z.array(z.object({ name: z.string(), state: z.string() }))
  const asked = await command(['provider', 'list', '--query', '[].{name:namespace,state:registrationState}'], shape)
  if (asked.is !== 'there') {
    return yield say.unknown('providers', reasonOf(asked))
  }
  const registered = new Set(
    asked.value.flatMap(({ name, state }) => (state === 'Registered' ? [name.toLowerCase()] : [])),
  )
  const others = providers.filter(name => !registered.has(name.toLowerCase()))
  yield others.length === 0
    ? say.ok('providers', 'all registered')
    : say.warning(
        'providers',
        `not registered: ${others.join(', ')}`,
        others.map(name => `az provider register --namespace ${name} --wait`).join('; '),
      )
}

async function* checkRegion(
  say: Findings,
  { command }: AzureAccess,
  { region }: SitePlan,
): AsyncGenerator<SiteFinding> {
  const asked = await command(
    ['functionapp', 'list-flexconsumption-locations'],
    z.array(z.object({ name: z.string() })),
  )
  if (asked.is !== 'there') return yield say.unknown('region', reasonOf(asked))
  const plain = (name: string) => name.replaceAll(' ', '').toLowerCase()
  yield asked.value.some(({ name }) => plain(name) === plain(region))
    ? say.ok('region', `${region} has Flex Consumption`)
    : say.refused('region', `${region} has no Flex Consumption plan`, 'declare the site in a region that has one')
}

async function* checkGroup(access: AzureAccess, group: string, site: SitePlan): AsyncGenerator<SiteFinding, Standing> {
  const say = findingsAt(`resource group ${group}`)
  const shape = z.object({ id: z.string(), tags: z.record(z.string(), z.string()).nullish(), location: z.string() })
  const asked = await access.command(['group', 'show', '--name', group], shape)
  if (asked.is === 'unknown') {
    yield say.unknown('name', asked.reason)
    return 'unknown'
  }
  if (asked.is === 'missing') {
    yield say.ok('name', 'free: will be made')
    return 'not ours'
  }
  const { id, tags, location } = asked.value
  if (tags?.site !== site.id || tags.product !== 'tributary') {
    yield say.refused(
      'name',
      'taken by something that is not ours',
      'remove or rename it, or take another subscription',
    )
    return 'not ours'
  }
  // The group stays when a site is removed: what runs in it tells whether the site is deployed.
  const apps = await functionApps(access, site)
  if (apps.is === 'unknown') {
    yield say.unknown('name', `ours, in ${location}; whether the site is deployed: ${apps.reason}`)
    return 'unknown'
  }
  if (apps.is === 'there' && apps.value.some(isCapture)) {
    yield say.ok('name', `ours, in ${location}`)
    return 'ours'
  }
  yield say.refused(
    'name',
    'is there, and no capture in it: it stayed from a removed site, or a deployment broke off',
    `if terraform state list has it, apply again; otherwise terraform import azurerm_resource_group.tributary ${id}, and so on for ` +
      `what stayed in it: az resource list --resource-group ${group}`,
  )
  return 'not ours'
}

/** In an account of somebody else's: what Tributary makes beside the containers that are there. */
async function* checkOwnContainers({ cosmos, isLocal }: AzureAccess, standing: Standing): AsyncGenerator<SiteFinding> {
  for (const name of [auditStoreName, cosmosLeasesName]) {
    const say = findingsAt(`container ${cosmosDatabaseName}/${name}`)
    if (!cosmos) {
      yield say.unknown('name', 'its account is not named')
      continue
    }
    const asked = await told(() => cosmos.database(cosmosDatabaseName).container(name).read())
    if (asked.is === 'missing') yield say.ok('name', 'free: will be made')
    else if (asked.is === 'unknown') yield say.unknown('name', asked.reason)
    else if (isLocal) yield say.ok('name', 'made by the local clouds')
    else if (standing === 'ours') yield say.ok('name', 'ours')
    else if (standing === 'unknown') {
      yield say.unknown('name', 'is there; whether the site was deployed before is not told')
    } else {
      yield say.refused(
        'name',
        'taken, and the site was not deployed from here: another site in the same account, or what a removed one left',
        'one site for each account; remove what is left (docs/uninstall.md), or terraform import it',
      )
    }
  }
}

/** Names that must be free in all of Azure. They are ours where the site was deployed before. */
async function* checkGlobalNames(
  { command }: AzureAccess,
  { prefix }: DeploymentVariables,
  standing: Standing,
): AsyncGenerator<SiteFinding> {
  const say = findingsAt('names in all of Azure')
  if (standing === 'ours') return yield say.ok('names', 'the site was deployed before')
  if (prefix === undefined) return yield say.unknown('names', 'they start with the prefix: give --var prefix=PREFIX')
  const questions = [
    {
      name: `${prefix}-tributary`,
      args: ['cosmosdb', 'check-name-exists', '--name', `${prefix}-tributary`],
      isFree: z.boolean().transform(exists => !exists),
    },
    ...['tributarybus', 'tributaryhost', 'tributarycode'].map(of => ({
      name: `${prefix}${of}`,
      args: ['storage', 'account', 'check-name', '--name', `${prefix}${of}`],
      isFree: z.object({ nameAvailable: z.boolean() }).transform(({ nameAvailable }) => nameAvailable),
    })),
    {
      name: `${prefix}-tributary`,
      args: ['keyvault', 'check-name', '--name', `${prefix}-tributary`],
      isFree: z.object({ nameAvailable: z.boolean() }).transform(({ nameAvailable }) => nameAvailable),
    },
    {
      name: `${prefix}-tributary, deleted`,
      args: ['keyvault', 'list-deleted', '--resource-type', 'vault', '--query', '[].name'],
      // A vault that was deleted keeps its name for 90 days.
      isFree: z.array(z.string()).transform(names => !names.includes(`${prefix}-tributary`)),
    },
  ]
  for (const { name, args, isFree } of questions) {
    const asked = await command(args, isFree)
    const [what] = args
    if (asked.is !== 'there') yield say.unknown(`${what} ${name}`, reasonOf(asked))
    else if (asked.value) yield say.ok(`${what} ${name}`, 'free')
    // Where the site may have been deployed before, it may be the site's own.
    else if (standing === 'unknown') yield say.unknown(`${what} ${name}`, 'taken; by whom is not told')
    else
      yield say.refused(
        `${what} ${name}`,
        'taken',
        'choose another prefix; what stayed from this site: terraform import',
      )
  }
  // There is no command for it.
  yield say.unknown('function apps', `not asked: ${prefix}-capture, ${prefix}-publish and so on must be free, too`)
}
