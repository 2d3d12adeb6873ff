/**
 * The bus between publish and forward. On demand, because provisioned shards cost the same on a quiet day; encrypted
 * under the site's data key. A change waits here for as long as its peer is away.
 */
import { RemovalPolicy } from 'aws-cdk-lib'
import { Stream, StreamEncryption, StreamMode } from 'aws-cdk-lib/aws-kinesis'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { Construct } from 'constructs'
import { changesName } from '../../shared/declare/resource-names.ts'
import { acceptOwnKey } from './accept.ts'
import { changeRetention } from './retention.ts'

export function createChangeStream(scope: Construct, encryptionKey: IKey): Stream {
  const stream = new Stream(scope, 'Changes', {
    streamName: changesName,
    streamMode: StreamMode.ON_DEMAND,
    encryption: StreamEncryption.KMS,
    encryptionKey,
    retentionPeriod: changeRetention,
    removalPolicy: RemovalPolicy.RETAIN,
  })
  acceptOwnKey(stream)
  return stream
}
