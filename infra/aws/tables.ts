/**
 * The DynamoDB tables of a site. They hold what cannot be made anew, so they outlive their stack: a table that leaves
 * the declaration stays in the account, and nothing deletes one until an operator takes its protection off. Another
 * key means another table: since its name is fixed, CloudFormation refuses that, and moving the items is a migration.
 *
 * Encrypted under the account's own KMS key for DynamoDB; billed by request; restorable to any second of 35 days.
 */
import { RemovalPolicy, Stack } from 'aws-cdk-lib'
import {
  type Attribute,
  AttributeType,
  Billing,
  type ITableV2,
  ProjectionType,
  StreamViewType,
  TableEncryptionV2,
  type TablePropsV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb'
import { type IStream, Stream, StreamEncryption, StreamMode } from 'aws-cdk-lib/aws-kinesis'
import type { Construct } from 'constructs'
import { isNumberKey } from '../../shared/declare/placement.ts'
import {
  auditStoreName,
  auditTable,
  feedName,
  syncStoreName,
  syncTable,
  tombstoneIndex,
} from '../../shared/declare/resource-names.ts'
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import { createParameter, pascalCase } from './parameter.ts'
import { feedRetention } from './retention.ts'

/** A table of the application, and what tells capture of its writes. */
export interface DataTable {
  readonly table: ITableV2
  /** The table itself: by its DynamoDB stream. */
  readonly feed: ITableV2 | IStream
}

/** The tables of a site's types, each once. Those that somebody else owns are referred to by name. */
export function createDataTables(scope: Construct, types: readonly TypePlan[]): readonly DataTable[] {
  const byTable = new Map(types.map(type => [type.at.aws.table, type]))
  return [...byTable.values()].map(type =>
    type.at.aws.existing ? referToDataTable(scope, type) : createDataTable(scope, type, expiryIn(type, types)),
  )
}

/** A table has one such attribute: that the types of a table agree on it is checked with the declaration. */
function expiryIn({ at }: TypePlan, types: readonly TypePlan[]): string | undefined {
  return types.find(type => type.at.aws.table === at.aws.table && type.expires !== undefined)?.expires
}

function createDataTable(scope: Construct, type: TypePlan, expires: string | undefined): DataTable {
  const { table: tableName, feed, key } = type.at.aws
  const [partition, sort] = key.map(({ attribute, template }) =>
    isNumberKey(type, template) ? number(attribute) : text(attribute),
  )
  const stream = feed === 'kinesis' ? createFeed(scope, tableName) : undefined
  const table = createTable(scope, `Data-${tableName}`, {
    tableName,
    partitionKey: partition ?? text(type.key[0]),
    ...(sort === undefined ? {} : { sortKey: sort }),
    ...(expires === undefined ? {} : { timeToLiveAttribute: expires }),
    ...(stream === undefined ? { dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES } : { kinesisStream: stream }),
  })
  return { table, feed: stream ?? table }
}

/** Nothing of it is changed: its stream, or the Kinesis stream it feeds, must be there, and is told by a parameter. */
function referToDataTable(scope: Construct, { at: { aws } }: TypePlan): DataTable {
  const { table: tableName, feed } = aws
  const tableArn = Stack.of(scope).formatArn({ service: 'dynamodb', resource: 'table', resourceName: tableName })
  const name = `Table${pascalCase(tableName)}`
  if (feed === 'kinesis') {
    const feedArn = createParameter(scope, `${name}FeedArn`, {
      description: `The Kinesis stream that table ${tableName} feeds`,
      allowedPattern: '^arn:[^:]+:kinesis:.+:stream/.+$',
    })
    const table = TableV2.fromTableAttributes(scope, `Data-${tableName}`, { tableArn })
    return { table, feed: Stream.fromStreamArn(scope, `Feed-${tableName}`, feedArn) }
  }
  const tableStreamArn = createParameter(scope, `${name}StreamArn`, {
    description: `The DynamoDB stream of table ${tableName}`,
    allowedPattern: '^arn:[^:]+:dynamodb:.+:table/.+/stream/.+$',
  })
  const table = TableV2.fromTableAttributes(scope, `Data-${tableName}`, { tableArn, tableStreamArn })
  return { table, feed: table }
}

/** Kept for a day, as a DynamoDB stream keeps its records: that is what the trigger counts on. */
function createFeed(scope: Construct, table: string): Stream {
  return new Stream(scope, `Feed-${table}`, {
    streamName: feedName(table),
    streamMode: StreamMode.ON_DEMAND,
    encryption: StreamEncryption.MANAGED,
    retentionPeriod: feedRetention,
    removalPolicy: RemovalPolicy.RETAIN,
  })
}

export function createSyncTable(scope: Construct): TableV2 {
  return createTable(scope, 'Sync', {
    tableName: syncStoreName,
    partitionKey: text(syncTable.key),
    // Publish compares a version with the one before.
    dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES,
    globalSecondaryIndexes: [
      {
        // Sparse: only what is deleted, or will expire, has the second attribute.
        indexName: tombstoneIndex,
        partitionKey: text(syncTable.key),
        sortKey: number(syncTable.gone),
        projectionType: ProjectionType.INCLUDE,
        nonKeyAttributes: [syncTable.whole],
      },
    ],
  })
}

export function createAuditTable(scope: Construct): TableV2 {
  return createTable(scope, 'Audit', {
    tableName: auditStoreName,
    partitionKey: text(auditTable.key),
    sortKey: text(auditTable.sort),
    timeToLiveAttribute: auditTable.expires,
  })
}

function createTable(scope: Construct, id: string, props: TablePropsV2): TableV2 {
  return new TableV2(scope, id, {
    billing: Billing.onDemand(),
    encryption: TableEncryptionV2.awsManagedKey(),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN,
    ...props,
  })
}

function number(name: string): Attribute {
  return { name, type: AttributeType.NUMBER }
}

function text(name: string): Attribute {
  return { name, type: AttributeType.STRING }
}
