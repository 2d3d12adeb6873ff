/**
 * The DynamoDB tables of a site. They hold what cannot be made anew, so they outlive their stack: a table that leaves
 * the declaration stays in the account, and nothing deletes one until an operator takes its protection off. Another
 * key means another table: since its name is fixed, CloudFormation refuses that, and moving the items is a migration.
 *
 * Encrypted under the site's data key; billed by request; restorable to any second of 35 days.
 */
import { RemovalPolicy, Stack } from 'aws-cdk-lib'
import {
  type Attribute,
  AttributeType,
  Billing,
  type ITable,
  type ITableV2,
  ProjectionType,
  StreamViewType,
  TableEncryptionV2,
  type TablePropsV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb'
import { type IStream, Stream, StreamEncryption, StreamMode } from 'aws-cdk-lib/aws-kinesis'
import type { IKey } from 'aws-cdk-lib/aws-kms'
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
import { acceptOwnKey } from './accept.ts'
import { createParameter, pascalCase } from './parameter.ts'
import { feedRetention } from './retention.ts'

/** A table of the application, and what tells capture of its writes. */
export interface DataTable {
  readonly name: string
  readonly table: ITableV2 | ITable
  /** The table itself: by its DynamoDB stream. */
  readonly feed: ITableV2 | ITable | IStream
  /** Made by this stack, so its backups are too. */
  readonly isOurs: boolean
}

export interface DataTablesOptions {
  readonly types: readonly TypePlan[]
  readonly dataKey: IKey
  /** Tables that this app has already, by their names. */
  readonly given: Readonly<Record<string, ITableV2 | ITable>>
}

/** The tables of a site's types, each once. Those that somebody else owns are given, or referred to by name. */
export function createDataTables(scope: Construct, { types, dataKey, given }: DataTablesOptions): readonly DataTable[] {
  const byTable = new Map(types.map(type => [type.at.aws.table, type]))
  refuseUnknown(Object.keys(given), [...byTable.keys()])
  return [...byTable].map(([name, type]) => {
    const table = given[name]
    if (table) return giveDataTable(table, type)
    return type.at.aws.existing
      ? referToDataTable(scope, type)
      : createDataTable(scope, type, { expires: expiryIn(type, types), dataKey })
  })
}

function refuseUnknown(given: readonly string[], declared: readonly string[]): void {
  const unknown = given.filter(name => !declared.includes(name))
  if (unknown.length === 0) return
  throw new Error(`tables: found ${unknown.join(', ')}; the declaration has ${declared.join(', ')}`)
}

/** Nothing of it is changed. */
function giveDataTable(table: ITableV2 | ITable, { at }: TypePlan): DataTable {
  if (at.aws.feed === 'kinesis') throw new Error(`table ${at.aws.table}: one that is given is read by its own stream`)
  if (table.tableStreamArn === undefined) throw new Error(`table ${at.aws.table} has no stream with both images`)
  return { name: at.aws.table, table, feed: table, isOurs: false }
}

/** A table has one such attribute: that the types of a table agree on it is checked with the declaration. */
function expiryIn({ at }: TypePlan, types: readonly TypePlan[]): string | undefined {
  return types.find(type => type.at.aws.table === at.aws.table && type.expires !== undefined)?.expires
}

interface NewTable {
  readonly expires: string | undefined
  readonly dataKey: IKey
}

function createDataTable(scope: Construct, type: TypePlan, { expires, dataKey }: NewTable): DataTable {
  const { table: tableName, feed, key } = type.at.aws
  const [partition, sort] = key.map(({ attribute, template }) =>
    isNumberKey(type, template) ? number(attribute) : text(attribute),
  )
  const stream = feed === 'kinesis' ? createFeed(scope, tableName, dataKey) : undefined
  const table = createTable(scope, `Data-${tableName}`, dataKey, {
    tableName,
    partitionKey: partition ?? text(type.key[0]),
    ...(sort === undefined ? {} : { sortKey: sort }),
    ...(expires === undefined ? {} : { timeToLiveAttribute: expires }),
    ...(stream === undefined ? { dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES } : { kinesisStream: stream }),
  })
  return { name: tableName, table, feed: stream ?? table, isOurs: true }
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
    const feed = Stream.fromStreamArn(scope, `Feed-${tableName}`, feedArn)
    return { name: tableName, table, feed, isOurs: false }
  }
  const tableStreamArn = createParameter(scope, `${name}StreamArn`, {
    description: `The DynamoDB stream of table ${tableName}`,
    allowedPattern: '^arn:[^:]+:dynamodb:.+:table/.+/stream/.+$',
  })
  const table = TableV2.fromTableAttributes(scope, `Data-${tableName}`, { tableArn, tableStreamArn })
  return { name: tableName, table, feed: table, isOurs: false }
}

/** Kept for a day, as a DynamoDB stream keeps its records: that is what the trigger counts on. */
function createFeed(scope: Construct, table: string, encryptionKey: IKey): Stream {
  const stream = new Stream(scope, `Feed-${table}`, {
    streamName: feedName(table),
    streamMode: StreamMode.ON_DEMAND,
    encryption: StreamEncryption.KMS,
    encryptionKey,
    retentionPeriod: feedRetention,
    removalPolicy: RemovalPolicy.RETAIN,
  })
  acceptOwnKey(stream)
  return stream
}

export function createSyncTable(scope: Construct, dataKey: IKey): TableV2 {
  return createTable(scope, 'Sync', dataKey, {
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

export function createAuditTable(scope: Construct, dataKey: IKey): TableV2 {
  return createTable(scope, 'Audit', dataKey, {
    tableName: auditStoreName,
    partitionKey: text(auditTable.key),
    sortKey: text(auditTable.sort),
    timeToLiveAttribute: auditTable.expires,
  })
}

function createTable(scope: Construct, id: string, dataKey: IKey, props: TablePropsV2): TableV2 {
  return new TableV2(scope, id, {
    billing: Billing.onDemand(),
    encryption: TableEncryptionV2.customerManagedKey(dataKey),
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
