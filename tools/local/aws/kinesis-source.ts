/** A Kinesis stream as the source of an event source mapping, and its records as Lambda passes them on. */
import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
  type _Record as SdkRecord,
} from '@aws-sdk/client-kinesis'
import { LOCAL_ACCOUNT_ID } from './aws-names.ts'
import { createShardReader, type ShardPage } from './shard-reader.ts'
import type { Shard, ShardPosition, StreamRecord, StreamSource } from './stream-source.ts'

/** The most that GetRecords gives. */
const PAGE_RECORDS_MAX = 10_000

export interface KinesisSourceOptions {
  /** From `createKinesisClient` for a local Kinesis. */
  readonly client: KinesisClient
  readonly streamArn: string
  /** The `awsRegion` of the events. */
  readonly region: string
}

export function createKinesisSource(options: KinesisSourceOptions): StreamSource {
  const { client, streamArn } = options
  // kinesalite knows streams by name only.
  const streamName = streamArn.slice(streamArn.indexOf('/') + 1)
  return {
    streamArn,
    batchInfoName: 'KinesisBatchInfo',
    shards: () => listShards(client, streamName),
    reader(shardId, position) {
      return createShardReader(
        {
          async takeIterator(from) {
            const command = new GetShardIteratorCommand({
              StreamName: streamName,
              ShardId: shardId,
              ...iteratorInput(from),
            })
            return (await client.send(command)).ShardIterator
          },
          readPage: (iterator, limit) => readPage(options, shardId, iterator, limit),
        },
        position,
      )
    },
  }
}

async function listShards(client: KinesisClient, streamName: string): Promise<Shard[]> {
  const shards: Shard[] = []
  let nextToken: string | undefined
  do {
    const page = await client.send(
      new ListShardsCommand(nextToken === undefined ? { StreamName: streamName } : { NextToken: nextToken }),
    )
    for (const { ShardId: id, ParentShardId: parent, AdjacentParentShardId: adjacent } of page.Shards ?? []) {
      if (id !== undefined) shards.push({ id, parentIds: [parent, adjacent].filter(other => other !== undefined) })
    }
    nextToken = page.NextToken
  } while (nextToken !== undefined)
  return shards
}

function iteratorInput(position: ShardPosition) {
  return typeof position === 'string'
    ? { ShardIteratorType: position }
    : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER' as const, StartingSequenceNumber: position.after }
}

async function readPage(
  options: KinesisSourceOptions,
  shardId: string,
  iterator: string,
  limit: number,
): Promise<ShardPage> {
  const command = new GetRecordsCommand({ ShardIterator: iterator, Limit: Math.min(limit, PAGE_RECORDS_MAX) })
  const { Records: records = [], NextShardIterator, MillisBehindLatest } = await options.client.send(command)
  return {
    records: records.map(record => toStreamRecord(record, shardId, options)),
    nextIterator: NextShardIterator,
    atTip: MillisBehindLatest === 0,
  }
}

function toStreamRecord(record: SdkRecord, shardId: string, options: KinesisSourceOptions): StreamRecord {
  const sequenceNumber = record.SequenceNumber ?? ''
  const arrivedAtMs = record.ApproximateArrivalTimestamp?.getTime() ?? Date.now()
  return {
    sequenceNumber,
    arrivedAtMs,
    event: {
      kinesis: {
        kinesisSchemaVersion: '1.0',
        partitionKey: record.PartitionKey,
        sequenceNumber,
        data: Buffer.from(record.Data ?? []).toString('base64'),
        approximateArrivalTimestamp: arrivedAtMs / 1_000,
      },
      eventSource: 'aws:kinesis',
      eventVersion: '1.0',
      eventID: `${shardId}:${sequenceNumber}`,
      eventName: 'aws:kinesis:record',
      invokeIdentityArn: `arn:aws:iam::${LOCAL_ACCOUNT_ID}:role/local`,
      awsRegion: options.region,
      eventSourceARN: options.streamArn,
    },
  }
}
