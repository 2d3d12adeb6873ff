/**
 * Everything that a site on AWS needs, made with the official clients at local endpoints: tables with streams, the
 * stream of changes, the queue of dead letters. What is there already stays as it is.
 */

import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  ResourceInUseException,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb'
import {
  CreateStreamCommand,
  ResourceInUseException as StreamInUseException,
  waitUntilStreamExists,
} from '@aws-sdk/client-kinesis'
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs'
import { isNumberKey } from '../../../shared/declare/placement.ts'
import {
  auditStoreName,
  auditTable,
  changesName,
  deadLettersName,
  feedName,
  syncStoreName,
  syncTable,
  tombstoneIndex,
  waitingName,
} from '../../../shared/declare/resource-names.ts'
import { peersOf, type SyncPlan, type TypePlan, typesAt } from '../../../shared/declare/sync-plan.ts'
import { kinesisStreamArn } from './aws-names.ts'
import { createKinesisClient } from './kinesis-local.ts'

export interface ProvisionOptions {
  readonly plan: SyncPlan
  readonly site: string
  readonly region: string
  /** Such as `http://127.0.0.1:40101`. */
  readonly endpoints: { readonly dynamodb: string; readonly kinesis: string; readonly sqs: string }
}

export interface Provisioned {
  /** By table: the stream of the application's table, for capture or for the Kinesis stream that feeds it. */
  readonly tableStreamArns: ReadonlyMap<string, string>
  /** By table: the Kinesis stream, of the tables that have one. */
  readonly feedArns: ReadonlyMap<string, string>
  /** The stream of the sync table, for publish. */
  readonly syncStreamArn: string
  /** The Kinesis stream, for forward. */
  readonly changesStreamArn: string
  /** For TRIBUTARY_DEAD_LETTERS_URL. */
  readonly deadLettersUrl: string
  /** By peer, for TRIBUTARY_WAITING_URL. */
  readonly waitingUrls: ReadonlyMap<string, string>
}

/** A table that was there before has no stream, so nothing would hear of its writes. The message says how to add one. */
class TableWithoutStream extends Error {
  constructor(table: string) {
    super(
      `table ${table} exists without a stream; add one: aws dynamodb update-table --table-name ${table} ` +
        '--stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES',
    )
    this.name = 'TableWithoutStream'
  }
}

/** SQS keeps a message for 14 days at most. */
const queueRetentionS = 14 * 86_400
/** Here nobody waits for minutes until what was paused goes on (see infra/aws). */
const waitingDelayS = 1
const waitingVisibilityS = 2

export async function provisionAws({ plan, site, region, endpoints }: ProvisionOptions): Promise<Provisioned> {
  const local = { region, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }
  const dynamodb = new DynamoDBClient({ ...local, endpoint: endpoints.dynamodb })
  const sqs = new SQSClient({ ...local, endpoint: endpoints.sqs })
  try {
    const tableStreamArns = new Map<string, string>()
    const types = typesAt(plan, site)
    // Several types may share a table. One that somebody else would have made is made here as an application has it.
    for (const type of types) {
      const { table } = type.at.aws
      if (!tableStreamArns.has(table)) {
        tableStreamArns.set(table, await ensureTable(dynamodb, table, keyAttributesOf(type), 'streamed'))
      }
      if (type.expires !== undefined) await ensureTimeToLive(dynamodb, table, type.expires)
    }
    const syncStreamArn = await ensureTable(
      dynamodb,
      syncStoreName,
      [text(syncTable.key)],
      'streamed',
      tombstonesIndexed,
    )
    await ensureTable(dynamodb, auditStoreName, [text(auditTable.key), text(auditTable.sort)], 'plain')
    await ensureTimeToLive(dynamodb, auditStoreName, auditTable.expires)
    const fed = new Set(types.flatMap(({ at: { aws } }) => (aws.feed === 'kinesis' ? [aws.table] : [])))
    for (const name of [changesName, ...[...fed].map(feedName)]) await ensureStream(endpoints.kinesis, region, name)
    const feedArns = new Map([...fed].map(table => [table, kinesisStreamArn(region, feedName(table))]))
    const waitingUrls = new Map<string, string>()
    for (const { id } of peersOf(plan, site)) {
      const delays = { DelaySeconds: waitingDelayS, VisibilityTimeout: waitingVisibilityS }
      waitingUrls.set(id, await ensureQueue(sqs, endpoints.sqs, waitingName(id), delays))
    }
    const changesStreamArn = kinesisStreamArn(region, changesName)
    return {
      feedArns,
      tableStreamArns,
      syncStreamArn,
      changesStreamArn,
      deadLettersUrl: await ensureQueue(sqs, endpoints.sqs, deadLettersName),
      waitingUrls,
    }
  } finally {
    dynamodb.destroy()
    sqs.destroy()
  }
}

interface KeyDefinition {
  readonly attribute: string
  readonly type: 'S' | 'N'
}

function text(attribute: string): KeyDefinition {
  return { attribute, type: 'S' }
}

function keyAttributesOf(type: TypePlan): readonly KeyDefinition[] {
  return type.at.aws.key.map(({ attribute, template }) => ({
    attribute,
    type: isNumberKey(type, template) ? 'N' : 'S',
  }))
}

/** `key`: partition key and, if there is a second one, sort key. Resolves with the stream's ARN. */
/** As infra/aws/tables.ts declares it. */
const tombstonesIndexed = {
  AttributeDefinitions: [
    { AttributeName: syncTable.key, AttributeType: 'S' as const },
    { AttributeName: syncTable.gone, AttributeType: 'N' as const },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: tombstoneIndex,
      KeySchema: [
        { AttributeName: syncTable.key, KeyType: 'HASH' as const },
        { AttributeName: syncTable.gone, KeyType: 'RANGE' as const },
      ],
      Projection: { ProjectionType: 'INCLUDE' as const, NonKeyAttributes: [syncTable.whole] },
    },
  ],
}

async function ensureTable(
  client: DynamoDBClient,
  name: string,
  key: readonly KeyDefinition[],
  kind: 'streamed' | 'plain',
  indexes: Partial<CreateTableCommandInput> = {},
): Promise<string> {
  const definition: CreateTableCommandInput = {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: key.map(({ attribute }, index) => ({
      AttributeName: attribute,
      KeyType: index === 0 ? 'HASH' : 'RANGE',
    })),
    AttributeDefinitions: key.map(({ attribute, type }) => ({ AttributeName: attribute, AttributeType: type })),
    ...indexes,
  }
  const streamed = { StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' as const } }
  try {
    await client.send(new CreateTableCommand(kind === 'streamed' ? { ...definition, ...streamed } : definition))
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error
  }
  const { Table: table } = await client.send(new DescribeTableCommand({ TableName: name }))
  if (kind === 'streamed' && !table?.StreamSpecification?.StreamEnabled) throw new TableWithoutStream(name)
  return table?.LatestStreamArn ?? ''
}

async function ensureTimeToLive(client: DynamoDBClient, name: string, attribute: string): Promise<void> {
  const { TimeToLiveDescription: present } = await client.send(new DescribeTimeToLiveCommand({ TableName: name }))
  if (present?.TimeToLiveStatus === 'ENABLED') return
  const TimeToLiveSpecification = { AttributeName: attribute, Enabled: true }
  await client.send(new UpdateTimeToLiveCommand({ TableName: name, TimeToLiveSpecification }))
}

/** One shard is plenty for one machine, and keeps all changes of the site in order. */
async function ensureStream(endpoint: string, region: string, name: string): Promise<void> {
  const client = createKinesisClient(endpoint, region)
  try {
    await client.send(new CreateStreamCommand({ StreamName: name, ShardCount: 1 }))
  } catch (error) {
    if (!(error instanceof StreamInUseException)) throw error
  }
  try {
    await waitUntilStreamExists({ client, maxWaitTime: 10, minDelay: 1 }, { StreamName: name })
  } finally {
    client.destroy()
  }
}

/** The queue's URL with the endpoint's host: the one that servers name themselves may not resolve here. */
async function ensureQueue(
  client: SQSClient,
  endpoint: string,
  QueueName: string,
  attributes: Readonly<Record<string, number>> = {},
): Promise<string> {
  const settings = Object.entries({ MessageRetentionPeriod: queueRetentionS, ...attributes })
  const { QueueUrl: url } = await client.send(
    new CreateQueueCommand({
      QueueName,
      Attributes: Object.fromEntries(settings.map(([name, value]) => [name, String(value)])),
    }),
  )
  return new URL(new URL(url ?? '').pathname, endpoint).href
}
