/**
 * Where things wait for an operator. Two queues, because they hold two kinds of messages: `letters` has our own
 * envelope with the whole change or document; `givenUp` has Lambda's notice about a batch that a trigger gave up,
 * which only refers to records of a stream.
 *
 * Encrypted by SQS, reachable over TLS only.
 */
import { RemovalPolicy } from 'aws-cdk-lib'
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import type { Construct } from 'constructs'
import { deadLettersName } from '../../shared/declare/resource-names.ts'
import { deadLetterRetention } from './retention.ts'

export interface DeadLetterQueues {
  readonly letters: Queue
  readonly givenUp: Queue
}

export function createDeadLetterQueues(scope: Construct): DeadLetterQueues {
  return {
    letters: createQueue(scope, 'DeadLetters', deadLettersName),
    givenUp: createQueue(scope, 'GivenUp', 'tributary-given-up'),
  }
}

function createQueue(scope: Construct, id: string, queueName: string): Queue {
  return new Queue(scope, id, {
    queueName,
    retentionPeriod: deadLetterRetention,
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    removalPolicy: RemovalPolicy.RETAIN,
  })
}
