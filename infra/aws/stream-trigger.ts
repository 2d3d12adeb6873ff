/**
 * A function that is triggered by a stream, in order per shard. A batch that fails is tried again, in halves, until
 * it succeeds or is so old that the stream is about to drop it: a store or a peer that is away does not use up
 * attempts. What is given up is reported to a queue.
 */
import { TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import type { Stream } from 'aws-cdk-lib/aws-kinesis'
import { EventSourceMapping, type Function as LambdaFunction, StartingPosition } from 'aws-cdk-lib/aws-lambda'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import { giveUpChangesAfter, giveUpWritesAfter } from './retention.ts'

export interface StreamTrigger {
  /** A table means its DynamoDB stream. */
  readonly source: TableV2 | Stream
  /** Whether the function's answer says from which record on it has to be called again. */
  readonly reportsFailedItems: boolean
  /** Takes the notice about a batch that is given up. */
  readonly givenUp: IQueue
}

const batchSize = 100
/** Until the records are too old. */
const unlimited = -1

export function triggerByStream(target: LambdaFunction, { source, reportsFailedItems, givenUp }: StreamTrigger): void {
  grantRead(source, target)
  givenUp.grant(target, 'sqs:SendMessage')
  new EventSourceMapping(target, `From-${source.node.id}`, {
    target,
    eventSourceArn: source instanceof TableV2 ? source.tableStreamArn : source.streamArn,
    // What was written while this was being deployed counts too; what is known already is found unchanged.
    startingPosition: StartingPosition.TRIM_HORIZON,
    batchSize,
    // One batch of a shard at a time: two would only meet at the same records.
    parallelizationFactor: 1,
    reportBatchItemFailures: reportsFailedItems,
    bisectBatchOnError: true,
    retryAttempts: unlimited,
    maxRecordAge: source instanceof TableV2 ? giveUpWritesAfter : giveUpChangesAfter,
    onFailure: { bind: () => ({ destination: givenUp.queueArn }) },
  })
}

function grantRead(source: TableV2 | Stream, reader: LambdaFunction): void {
  if (source instanceof TableV2) source.grantStreamRead(reader)
  else source.grant(reader, ...kinesisReadActions)
}

/** https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html */
const kinesisReadActions = [
  'kinesis:DescribeStream',
  'kinesis:DescribeStreamSummary',
  'kinesis:GetRecords',
  'kinesis:GetShardIterator',
  'kinesis:ListShards',
  'kinesis:SubscribeToShard',
] as const
