/** A DynamoDB stream as the source of an event source mapping, and its records as Lambda passes them on. */
import {
  type AttributeValue,
  DescribeStreamCommand,
  type DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type _Record as SdkRecord,
} from '@aws-sdk/client-dynamodb-streams'
import { createShardReader, type ShardPage } from './shard-reader.ts'
import type { Shard, ShardPosition, StreamRecord, StreamSource } from './stream-source.ts'

/** The most that GetRecords gives. */
const PAGE_RECORDS_MAX = 1_000

export interface DynamoDbStreamSourceOptions {
  readonly client: DynamoDBStreamsClient
  /** `LatestStreamArn` of the table. */
  readonly streamArn: string
  /** The `awsRegion` of the events; DynamoDB Local itself says `ddblocal`. */
  readonly region: string
}

export function createDynamoDbStreamSource(options: DynamoDbStreamSourceOptions): StreamSource {
  const { client, streamArn } = options
  return {
    streamArn,
    batchInfoName: 'DDBStreamBatchInfo',
    shards: () => listShards(client, streamArn),
    reader(shardId, position) {
      return createShardReader(
        {
          async takeIterator(from) {
            const command = new GetShardIteratorCommand({
              StreamArn: streamArn,
              ShardId: shardId,
              ...iteratorInput(from),
            })
            return (await client.send(command)).ShardIterator
          },
          readPage: (iterator, limit) => readPage(options, iterator, limit),
        },
        position,
      )
    },
  }
}

async function listShards(client: DynamoDBStreamsClient, streamArn: string): Promise<Shard[]> {
  const shards: Shard[] = []
  let exclusiveStartShardId: string | undefined
  do {
    const { StreamDescription: description } = await client.send(
      new DescribeStreamCommand({ StreamArn: streamArn, ExclusiveStartShardId: exclusiveStartShardId }),
    )
    for (const { ShardId: id, ParentShardId: parent } of description?.Shards ?? []) {
      if (id !== undefined) shards.push({ id, parentIds: parent === undefined ? [] : [parent] })
    }
    exclusiveStartShardId = description?.LastEvaluatedShardId
  } while (exclusiveStartShardId !== undefined)
  return shards
}

function iteratorInput(position: ShardPosition) {
  return typeof position === 'string'
    ? { ShardIteratorType: position }
    : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER' as const, SequenceNumber: position.after }
}

async function readPage(options: DynamoDbStreamSourceOptions, iterator: string, limit: number): Promise<ShardPage> {
  const command = new GetRecordsCommand({ ShardIterator: iterator, Limit: Math.min(limit, PAGE_RECORDS_MAX) })
  const { Records: records = [], NextShardIterator: nextIterator } = await options.client.send(command)
  const readAtMs = Date.now()
  // The service does not say whether it is at the tip, and its iterators are safe to follow.
  return { records: records.map(record => toStreamRecord(record, options, readAtMs)), nextIterator, atTip: false }
}

function toStreamRecord(record: SdkRecord, options: DynamoDbStreamSourceOptions, readAtMs: number): StreamRecord {
  const { dynamodb, userIdentity } = record
  const arrivedAtMs = arrivalTime(record, readAtMs)
  return {
    sequenceNumber: dynamodb?.SequenceNumber ?? '',
    arrivedAtMs,
    event: {
      eventID: record.eventID,
      eventName: record.eventName,
      eventVersion: record.eventVersion,
      eventSource: 'aws:dynamodb',
      awsRegion: options.region,
      dynamodb: {
        ApproximateCreationDateTime: Math.floor(arrivedAtMs / 1_000),
        Keys: toEventItem(dynamodb?.Keys),
        ...(dynamodb?.NewImage && { NewImage: toEventItem(dynamodb.NewImage) }),
        ...(dynamodb?.OldImage && { OldImage: toEventItem(dynamodb.OldImage) }),
        SequenceNumber: dynamodb?.SequenceNumber,
        SizeBytes: dynamodb?.SizeBytes,
        StreamViewType: dynamodb?.StreamViewType,
      },
      // Set when TTL removed the item, which is not a user's delete.
      ...(userIdentity && { userIdentity: { type: userIdentity.Type, principalId: userIdentity.PrincipalId } }),
      eventSourceARN: options.streamArn,
    },
  }
}

/**
 * DynamoDB gives the second of the write; DynamoDB Local cuts its stamp down to the minute, which no function would
 * meet in the cloud. So a stamp of DynamoDB Local is moved up to when the record was read (a few ms after the write),
 * within its minute.
 */
function arrivalTime(record: SdkRecord, readAtMs: number): number {
  const stampMs = record.dynamodb?.ApproximateCreationDateTime?.getTime() ?? readAtMs
  return record.awsRegion === 'ddblocal' ? Math.min(readAtMs, stampMs + 59_999) : stampMs
}

type SdkItem = Record<string, AttributeValue>

function toEventItem(item: SdkItem | undefined): Record<string, unknown> {
  return Object.fromEntries(Object.entries(item ?? {}).map(([name, value]) => [name, toEventValue(value)]))
}

/** The SDK's attribute value as the event's JSON: the same, with binary values in Base64. */
function toEventValue(value: AttributeValue): unknown {
  if (value.B !== undefined) return { B: base64(value.B) }
  if (value.BS !== undefined) return { BS: value.BS.map(base64) }
  if (value.L !== undefined) return { L: value.L.map(toEventValue) }
  if (value.M !== undefined) return { M: toEventItem(value.M) }
  return value
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
