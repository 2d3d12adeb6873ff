/**
 * One AWS site: the tables, the five kinds of functions, and what triggers each of them.
 *
 *     an application's table -> capture -> sync table -> publish -> stream of changes -> forward -> a peer's ingest
 *     a peer's forward -> ingest -> sync table and application's table
 *     every hour -> prune -> sync table
 *     what is held back: forward -> queue -> forward
 *
 * A function may do what is granted to it here, read the stream that triggers it, and write its own log: nothing else.
 */
import { CfnOutput, Duration } from 'aws-cdk-lib'
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import { Rule, Schedule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets'
import { Grant } from 'aws-cdk-lib/aws-iam'
import type { Stream } from 'aws-cdk-lib/aws-kinesis'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import { forwardName, tombstoneIndex } from '../../shared/declare/resource-names.ts'
import { isExpress, peersOf, type SitePlan, type SyncPlan, typesAt } from '../../shared/declare/sync-plan.ts'
import { createChangeStream } from './change-stream.ts'
import { createDeadLetterQueues, type DeadLetterQueues } from './dead-letter-queues.ts'
import { createIngestApi } from './ingest-api.ts'
import { createPeerParameters, type PeerParameters, peersText } from './peer-parameters.ts'
import { giveUpChangesAfter, giveUpWritesAfter } from './retention.ts'
import { createEnvironmentKey, createSigningKeyReference } from './signing-key.ts'
import { createSiteFunction, type SiteFunctionOptions } from './site-function.ts'
import { type StreamTrigger, triggerByStream } from './stream-trigger.ts'
import { createAuditTable, createDataTables, createSyncTable, type DataTable } from './tables.ts'
import { createWaitingQueue, triggerByQueue } from './waiting-queue.ts'

export interface TributarySiteProps {
  readonly plan: SyncPlan
  readonly site: SitePlan
  /** Folder of the AWS bundles: `<function>/index.cjs`. */
  readonly bundles: string
}

export class TributarySite extends Construct {
  readonly #site: SitePlan
  readonly #bundles: string
  readonly #dataTables: readonly DataTable[]
  readonly #syncTable: TableV2
  readonly #auditTable: TableV2
  readonly #changes: Stream
  readonly #queues: DeadLetterQueues
  readonly #peers: readonly PeerParameters[]
  readonly #signingKey: string
  readonly #environmentKey: IKey
  readonly #hasExpressLane: boolean

  constructor(scope: Construct, id: string, { plan, site, bundles }: TributarySiteProps) {
    super(scope, id)
    this.#site = site
    this.#bundles = bundles
    this.#dataTables = createDataTables(this, typesAt(plan, site.id))
    this.#syncTable = createSyncTable(this)
    this.#auditTable = createAuditTable(this)
    this.#changes = createChangeStream(this)
    this.#queues = createDeadLetterQueues(this)
    this.#peers = peersOf(plan, site.id).map(({ id }) => createPeerParameters(this, id))
    this.#signingKey = createSigningKeyReference(this, site.id)
    this.#environmentKey = createEnvironmentKey(this)
    this.#hasExpressLane = typesAt(plan, site.id).some(isExpress)

    this.#addCapture()
    this.#addPublish()
    for (const peer of this.#peers) this.#addForward(peer)
    this.#addIngest()
    this.#addPrune()
    this.#addOutput('DeadLettersUrl', 'What could not be processed, whole', this.#queues.letters.queueUrl)
    this.#addOutput('GivenUpUrl', 'Batches that a trigger gave up, by reference', this.#queues.givenUp.queueUrl)
  }

  #addCapture(): void {
    const capture = this.#createFunction({
      name: 'tributary-capture',
      bundle: 'capture',
      description: 'Finds out what changed in the tables and commits it to the sync records',
      environment: { ...this.#deadLettersVariable(), ...this.#expressVariables() },
      ...(this.#hasExpressLane ? { environmentKey: this.#environmentKey } : {}),
    })
    for (const { table } of this.#dataTables) table.grant(capture, 'dynamodb:GetItem')
    this.#grantSyncTable(capture, 'dynamodb:GetItem', 'dynamodb:PutItem')
    this.#queues.letters.grant(capture, 'sqs:SendMessage')
    for (const { feed } of this.#dataTables) {
      this.#triggerByStream(capture, { source: feed, reportsFailedItems: true, giveUpAfter: giveUpWritesAfter })
    }
  }

  /** Capture of a site that holds tier-1 types talks to the peers, and to nobody otherwise. */
  #expressVariables() {
    return this.#hasExpressLane ? this.#credentialVariables(this.#peers) : {}
  }

  #addPublish(): void {
    const publish = this.#createFunction({
      name: 'tributary-publish',
      bundle: 'publish',
      description: 'Puts committed changes onto the stream and resolutions into the audit',
      environment: this.#deadLettersVariable(),
    })
    this.#changes.grant(publish, 'kinesis:PutRecords')
    this.#auditTable.grant(publish, 'dynamodb:BatchWriteItem')
    this.#queues.letters.grant(publish, 'sqs:SendMessage')
    const source = this.#syncTable
    this.#triggerByStream(publish, { source, reportsFailedItems: false, giveUpAfter: giveUpWritesAfter })
  }

  /** Knows its own peer only. */
  #addForward(peer: PeerParameters): void {
    const waiting = createWaitingQueue(this, peer.site)
    const forward = this.#createFunction({
      name: forwardName(peer.site),
      bundle: 'forward',
      description: `Delivers changes to ${peer.site}`,
      environment: {
        TRIBUTARY_PEER: peer.site,
        TRIBUTARY_WAITING_URL: waiting.queueUrl,
        ...this.#credentialVariables([peer]),
        ...this.#deadLettersVariable(),
      },
      environmentKey: this.#environmentKey,
    })
    this.#grantSyncTable(forward, 'dynamodb:GetItem')
    this.#queues.letters.grant(forward, 'sqs:SendMessage')
    waiting.grant(forward, 'sqs:SendMessage')
    triggerByQueue(forward, waiting)
    const source = this.#changes
    this.#triggerByStream(forward, { source, reportsFailedItems: true, giveUpAfter: giveUpChangesAfter })
  }

  #addIngest(): void {
    const ingest = this.#createFunction({
      name: 'tributary-ingest',
      bundle: 'ingest',
      description: 'Merges the changes of other sites',
      environment: this.#credentialVariables(this.#peers),
      environmentKey: this.#environmentKey,
    })
    for (const { table } of this.#dataTables) {
      table.grant(ingest, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem')
    }
    this.#grantSyncTable(ingest, 'dynamodb:GetItem', 'dynamodb:PutItem')
    this.#auditTable.grant(ingest, 'dynamodb:BatchWriteItem')
    this.#addOutput('IngestUrl', `Where peers deliver to ${this.#site.id}`, createIngestApi(this, ingest).url)
  }

  /** Hourly: what a run does not get done the next one does. */
  #addPrune(): void {
    const prune = this.#createFunction({
      name: 'tributary-prune',
      bundle: 'prune',
      description: 'Forgets what was deleted at every site long ago',
      environment: this.#credentialVariables(this.#peers),
      environmentKey: this.#environmentKey,
    })
    for (const { table } of this.#dataTables) table.grant(prune, 'dynamodb:GetItem')
    this.#grantSyncTable(prune, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:DeleteItem')
    const index = `${this.#syncTable.tableArn}/index/${tombstoneIndex}`
    Grant.addToPrincipal({ grantee: prune, actions: ['dynamodb:Scan'], resourceArns: [index] })
    new Rule(this, 'PruneHourly', {
      description: 'Starts tributary-prune',
      schedule: Schedule.rate(Duration.hours(1)),
      targets: [new LambdaTarget(prune)],
    })
  }

  /** The table alone: its own `grant` would add every index, by a wildcard. */
  #grantSyncTable(grantee: LambdaFunction, ...actions: readonly string[]): void {
    Grant.addToPrincipal({ grantee, actions: [...actions], resourceArns: [this.#syncTable.tableArn] })
  }

  #createFunction(options: Omit<SiteFunctionOptions, 'bundles'>): LambdaFunction {
    const environment = { TRIBUTARY_SITE: this.#site.id, ...options.environment }
    return createSiteFunction(this, { ...options, bundles: this.#bundles, environment })
  }

  #triggerByStream(target: LambdaFunction, trigger: Omit<StreamTrigger, 'givenUp'>): void {
    triggerByStream(target, { ...trigger, givenUp: this.#queues.givenUp })
  }

  #deadLettersVariable() {
    return { TRIBUTARY_DEAD_LETTERS_URL: this.#queues.letters.queueUrl }
  }

  #credentialVariables(peers: readonly PeerParameters[]) {
    return { TRIBUTARY_SIGNING_KEY: this.#signingKey, TRIBUTARY_PEERS: peersText(this, peers) }
  }

  /** Under its plain name: operators type it. */
  #addOutput(name: string, description: string, value: string): void {
    new CfnOutput(this, name, { description, value }).overrideLogicalId(name)
  }
}
