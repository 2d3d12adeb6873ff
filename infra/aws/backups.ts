/**
 * A backup every day, kept for 35 days in a vault of its own under the data key, beside the point-in-time recovery of each
 * table: that one goes with its table, these stay. Of tables that somebody else owns the backups are theirs.
 */
import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import { BackupPlan, BackupPlanRule, BackupResource, BackupVault } from 'aws-cdk-lib/aws-backup'
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import { Schedule } from 'aws-cdk-lib/aws-events'
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { Key } from 'aws-cdk-lib/aws-kms'
import type { Construct } from 'constructs'
import { accept } from './accept.ts'

export const backupVaultName = 'tributary'
const keptFor = Duration.days(35)
/** A backup that takes longer has failed. */
const completionWindow = Duration.hours(8)
const startWindow = Duration.hours(1)

export function createBackups(scope: Construct, tables: readonly TableV2[], encryptionKey: Key): void {
  const vault = new BackupVault(scope, 'Backups', {
    backupVaultName,
    encryptionKey,
    // Nobody shortens what is kept, not even with all rights, without a further, visible step.
    lockConfiguration: { minRetention: keptFor },
    removalPolicy: RemovalPolicy.RETAIN,
  })
  const plan = new BackupPlan(scope, 'BackupPlan', {
    backupPlanName: 'tributary-daily',
    backupVault: vault,
    backupPlanRules: [
      new BackupPlanRule({
        ruleName: 'daily',
        scheduleExpression: Schedule.cron({ hour: '3', minute: '0' }),
        startWindow,
        completionWindow,
        deleteAfter: keptFor,
      }),
    ],
  })
  const role = new Role(scope, 'BackupRole', {
    assumedBy: new ServicePrincipal('backup.amazonaws.com'),
    managedPolicies: [
      ManagedPolicy.fromAwsManagedPolicyName('service-role/AWSBackupServiceRolePolicyForBackup'),
      ManagedPolicy.fromAwsManagedPolicyName('service-role/AWSBackupServiceRolePolicyForRestores'),
    ],
  })
  plan.addSelection('Tables', { role, resources: tables.map(table => BackupResource.fromArn(table.tableArn)) })
  for (const policy of ['Backup', 'Restores']) {
    accept(
      role,
      `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSBackupServiceRolePolicyFor${policy}]`,
      'AWS maintains these two for AWS Backup, and only that service can assume the role. A copy would go stale.',
    )
  }
}
