/**
 * The key of everything at a site that holds data: tables, streams, queues, logs, alerts, backups. The customer's own, so
 * that its use can be seen in CloudTrail and ended; rotated every year by KMS, old versions still decrypt.
 *
 * It outlives the stack, as the tables do: without it nobody reads them again.
 *
 * Whoever may use a table, a queue or a stream of this account may use the key by way of that service, and no other way:
 * the same rule as that of the key AWS makes by itself, so that an application that reads its table needs no new permission.
 */
import { Aws, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { AnyPrincipal, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Key } from 'aws-cdk-lib/aws-kms'
import type { Construct } from 'constructs'

const useActions = ['kms:Encrypt', 'kms:Decrypt', 'kms:GenerateDataKey', 'kms:DescribeKey']

export function createDataKey(scope: Construct): Key {
  const key = new Key(scope, 'DataKey', {
    alias: 'alias/tributary-data',
    description: 'Tributary: tables, streams, queues, logs, alerts and backups of this site',
    enableKeyRotation: true,
    removalPolicy: RemovalPolicy.RETAIN,
  })
  const { region } = Stack.of(scope)
  const account = { 'kms:CallerAccount': Aws.ACCOUNT_ID }
  const services = ['dynamodb', 'kinesis', 'sqs', 'lambda', 'backup']
  const viaService = services.map(service => `${service}.${region}.${Aws.URL_SUFFIX}`)
  allow(key, new AnyPrincipal(), [...useActions, 'kms:ReEncryptFrom', 'kms:ReEncryptTo', 'kms:CreateGrant'], {
    StringEquals: { ...account, 'kms:ViaService': viaService },
  })
  allow(
    key,
    new ServicePrincipal(`logs.${region}.amazonaws.com`),
    [...useActions, 'kms:ReEncryptFrom', 'kms:ReEncryptTo'],
    {
      ArnLike: {
        'kms:EncryptionContext:aws:logs:arn': `arn:${Aws.PARTITION}:logs:${region}:${Aws.ACCOUNT_ID}:log-group:*`,
      },
    },
  )
  // An alarm writes to its topic, a schedule to the queue of what it gave up.
  for (const service of ['cloudwatch.amazonaws.com', 'events.amazonaws.com', 'backup.amazonaws.com']) {
    allow(key, new ServicePrincipal(service), ['kms:Decrypt', 'kms:GenerateDataKey'], {
      StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
    })
  }
  return key
}

function allow(key: Key, to: AnyPrincipal | ServicePrincipal, actions: string[], conditions: Record<string, object>) {
  // In the policy of a key the resource is that key.
  key.addToResourcePolicy(new PolicyStatement({ principals: [to], actions, resources: ['*'], conditions }))
}
