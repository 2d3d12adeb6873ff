/**
 * Where changes wait that are held back for a while (a paused data type, a peer with another plan), so that the stream
 * goes on behind them. Forward is called with them every few minutes until they may go. SQS keeps a message for 14 days and
 * then drops it without a word: the alarm `put-off-age` tells long before.
 *
 * Encrypted under the site's data key, reachable over TLS only.
 */
import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { EventSourceMapping, type Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import type { Construct } from 'constructs'
import { waitingName } from '../../shared/declare/resource-names.ts'
import { accept } from './accept.ts'
import { dataKeyReuse, deadLetterRetention } from './retention.ts'

/** Before the first return, and between two: more than six times a function's timeout, as Lambda wants it. */
const firstDelay = Duration.minutes(1)
const betweenAttempts = Duration.minutes(7)
const batchSize = 100
/** A batch of more than ten needs one. */
const batchWindow = Duration.seconds(5)

export function createWaitingQueue(scope: Construct, peer: string, encryptionMasterKey: IKey): Queue {
  const queue = new Queue(scope, `Waiting-${peer}`, {
    queueName: waitingName(peer),
    deliveryDelay: firstDelay,
    visibilityTimeout: betweenAttempts,
    retentionPeriod: deadLetterRetention,
    encryption: QueueEncryption.KMS,
    encryptionMasterKey,
    dataKeyReuse,
    enforceSSL: true,
    removalPolicy: RemovalPolicy.RETAIN,
  })
  accept(
    queue,
    'AwsSolutions-SQS3',
    'What waits here is tried until it may go, however often: a dead-letter queue would give a change up for its peer.',
  )
  return queue
}

/** https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const receiveActions = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'] as const

export function triggerByQueue(target: LambdaFunction, queue: Queue): void {
  queue.grant(target, ...receiveActions)
  new EventSourceMapping(target, `From-${queue.node.id}`, {
    target,
    eventSourceArn: queue.queueArn,
    batchSize,
    maxBatchingWindow: batchWindow,
    reportBatchItemFailures: true,
  })
}
