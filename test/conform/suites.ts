/** Every suite, in the order of the table. S3 has none: nothing of Tributary uses it yet. */
import { dynamodb } from './aws/dynamodb.ts'
import { dynamodbStreams } from './aws/dynamodb-streams.ts'
import { kinesis } from './aws/kinesis.ts'
import { sqs } from './aws/sqs.ts'
import { cosmos, cosmosSession } from './azure/cosmos.ts'
import { queues } from './azure/queues.ts'
import type { Suite } from './behaviour.ts'
import { firestore } from './gcp/firestore.ts'
import { pubsub } from './gcp/pubsub.ts'

export const suites: readonly Suite[] = [
  dynamodb,
  dynamodbStreams,
  kinesis,
  sqs,
  firestore,
  pubsub,
  cosmos,
  cosmosSession,
  queues,
]
