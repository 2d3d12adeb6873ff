/**
 * The bus: a Kinesis stream, each change under its record's name, so that the changes of a record stay in one shard.
 * A change larger than a record of the stream travels as a claim.
 */
import { type KinesisClient, PutRecordsCommand, type PutRecordsRequestEntry } from '@aws-sdk/client-kinesis'
import { changesName } from '../../shared/declare/resource-names.ts'
import type { Bus, Clock } from '../../shared/ports/index.ts'
import type { ChangeEvent } from '../../shared/replicate/change-event.ts'
import { busText } from '../../shared/replicate/claim.ts'
import { recordName } from '../../shared/replicate/record-ref.ts'
import { sendUntilTaken } from './backoff.ts'

/**
 * Of one record, its partition key included. A stream can be set to take 10 MiB; the usual limit of 1 MiB is enough,
 * since DynamoDB holds no more than 400 KB of a record. (https://docs.aws.amazon.com/streams/latest/dev/large-records.html)
 */
const messageBytesMax = 1_000_000

/** Limits of one PutRecords; of a partition key in characters. */
const recordsMax = 500
const requestBytesMax = 5_000_000
const partitionKeyMax = 256

/** The stream did not take all of the changes: publish fails and is run again. */
export class BusUnavailable extends Error {
  constructor(count: number, reason: string) {
    super(`Kinesis took all but ${count} changes: ${reason}`)
    this.name = 'BusUnavailable'
  }
}

export function createKinesisBus({ client, clock }: { readonly client: KinesisClient; readonly clock: Clock }): Bus {
  async function putAll(entries: readonly PutRecordsRequestEntry[]): Promise<void> {
    let reason = ''
    const left = await sendUntilTaken(
      entries,
      async due => {
        const { Records = [] } = await client.send(
          new PutRecordsCommand({ StreamName: changesName, Records: [...due] }),
        )
        reason = Records.find(({ ErrorCode }) => ErrorCode !== undefined)?.ErrorCode ?? ''
        return due.filter((_, index) => Records[index]?.ErrorCode !== undefined)
      },
      clock,
    )
    if (left.length > 0) throw new BusUnavailable(left.length, reason)
  }

  return {
    async publish(events) {
      for (const entries of requestsOf(events.map(entryOf))) await putAll(entries)
    },
  }
}

function entryOf(event: ChangeEvent) {
  const text = busText(event, candidate => Buffer.byteLength(candidate) <= messageBytesMax)
  return { PartitionKey: recordName(event.change).slice(0, partitionKeyMax), Data: Buffer.from(text) }
}

function requestsOf<Entry extends { readonly PartitionKey: string; readonly Data: Uint8Array }>(
  entries: readonly Entry[],
): readonly (readonly Entry[])[] {
  const requests: Entry[][] = []
  let room = 0
  for (const entry of entries) {
    const size = entry.Data.length + Buffer.byteLength(entry.PartitionKey)
    const request = requests.at(-1)
    if (request && size <= room && request.length < recordsMax) {
      request.push(entry)
      room -= size
    } else {
      requests.push([entry])
      room = requestBytesMax - size
    }
  }
  return requests
}
