/**
 * "Kinesis Data Streams for DynamoDB" on this machine: what a table's stream tells goes into a Kinesis stream, in the form
 * that DynamoDB writes there, so that capture meets the records that it meets in the cloud.
 *
 * The service promises neither order nor once: records of one item may be turned round and repeated, which happens here
 * on purpose now and then. (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds.html)
 */
import { createHash, randomUUID } from 'node:crypto'
import { type KinesisClient, PutRecordsCommand, type PutRecordsRequestEntry } from '@aws-sdk/client-kinesis'
import { z } from 'zod'

/** How often a record comes twice, and how often the records of a batch are turned round. */
const repeatedShare = 0.05
const reversedShare = 0.2

/** Limit of one PutRecords; a batch of 100 repeats fewer. */
const recordsMax = 500

const streamRecord = z.object({
  awsRegion: z.string(),
  eventName: z.string(),
  userIdentity: z.unknown().optional(),
  dynamodb: z.looseObject({
    ApproximateCreationDateTime: z.number(),
    Keys: z.record(z.string(), z.unknown()),
    NewImage: z.unknown().optional(),
    OldImage: z.unknown().optional(),
    SizeBytes: z.number().optional(),
  }),
})

export interface KinesisFeedOptions {
  readonly client: KinesisClient
  readonly table: string
  readonly streamName: string
  /** 0 to 1, default `Math.random`. */
  readonly random?: () => number
}

/** The "function" of an event source mapping on the table's own stream. Rejects when Kinesis did not take all records. */
export function createKinesisFeed({ client, table, streamName, random = Math.random }: KinesisFeedOptions) {
  return async ({ Records }: { readonly Records: readonly unknown[] }): Promise<void> => {
    const entries = Records.map(record => entryOf(record, table)).flatMap(entry =>
      random() < repeatedShare ? [entry, entry] : [entry],
    )
    const sent = random() < reversedShare ? entries.toReversed() : entries
    for (let start = 0; start < sent.length; start += recordsMax) {
      const due = sent.slice(start, start + recordsMax)
      const { FailedRecordCount = 0 } = await client.send(
        new PutRecordsCommand({ StreamName: streamName, Records: due }),
      )
      if (FailedRecordCount > 0) throw new Error(`${streamName} did not take ${FailedRecordCount} records`)
    }
  }
}

function entryOf(record: unknown, table: string): PutRecordsRequestEntry {
  const { awsRegion, eventName, userIdentity, dynamodb } = streamRecord.parse(record)
  const { ApproximateCreationDateTime: seconds, Keys, NewImage, OldImage, SizeBytes } = dynamodb
  const fed = {
    awsRegion,
    eventID: randomUUID(),
    eventName,
    userIdentity: userIdentity ?? null,
    recordFormat: 'application/json',
    tableName: table,
    dynamodb: {
      ApproximateCreationDateTime: seconds * 1_000_000,
      ApproximateCreationDateTimePrecision: 'MICROSECOND',
      Keys,
      ...(NewImage === undefined ? {} : { NewImage }),
      ...(OldImage === undefined ? {} : { OldImage }),
      SizeBytes,
    },
    eventSource: 'aws:dynamodb',
  }
  const PartitionKey = createHash('md5').update(JSON.stringify(Keys)).digest('hex').toUpperCase()
  return { PartitionKey, Data: Buffer.from(JSON.stringify(fed)) }
}
