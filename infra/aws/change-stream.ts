/**
 * The bus between publish and forward. On demand, because provisioned shards cost the same on a quiet day; encrypted
 * under the account's own KMS key for Kinesis. A change waits here for as long as its peer is away.
 */
import { RemovalPolicy } from 'aws-cdk-lib'
import { Stream, StreamEncryption, StreamMode } from 'aws-cdk-lib/aws-kinesis'
import type { Construct } from 'constructs'
import { changesName } from '../../shared/declare/resource-names.ts'
import { changeRetention } from './retention.ts'

export function createChangeStream(scope: Construct): Stream {
  return new Stream(scope, 'Changes', {
    streamName: changesName,
    streamMode: StreamMode.ON_DEMAND,
    encryption: StreamEncryption.MANAGED,
    retentionPeriod: changeRetention,
    removalPolicy: RemovalPolicy.RETAIN,
  })
}
