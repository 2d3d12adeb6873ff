/**
 * Where things wait for an operator. Two queues, because they hold two kinds of messages: `letters` has our own
 * envelope with the whole change or document; `givenUp` has Lambda's notice about a batch that a trigger gave up,
 * which only refers to records of a stream.
 *
 * Encrypted under the site's data key, reachable over TLS only.
 */
import { RemovalPolicy } from 'aws-cdk-lib'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import type { Construct } from 'constructs'
import { deadLettersName, givenUpName } from '../../shared/declare/resource-names.ts'
import { accept } from './accept.ts'
import { dataKeyReuse, deadLetterRetention } from './retention.ts'

export interface DeadLetterQueues {
  readonly letters: Queue
  readonly givenUp: Queue
}

export function createDeadLetterQueues(scope: Construct, dataKey: IKey): DeadLetterQueues {
  return {
    letters: createQueue(scope, 'DeadLetters', deadLettersName, dataKey),
    givenUp: createQueue(scope, 'GivenUp', givenUpName, dataKey),
  }
}

function createQueue(scope: Construct, id: string, queueName: string, encryptionMasterKey: IKey): Queue {
  const queue = new Queue(scope, id, {
    queueName,
    retentionPeriod: deadLetterRetention,
    encryption: QueueEncryption.KMS,
    encryptionMasterKey,
    dataKeyReuse,
    enforceSSL: true,
    removalPolicy: RemovalPolicy.RETAIN,
  })
  accept(queue, 'AwsSolutions-SQS3', 'It is the queue of dead letters: what waits here has nowhere else to go.')
  return queue
}
