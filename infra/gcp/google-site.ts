/**
 * One Google Cloud site: the database's indexes, the bus, the five kinds of functions, and what triggers each of them.
 *
 *     an application's document -> capture -> sync record -> publish -> topic of changes -> forward -> a peer's ingest
 *     a peer's forward -> ingest -> sync record and application's document
 *     every hour -> prune -> sync records
 *
 * A site has a project of its own: names are fixed, and Firestore grants access to whole databases only.
 */
import type { TerraformStack } from 'cdktn'
import { documentPattern } from '../../shared/declare/placement.ts'
import { deadLettersName, forwardName, functionName, syncStoreName } from '../../shared/declare/resource-names.ts'
import { isExpress, peersOf, type SitePlan, type SyncPlan, typesAt } from '../../shared/declare/sync-plan.ts'
import { peerAddresses } from '../peer-addresses.ts'
import { archiveProvider } from '../terraform/function-archive.ts'
import { createOutput } from '../terraform/output.ts'
import { Provider } from '../terraform/provider.ts'
import type { TypedResource } from '../terraform/typed-resource.ts'
import { createVariable } from '../terraform/variable.ts'
import { type Bus, createBus, grantPublish, subscribePeer } from './bus.ts'
import { createDatabase } from './database.ts'
import { protectEvents, triggerByDocuments } from './document-triggers.ts'
import { createEncryptionKey } from './encryption-key.ts'
import { createFunctionHome } from './function-home.ts'
import { google, googleData, googleVersion } from './google.ts'
import { createIngestGateway } from './ingest-gateway.ts'
import { createLogs } from './logs.ts'
import { createMonitoring } from './monitoring.ts'
import { createRootKeys, type SigningKey } from './root-keys.ts'
import { createServiceAccount, type ServiceAccount } from './service-account.ts'
import { enableServices } from './services.ts'
import type { SiteContext } from './site-context.ts'
import { allowCall, createSiteFunction, type FunctionHome, type SiteFunctionOptions, uriOf } from './site-function.ts'

/** Both in the whole project: Firestore knows no permission for a collection. */
const readsDatabase = 'roles/datastore.viewer'
const writesDatabase = 'roles/datastore.user'

/** Not on the hour, when everybody's jobs run. */
const pruneSchedule = '17 * * * *'

export interface GoogleSiteProps {
  readonly plan: SyncPlan
  readonly site: SitePlan
}

export function createGoogleSite(stack: TerraformStack, { plan, site }: GoogleSiteProps): void {
  const project = createVariable(stack, 'project', {
    description: 'The Google Cloud project, which this site has for itself or shares with its application',
    pattern: '^[a-z][a-z0-9-]{4,28}[a-z0-9]$',
  })
  new Provider(stack, { name: 'google', version: googleVersion, settings: { project, region: site.region } })
  new Provider(stack, archiveProvider)
  const projectNumber = googleData(stack, 'this', 'google_project', { project_id: project }).get('number')
  const labels = { product: 'tributary', site: site.id }
  const context = { scope: stack, plan, site, project, projectNumber, labels, services: enableServices(stack) }
  new GoogleSite(context)
}

/**
 * Puts documents and reads none: of Google's own roles none that writes does without reading and deleting.
 * (https://cloud.google.com/firestore/native/docs/security/iam#permissions)
 */
function createAuditWriter({ scope, services }: SiteContext): TypedResource {
  return google(
    scope,
    'audit_writer',
    'google_project_iam_custom_role',
    {
      role_id: 'tributaryAuditWriter',
      title: 'Tributary: writes the audit',
      description: 'Puts documents; reads and deletes none',
      permissions: ['datastore.entities.create', 'datastore.entities.update'],
    },
    { dependsOn: services },
  )
}

class GoogleSite {
  readonly #context: SiteContext
  readonly #database: TypedResource
  /** Under whose key events are. */
  readonly #events: TypedResource
  readonly #bus: Bus
  readonly #home: FunctionHome
  readonly #signingKey: SigningKey
  readonly #peers: readonly SitePlan[]
  /** Calls the functions for Eventarc, Pub/Sub and Cloud Scheduler. */
  readonly #caller: ServiceAccount
  readonly #triggers: TypedResource[] = []
  readonly #forwards: TypedResource[] = []

  constructor(context: SiteContext) {
    const { scope, plan, site } = context
    this.#context = context
    const key = createEncryptionKey(context)
    this.#database = createDatabase(context, key)
    this.#events = protectEvents(context, key)
    this.#bus = createBus(context, key)
    this.#signingKey = createRootKeys(context, key.ring)
    this.#home = createFunctionHome(context, key)
    this.#peers = peersOf(plan, site.id)
    this.#caller = createServiceAccount(context, 'tributary-caller', 'Calls the functions of Tributary')
    const receiver = this.#caller.grantInProject('roles/eventarc.eventReceiver')

    this.#addCapture(receiver)
    this.#addPublish(receiver)
    for (const peer of this.#peers) this.#addForward(peer)
    this.#addIngest()
    this.#addPrune()
    createLogs(context)
    createMonitoring(context, { triggers: this.#triggers, forwards: this.#forwards })
    createOutput(scope, 'dead_letters', 'Subscription with what could not be processed, whole', deadLettersName)
  }

  #addCapture(receiver: TypedResource): void {
    const { plan, site } = this.#context
    const types = typesAt(plan, site.id)
    const isSending = types.some(isExpress)
    const account = this.#createAccount(functionName('capture'), 'capture')
    const capture = this.#createFunction({
      ...{ name: functionName('capture'), bundle: 'capture', account },
      description: 'Finds out what changed in the documents and commits it to the sync records',
      // Capture of a site that holds tier-1 types talks to the peers, and to nobody otherwise.
      environment: isSending ? this.#peerVariables(this.#peers) : {},
      permissions: [
        account.grantInProject(writesDatabase),
        ...(isSending ? [this.#signingKey.grantSign('capture_root_key', account.member)] : []),
      ],
    })
    grantPublish(this.#context, this.#bus.deadLetters, 'capture_dead_letters', account.member)
    // Several types in one collection have one pattern.
    const patterns = [...new Set(types.map(({ at }) => documentPattern(at.gcp)))]
    this.#triggerByDocuments('capture', capture, patterns, receiver)
  }

  #addPublish(receiver: TypedResource): void {
    const account = this.#createAccount(functionName('publish'), 'publish')
    const publish = this.#createFunction({
      ...{ name: functionName('publish'), bundle: 'publish', account },
      description: 'Puts committed changes onto the topic and resolutions into the audit',
      permissions: [account.grantInProject(createAuditWriter(this.#context))],
    })
    grantPublish(this.#context, this.#bus.changes, 'publish_changes', account.member)
    grantPublish(this.#context, this.#bus.deadLetters, 'publish_dead_letters', account.member)
    this.#triggerByDocuments('publish', publish, [`${syncStoreName}/{id}`], receiver)
  }

  /** Knows its own peer only. */
  #addForward(peer: SitePlan): void {
    const name = forwardName(peer.id)
    const id = name.replace(/^tributary-/, '').replaceAll('-', '_')
    const account = this.#createAccount(name, `forward to ${peer.id}`)
    const forward = this.#createFunction({
      ...{ name, bundle: 'forward', account },
      description: `Delivers changes to ${peer.id}`,
      environment: { TRIBUTARY_PEER: peer.id, ...this.#peerVariables([peer]) },
      permissions: [
        account.grantInProject(readsDatabase),
        this.#signingKey.grantSign(`${id}_root_key`, account.member),
      ],
    })
    grantPublish(this.#context, this.#bus.deadLetters, `${id}_dead_letters`, account.member)
    allowCall(this.#context, id, forward, this.#caller.member)
    const target = { uri: uriOf(forward), callerEmail: this.#caller.email }
    this.#forwards.push(subscribePeer(this.#context, this.#bus, peer.id, target))
  }

  #addIngest(): void {
    const account = this.#createAccount(functionName('ingest'), 'ingest')
    const ingest = this.#createFunction({
      ...{ name: functionName('ingest'), bundle: 'ingest', account, isPublic: true },
      description: 'Merges the changes of other sites',
      environment: this.#peerVariables(this.#peers),
      permissions: [
        account.grantInProject(writesDatabase),
        this.#signingKey.grantSign('ingest_root_key', account.member),
      ],
    })
    // The request's own signature says who calls; Cloud Run would only know callers of Google's.
    allowCall(this.#context, 'ingest', ingest, 'allUsers')
    const { scope, site } = this.#context
    createOutput(scope, 'ingest_url', `Where peers deliver to ${site.id}`, createIngestGateway(this.#context, ingest))
  }

  /** Hourly: what a run does not get done the next one does. */
  #addPrune(): void {
    const account = this.#createAccount(functionName('prune'), 'prune')
    const prune = this.#createFunction({
      ...{ name: functionName('prune'), bundle: 'prune', account },
      description: 'Forgets what was deleted at every site long ago',
      environment: this.#peerVariables(this.#peers),
      permissions: [
        account.grantInProject(writesDatabase),
        this.#signingKey.grantSign('prune_root_key', account.member),
      ],
    })
    allowCall(this.#context, 'prune', prune, this.#caller.member)
    google(
      this.#context.scope,
      'prune',
      'google_cloud_scheduler_job',
      {
        name: functionName('prune'),
        region: this.#context.site.region,
        description: `Starts ${functionName('prune')}`,
        schedule: pruneSchedule,
        time_zone: 'Etc/UTC',
        attempt_deadline: '180s',
        retry_config: { retry_count: 3 },
        http_target: {
          http_method: 'POST',
          uri: uriOf(prune),
          oidc_token: { service_account_email: this.#caller.email, audience: uriOf(prune) },
        },
      },
      { dependsOn: this.#context.services },
    )
  }

  #createAccount(name: string, purpose: string): ServiceAccount {
    return createServiceAccount(this.#context, name, `Tributary: ${purpose}`)
  }

  #createFunction(
    options: Omit<SiteFunctionOptions, 'environment'> & Partial<Pick<SiteFunctionOptions, 'environment'>>,
  ): TypedResource {
    return createSiteFunction(this.#home, { environment: {}, ...options })
  }

  #triggerByDocuments(name: string, target: TypedResource, patterns: readonly string[], receiver: TypedResource): void {
    const mayCall = allowCall(this.#context, name, target, this.#caller.member)
    const dependsOn = [this.#database, this.#events, receiver, mayCall]
    const trigger = { target, patterns, caller: this.#caller, dependsOn }
    this.#triggers.push(...triggerByDocuments(this.#context, name, trigger))
  }

  #peerVariables(peers: readonly SitePlan[]) {
    return { TRIBUTARY_PEERS: peerAddresses(peers), TRIBUTARY_ROOT_KEY: this.#signingKey.version }
  }
}
