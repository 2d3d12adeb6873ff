/**
 * A function that is triggered by a stream, in order per shard. A batch that fails is tried again, in halves, until
 * it succeeds or is so old that the stream is about to drop it: a store or a peer that is away does not use up
 * attempts. What is given up is reported to a queue.
 */
import type { Duration } from 'aws-cdk-lib'
import type { ITable, ITableV2 } from 'aws-cdk-lib/aws-dynamodb'
import { Grant } from 'aws-cdk-lib/aws-iam'
import type { IStream } from 'aws-cdk-lib/aws-kinesis'
import { EventSourceMapping, type Function as LambdaFunction, StartingPosition } from 'aws-cdk-lib/aws-lambda'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'

export interface StreamTrigger {
  /** A table means its DynamoDB stream. */
  readonly source: ITableV2 | ITable | IStream
  /** How old a record may be before its batch is given up: less than the stream keeps it. */
  readonly giveUpAfter: Duration
  /** Whether the function's answer says from which record on it has to be called again. */
  readonly reportsFailedItems: boolean
  /** Takes the notice about a batch that is given up. */
  readonly givenUp: IQueue
}

const batchSize = 100
/** Until the records are too old. */
const unlimited = -1

export function triggerByStream(target: LambdaFunction, trigger: StreamTrigger): void {
  const { source, reportsFailedItems, givenUp, giveUpAfter } = trigger
  grantRead(source, target)
  givenUp.grant(target, 'sqs:SendMessage')
  new EventSourceMapping(target, `From-${source.node.id}`, {
    target,
    eventSourceArn: 'streamArn' in source ? source.streamArn : requireStream(source),
    // What was written while this was being deployed counts too; what is known already is found unchanged.
    startingPosition: StartingPosition.TRIM_HORIZON,
    batchSize,
    // One batch of a shard at a time: two would only meet at the same records.
    parallelizationFactor: 1,
    reportBatchItemFailures: reportsFailedItems,
    bisectBatchOnError: true,
    retryAttempts: unlimited,
    maxRecordAge: giveUpAfter,
    onFailure: { bind: () => ({ destination: givenUp.queueArn }) },
  })
}

function requireStream({ tableName, tableStreamArn }: ITableV2 | ITable): string {
  if (tableStreamArn === undefined) throw new Error(`table ${tableName} triggers a function, but has no stream`)
  return tableStreamArn
}

function grantRead(source: ITableV2 | ITable | IStream, reader: LambdaFunction): void {
  if ('streamArn' in source) source.grant(reader, ...kinesisReadActions)
  else grantTableStreamRead(requireStream(source), reader)
}

/** The stream alone: a table's own `grantStreamRead` would add its key, which by way of DynamoDB is granted already. */
function grantTableStreamRead(streamArn: string, grantee: LambdaFunction): void {
  Grant.addToPrincipal({ grantee, actions: [...tableStreamReadActions], resourceArns: [streamArn] })
}

/** https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html */
const tableStreamReadActions = [
  'dynamodb:DescribeStream',
  'dynamodb:GetRecords',
  'dynamodb:GetShardIterator',
  'dynamodb:ListStreams',
] as const

/** https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html */
const kinesisReadActions = [
  'kinesis:DescribeStream',
  'kinesis:DescribeStreamSummary',
  'kinesis:GetRecords',
  'kinesis:GetShardIterator',
  'kinesis:ListShards',
  'kinesis:SubscribeToShard',
] as const
