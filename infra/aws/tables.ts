/**
 * The DynamoDB tables of a site. They hold what cannot be made anew, so they outlive their stack: a table that leaves
 * the declaration stays in the account, and nothing deletes one until an operator takes its protection off. Another
 * key means another table: since its name is fixed, CloudFormation refuses that, and moving the items is a migration.
 *
 * Encrypted under the account's own KMS key for DynamoDB; billed by request; restorable to any second of 35 days.
 */
import { RemovalPolicy } from 'aws-cdk-lib'
import {
  type Attribute,
  AttributeType,
  Billing,
  StreamViewType,
  TableEncryptionV2,
  type TablePropsV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb'
import type { Construct } from 'constructs'
import {
  auditStoreName,
  auditTable,
  dataStoreName,
  syncStoreName,
  syncTable,
} from '../../shared/declare/resource-names.ts'
import type { TypePlan } from '../../shared/declare/sync-plan.ts'

/** The application's own table: the declared key fields are its keys, whatever else its items hold. */
export function createDataTable(scope: Construct, type: TypePlan): TableV2 {
  const [partition, sort] = type.key
  return createTable(scope, `Data-${type.name}`, {
    tableName: dataStoreName(type),
    partitionKey: text(partition),
    ...(sort === undefined ? {} : { sortKey: text(sort) }),
    dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES,
  })
}

export function createSyncTable(scope: Construct): TableV2 {
  return createTable(scope, 'Sync', {
    tableName: syncStoreName,
    partitionKey: text(syncTable.key),
    // Publish compares a version with the one before.
    dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES,
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

function text(name: string): Attribute {
  return { name, type: AttributeType.STRING }
}
