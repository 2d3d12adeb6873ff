/**
 * One AWS site: the tables, the five kinds of functions, what triggers each of them, and what watches over all of it.
 *
 *     an application's table -> capture -> sync table -> publish -> stream of changes -> forward -> a peer's ingest
 *     a peer's forward -> ingest -> sync table and application's table
 *     every hour -> prune -> sync table
 *     what is held back: forward -> queue -> forward
 *
 * A function may do what is granted to it here, read the stream that triggers it, and write its own log: nothing else.
 *
 * In an app of your own: `new TributarySite(this, 'Sync', { plan, site, bundles })`, one for each account and region,
 * because the names of its tables, streams and functions are fixed.
 */
import { CfnOutput, Duration, Stack, Tags } from 'aws-cdk-lib'
import { type ITable, type ITableV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import { Rule, Schedule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets'
import { Grant } from 'aws-cdk-lib/aws-iam'
import type { Stream } from 'aws-cdk-lib/aws-kinesis'
import type { Key } from 'aws-cdk-lib/aws-kms'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import {
  auditStoreName,
  forwardName,
  functionName,
  syncStoreName,
  tombstoneIndex,
} from '../../shared/declare/resource-names.ts'
import { isExpress, peersOf, type SitePlan, type SyncPlan, typesAt } from '../../shared/declare/sync-plan.ts'
import { peerAddresses } from '../peer-addresses.ts'
import { createAlarms } from './alarms.ts'
import { backupVaultName, createBackups } from './backups.ts'
import { createChangeStream } from './change-stream.ts'
import { createDashboard } from './dashboard.ts'
import { createDataKey } from './data-key.ts'
import { createDeadLetterQueues, type DeadLetterQueues } from './dead-letter-queues.ts'
import { createIngestApi, type IngestApi } from './ingest-api.ts'
import { giveUpChangesAfter, giveUpWritesAfter } from './retention.ts'
import { createRootKeys, grantSign } from './root-keys.ts'
import { createSiteFunction, type SiteFunction, type SiteFunctionOptions } from './site-function.ts'
import { type StreamTrigger, triggerByStream } from './stream-trigger.ts'
import { createAuditTable, createDataTables, createSyncTable, type DataTable } from './tables.ts'
import { createWaitingQueue, triggerByQueue } from './waiting-queue.ts'

/** What is read in one moment is read in one request. */
const readActions = ['dynamodb:GetItem', 'dynamodb:BatchGetItem']
const documentActions = [...readActions, 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem']

export interface TributarySiteProps {
  readonly plan: SyncPlan
  readonly site: SitePlan
  /** Folder of the AWS bundles: `<function>/index.cjs`. `npm run build` makes them in `.build/functions/aws`. */
  readonly bundles: string
  /**
   * Tables that the app has already, by the names that the declaration gives them: made elsewhere in it, or referred to
   * by ARN (`Table.fromTableAttributes(this, 'Carts', { tableArn, tableStreamArn })`). Nothing of them is changed.
   */
  readonly tables?: Readonly<Record<string, ITableV2 | ITable>>
}

export class TributarySite extends Construct {
  readonly #site: SitePlan
  readonly #bundles: string
  readonly #dataKey: Key
  readonly #signingKey: Key
  readonly #dataTables: readonly DataTable[]
  readonly #syncTable: TableV2
  readonly #auditTable: TableV2
  readonly #changes: Stream
  readonly #queues: DeadLetterQueues
  readonly #peers: readonly SitePlan[]
  readonly #hasExpressLane: boolean
  readonly #functions: SiteFunction[] = []

  constructor(scope: Construct, id: string, { plan, site, bundles, tables = {} }: TributarySiteProps) {
    super(scope, id)
    this.#site = site
    this.#bundles = bundles
    requireRegion(this, site)
    this.#dataKey = createDataKey(this)
    this.#signingKey = createRootKeys(this, site)
    const types = typesAt(plan, site.id)
    this.#dataTables = createDataTables(this, { types, dataKey: this.#dataKey, given: tables })
    this.#syncTable = createSyncTable(this, this.#dataKey)
    this.#auditTable = createAuditTable(this, this.#dataKey)
    this.#changes = createChangeStream(this, this.#dataKey)
    this.#queues = createDeadLetterQueues(this, this.#dataKey)
    this.#peers = peersOf(plan, site.id)
    this.#hasExpressLane = types.some(isExpress)

    this.#addCapture()
    this.#addPublish()
    for (const peer of this.#peers) this.#addForward(peer)
    const api = this.#addIngest()
    this.#addPrune()
    createBackups(this, [...this.#ownTables()], this.#dataKey)
    this.#watch(api)
    this.#addOutput('IngestUrl', `Where peers deliver to ${site.id}: goes into the declaration`, api.url)
    this.#addOutput('DeadLettersUrl', 'What could not be processed, whole', this.#queues.letters.queueUrl)
    this.#addOutput('GivenUpUrl', 'Batches that a trigger gave up, by reference', this.#queues.givenUp.queueUrl)
    Tags.of(this).add('application', 'tributary')
    Tags.of(this).add('tributary-site', site.id)
  }

  #addCapture(): void {
    const capture = this.#createFunction({
      name: functionName('capture'),
      bundle: 'capture',
      description: 'Finds out what changed in the tables and commits it to the sync records',
      // Without tier-1 types it talks to nobody.
      environment: {
        ...this.#deadLettersVariable(),
        ...(this.#hasExpressLane ? this.#peerVariables(this.#peers) : {}),
      },
    })
    if (this.#hasExpressLane) grantSign(this.#signingKey, capture)
    this.#grantForeignKeys(capture)
    // What belongs to Tributary in a document is put right in the commit that captures a write of it.
    for (const { table } of this.#dataTables) grantItems(table, capture, ...documentActions)
    grantItems(this.#syncTable, capture, ...readActions, 'dynamodb:PutItem')
    this.#queues.letters.grant(capture, 'sqs:SendMessage')
    for (const { feed } of this.#dataTables) {
      this.#triggerByStream(capture, { source: feed, reportsFailedItems: true, giveUpAfter: giveUpWritesAfter })
    }
  }

  #addPublish(): void {
    const publish = this.#createFunction({
      name: functionName('publish'),
      bundle: 'publish',
      description: 'Puts committed changes onto the stream and resolutions into the audit',
      environment: this.#deadLettersVariable(),
    })
    this.#changes.grant(publish, 'kinesis:PutRecords')
    grantItems(this.#auditTable, publish, 'dynamodb:BatchWriteItem')
    this.#queues.letters.grant(publish, 'sqs:SendMessage')
    const source = this.#syncTable
    this.#triggerByStream(publish, { source, reportsFailedItems: false, giveUpAfter: giveUpWritesAfter })
  }

  /** Knows its own peer only. */
  #addForward(peer: SitePlan): void {
    const waiting = createWaitingQueue(this, peer.id, this.#dataKey)
    const forward = this.#createFunction({
      name: forwardName(peer.id),
      bundle: 'forward',
      description: `Delivers changes to ${peer.id}`,
      environment: {
        TRIBUTARY_PEER: peer.id,
        TRIBUTARY_WAITING_URL: waiting.queueUrl,
        ...this.#peerVariables([peer]),
        ...this.#deadLettersVariable(),
      },
    })
    grantSign(this.#signingKey, forward)
    grantItems(this.#syncTable, forward, ...readActions)
    this.#queues.letters.grant(forward, 'sqs:SendMessage')
    waiting.grant(forward, 'sqs:SendMessage')
    triggerByQueue(forward, waiting)
    const source = this.#changes
    this.#triggerByStream(forward, { source, reportsFailedItems: true, giveUpAfter: giveUpChangesAfter })
  }

  #addIngest(): IngestApi {
    const ingest = this.#createFunction({
      name: functionName('ingest'),
      bundle: 'ingest',
      description: 'Merges the changes of other sites',
      environment: this.#peerVariables(this.#peers),
    })
    grantSign(this.#signingKey, ingest)
    this.#grantForeignKeys(ingest)
    for (const { table } of this.#dataTables) grantItems(table, ingest, ...documentActions)
    grantItems(this.#syncTable, ingest, ...readActions, 'dynamodb:PutItem')
    grantItems(this.#auditTable, ingest, 'dynamodb:BatchWriteItem')
    return createIngestApi(this, ingest, this.#dataKey)
  }

  /** Hourly: what a run does not get done the next one does. */
  #addPrune(): void {
    const prune = this.#createFunction({
      name: functionName('prune'),
      bundle: 'prune',
      description: 'Forgets what was deleted at every site long ago',
      environment: this.#peerVariables(this.#peers),
    })
    grantSign(this.#signingKey, prune)
    this.#grantForeignKeys(prune)
    for (const { table } of this.#dataTables) grantItems(table, prune, ...readActions)
    grantItems(this.#syncTable, prune, ...readActions, 'dynamodb:PutItem', 'dynamodb:DeleteItem')
    const index = `${this.#syncTable.tableArn}/index/${tombstoneIndex}`
    Grant.addToPrincipal({ grantee: prune, actions: ['dynamodb:Scan'], resourceArns: [index] })
    new Rule(this, 'PruneHourly', {
      description: `Starts ${functionName('prune')}`,
      schedule: Schedule.rate(Duration.hours(1)),
      targets: [
        new LambdaTarget(prune, {
          retryAttempts: 3,
          maxEventAge: Duration.minutes(30),
          deadLetterQueue: this.#queues.givenUp,
        }),
      ],
    })
  }

  #watch({ metrics: ingestMetrics }: IngestApi): void {
    const watched = {
      site: this.#site.id,
      functions: this.#functions,
      tables: [...this.#dataTables.map(({ name }) => name), syncStoreName, auditStoreName],
      letters: this.#queues.letters,
      givenUp: this.#queues.givenUp,
      ingestMetrics,
      backupVault: backupVaultName,
      dataKey: this.#dataKey,
    }
    const alarms = createAlarms(this, watched)
    createDashboard(this, watched, alarms)
    for (const [destination, { topicArn }] of alarms.topics) {
      const name = `Alerts${destination.replaceAll(/(?:^|-)(\w)/g, (_, letter) => String(letter).toUpperCase())}Topic`
      this.#addOutput(name, `Subscribe whoever is meant: ${destination}`, topicArn)
    }
  }

  /** Of tables that are given: their key's policy may ask for it, as ours does not. */
  #grantForeignKeys(grantee: LambdaFunction): void {
    for (const { table, isOurs } of this.#dataTables) {
      if (!isOurs)
        table.encryptionKey?.grant(grantee, 'kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:DescribeKey')
    }
  }

  *#ownTables(): Iterable<TableV2> {
    for (const { table, isOurs } of this.#dataTables) if (isOurs && table instanceof TableV2) yield table
    yield this.#syncTable
    yield this.#auditTable
  }

  #createFunction(options: Omit<SiteFunctionOptions, 'bundles' | 'dataKey'>): LambdaFunction {
    const environment = { TRIBUTARY_SITE: this.#site.id, ...options.environment }
    const made = createSiteFunction(this, {
      ...options,
      bundles: this.#bundles,
      dataKey: this.#dataKey,
      environment,
    })
    this.#functions.push(made)
    return made.fn
  }

  #triggerByStream(target: LambdaFunction, trigger: Omit<StreamTrigger, 'givenUp'>): void {
    triggerByStream(target, { ...trigger, givenUp: this.#queues.givenUp })
  }

  #deadLettersVariable() {
    return { TRIBUTARY_DEAD_LETTERS_URL: this.#queues.letters.queueUrl }
  }

  #peerVariables(peers: readonly SitePlan[]) {
    return { TRIBUTARY_ROOT_KEY: this.#signingKey.keyArn, TRIBUTARY_PEERS: peerAddresses(peers) }
  }

  /** Under its plain name: operators type it. */
  #addOutput(name: string, description: string, value: string): void {
    new CfnOutput(this, name, { description, value }).overrideLogicalId(name)
  }
}

/** Data that is to stay in a region is not deployed into another by mistake. */
function requireRegion(scope: Construct, { id, region }: SitePlan): void {
  const found = Stack.of(scope).region
  if (found === region) return
  throw new Error(`site ${id} is declared in ${region}; found a stack in ${found}. Set the stack's env.region.`)
}

/** The table alone: its own `grant` would add every index, by a wildcard. */
function grantItems(table: ITableV2 | ITable, grantee: LambdaFunction, ...actions: readonly string[]): void {
  Grant.addToPrincipal({ grantee, actions: [...actions], resourceArns: [table.tableArn] })
}
