/**
 * One Azure site: the containers, the queues, the five kinds of function apps, and what triggers each of them. Triggers
 * are declared by the functions themselves (functions/azure); what they need is made here, under the same names.
 *
 *     an application's container -> capture -> sync item -> publish -> a peer's queue -> forward -> the peer's ingest
 *     a peer's forward -> ingest -> sync item and application's document
 *     every hour -> prune -> sync items
 */
import type { TerraformStack } from 'cdktn'
import { deadLettersName, forwardName, functionName } from '../../shared/declare/resource-names.ts'
import { isExpress, peersOf, type SitePlan, type SyncPlan, type Tier, typesAt } from '../../shared/declare/sync-plan.ts'
import { peerAddresses } from '../peer-addresses.ts'
import { archiveProvider } from '../terraform/function-archive.ts'
import { createOutput } from '../terraform/output.ts'
import { Provider } from '../terraform/provider.ts'
import { createVariable } from '../terraform/variable.ts'
import { azapiVersion, azure, azurermVersion } from './azure.ts'
import { type Cosmos, type CosmosRole, createCosmos, type Place } from './cosmos.ts'
import { type AppHome, createAppHome, createFunctionApp, type FunctionAppOptions } from './function-app.ts'
import { createIdentity, type Identity } from './identity.ts'
import { createFrontDoor, createIngestRoute } from './ingest-gateway.ts'
import { createLogs } from './logs.ts'
import { createMonitoring } from './monitoring.ts'
import { createQueues, poisonName, type Queues } from './queues.ts'
import { createRootKeys, type SigningKey } from './root-keys.ts'
import type { SiteContext } from './site-context.ts'

/** Looks into the queue of a peer that gets batch data only; the rest is in host.json. */
const batchPollingInterval = '00:00:05'

export interface AzureSiteProps {
  readonly plan: SyncPlan
  readonly site: SitePlan
}

export function createAzureSite(stack: TerraformStack, { plan, site }: AzureSiteProps): void {
  const subscription = createVariable(stack, 'subscription_id', { description: 'The Azure subscription' })
  const prefix = createVariable(stack, 'prefix', {
    description: 'What names start with that must be unique in all of Azure',
    pattern: '^[a-z][a-z0-9]{2,9}$',
  })
  // Terraform, too, comes with its own identity: the storage accounts take no keys.
  const settings = { subscription_id: subscription, storage_use_azuread: true, features: {} }
  new Provider(stack, { name: 'azurerm', version: azurermVersion, settings })
  new Provider(stack, {
    name: 'azapi',
    source: 'Azure/azapi',
    version: azapiVersion,
    settings: { subscription_id: subscription },
  })
  new Provider(stack, archiveProvider)
  const tags = { product: 'tributary', site: site.id }
  const group = azure(
    stack,
    'tributary',
    'azurerm_resource_group',
    { name: `tributary-${site.id}`, location: site.region, tags },
    // With it everything in it would go, what is protected included.
    { preventDestroy: true },
  )
  new AzureSite({ scope: stack, plan, site, prefix, subscription, group: group.get('name'), groupId: group.id, tags })
}

class AzureSite {
  readonly #context: SiteContext
  readonly #cosmos: Cosmos
  readonly #queues: Queues
  readonly #signingKey: SigningKey
  readonly #home: AppHome
  readonly #peers: readonly SitePlan[]

  constructor(context: SiteContext) {
    const { scope, plan, site } = context
    this.#context = context
    const logs = createLogs(context)
    this.#cosmos = createCosmos(context)
    this.#queues = createQueues(context)
    this.#signingKey = createRootKeys(context)
    this.#home = createAppHome(context, logs)
    this.#peers = peersOf(plan, site.id)

    this.#addCapture()
    this.#addPublish()
    for (const peer of this.#peers) this.#addForward(peer)
    const frontDoor = this.#addIngest()
    this.#addPrune()
    logs.collect('cosmos', this.#cosmos.accountId, ['ControlPlaneRequests'])
    logs.collect('root_keys', this.#signingKey.vaultId, ['AuditEvent'])
    logs.collect('ingest', frontDoor, ['FrontDoorAccessLog', 'FrontDoorWebApplicationFirewallLog'])
    createMonitoring(context, { logs, cosmosId: this.#cosmos.accountId, frontDoorId: frontDoor })
    createOutput(scope, 'dead_letters', 'Queue with what could not be processed', deadLettersName)
  }

  #addCapture(): void {
    const { data, audit, leases } = this.#cosmos
    const types = this.#types()
    const isSending = types.some(isExpress)
    const identity = createIdentity(this.#context, functionName('capture'))
    this.#createApp({
      ...{ name: functionName('capture'), bundle: 'capture', identity },
      // Capture of a site that holds tier-1 types talks to the peers, and to nobody otherwise.
      settings: { ...this.#queueSettings(identity), ...(isSending ? this.#peerVariables(identity, this.#peers) : {}) },
      warm: types.filter(isExpress).map(({ name }) => `function:capture-${name}`),
      permissions: [
        ...this.#mayUse(identity, [
          ['feed', data],
          ['write', [...data, leases]],
          ['append', [audit]],
        ]),
        this.#maySend(identity, deadLettersName),
        ...(isSending ? [this.#signingKey.grantSign(identity)] : []),
      ],
    })
  }

  #addPublish(): void {
    const { data, audit, leases } = this.#cosmos
    const identity = createIdentity(this.#context, functionName('publish'))
    this.#createApp({
      ...{ name: functionName('publish'), bundle: 'publish', identity },
      settings: this.#queueSettings(identity),
      warm: this.#types()
        .filter(isExpress)
        .map(({ name }) => `function:publish-${name}`),
      permissions: [
        ...this.#mayUse(identity, [
          ['feed', data],
          ['write', [leases]],
          ['append', [audit]],
        ]),
        ...[deadLettersName, ...this.#peers.map(({ id }) => forwardName(id))].map(queue =>
          this.#maySend(identity, queue),
        ),
      ],
    })
  }

  /** Knows its own peer only. */
  #addForward(peer: SitePlan): void {
    const { data, audit, leases } = this.#cosmos
    const name = forwardName(peer.id)
    const identity = createIdentity(this.#context, name)
    const shared = this.#types().filter(({ sites }) => sites.includes(peer.id))
    const poison = poisonName(name)
    const tiers = new Set<Tier>(shared.map(({ tier }) => tier))
    this.#createApp({
      ...{ name, bundle: 'forward', identity },
      settings: {
        ...this.#queueSettings(identity),
        ...this.#peerVariables(identity, [peer]),
        TRIBUTARY_PEER: peer.id,
        ...(tiers.has(1) || tiers.has(2)
          ? {}
          : { AzureFunctionsJobHost__extensions__queues__maxPollingInterval: batchPollingInterval }),
      },
      warm: tiers.has(1) ? [`function:forward-${peer.id}`] : [],
      permissions: [
        ...this.#mayUse(identity, [
          ['read', [...data, leases]],
          ['append', [audit]],
        ]),
        // The host asks how many there are, and takes them one by one; forward puts back what has to wait.
        identity.grant('Storage Queue Data Reader', this.#queues.queueId(name), 'own'),
        identity.grant('Storage Queue Data Message Processor', this.#queues.queueId(name), 'own'),
        this.#maySend(identity, name),
        ...(poison === undefined
          ? []
          : [identity.grant('Storage Queue Data Contributor', this.#queues.queueId(poison), 'poison')]),
        this.#maySend(identity, deadLettersName),
        this.#signingKey.grantSign(identity),
      ],
    })
  }

  #addIngest(): string {
    const { data, audit, leases } = this.#cosmos
    const { scope, site } = this.#context
    const identity = createIdentity(this.#context, functionName('ingest'))
    const frontDoor = createFrontDoor(this.#context)
    const ingest = this.#createApp({
      ...{ name: functionName('ingest'), bundle: 'ingest', identity },
      settings: this.#peerVariables(identity, this.#peers),
      warm: this.#types().some(isExpress) ? ['http'] : [],
      allowed: [frontDoor.allowed],
      permissions: [
        ...this.#mayUse(identity, [
          ['write', data],
          ['read', [leases]],
          ['append', [audit]],
        ]),
        this.#signingKey.grantSign(identity),
      ],
    })
    const url = createIngestRoute(this.#context, frontDoor, ingest)
    createOutput(scope, 'ingest_url', `Where peers deliver to ${site.id}`, url)
    return frontDoor.profile.id
  }

  #addPrune(): void {
    const identity = createIdentity(this.#context, functionName('prune'))
    this.#createApp({
      ...{ name: functionName('prune'), bundle: 'prune', identity },
      settings: this.#peerVariables(identity, this.#peers),
      warm: [],
      permissions: [...this.#mayUse(identity, [['write', this.#cosmos.data]]), this.#signingKey.grantSign(identity)],
    })
  }

  #types() {
    return typesAt(this.#context.plan, this.#context.site.id)
  }

  #createApp(options: Omit<FunctionAppOptions, 'dependsOn'>) {
    const { identity, settings } = options
    return createFunctionApp(this.#home, {
      ...options,
      settings: { ...this.#cosmosSettings(identity), ...settings },
      dependsOn: [...this.#cosmos.ready, ...this.#queues.ready],
    })
  }

  #mayUse({ name, principalId }: Identity, roles: readonly (readonly [CosmosRole, readonly Place[]])[]) {
    return [['connect', []] as const, ...roles].flatMap(([role, places]) =>
      this.#cosmos.grant(name, principalId, role, places),
    )
  }

  #maySend(identity: Identity, queue: string) {
    return identity.grant('Storage Queue Data Message Sender', this.#queues.queueId(queue), queue)
  }

  /** As the Functions host reads a connection by identity; our own clients read the same. */
  #cosmosSettings({ clientId }: Identity) {
    return {
      TRIBUTARY_COSMOS__accountEndpoint: this.#cosmos.endpoint,
      TRIBUTARY_COSMOS__credential: 'managedidentity',
      TRIBUTARY_COSMOS__clientId: clientId,
    }
  }

  #queueSettings({ clientId }: Identity) {
    return {
      TRIBUTARY_STORAGE__queueServiceUri: this.#queues.account.get('primary_queue_endpoint'),
      TRIBUTARY_STORAGE__credential: 'managedidentity',
      TRIBUTARY_STORAGE__clientId: clientId,
    }
  }

  #peerVariables({ clientId }: Identity, peers: readonly SitePlan[]) {
    return {
      TRIBUTARY_PEERS: peerAddresses(peers),
      TRIBUTARY_ROOT_KEY: this.#signingKey.keyId,
      TRIBUTARY_ROOT_KEY__clientId: clientId,
    }
  }
}
