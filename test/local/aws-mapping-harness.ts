/** What the tests of event source mappings share: a mapping under test and what it delivered. */
import { onTestFinished } from 'vitest'
import { functionArn } from '../../tools/local/aws/aws-names.ts'
import { type EventSourceMapping, startEventSourceMapping } from '../../tools/local/aws/event-source-mapping.ts'
import type { EventSourceMappingOptions } from '../../tools/local/aws/mapping-options.ts'
import type { OnFailureRecord } from '../../tools/local/aws/on-failure-record.ts'
import type { StreamSource } from '../../tools/local/aws/stream-source.ts'

export const region = 'us-east-1'
export const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }

/** A record as the tests look at it, out of either kind of event. */
export interface Seen {
  readonly sequenceNumber: string
  /** The item's key or the record's data. */
  readonly what: string
}

export function seenIn(event: { readonly Records: readonly unknown[] }): Seen[] {
  return event.Records.map(record => {
    const { dynamodb: change, kinesis: data } = Object(record)
    return change
      ? { sequenceNumber: change.SequenceNumber, what: change.Keys.id.S }
      : { sequenceNumber: data.sequenceNumber, what: Buffer.from(data.data, 'base64').toString() }
  })
}

export const whatOf = (batches: readonly Seen[][]) => batches.map(batch => batch.map(({ what }) => what))

/** A mapping with short pauses, from the horizon; what it delivered, batch by batch. */
export async function mapTo(
  source: StreamSource,
  invoke: EventSourceMappingOptions['invoke'],
  options: Partial<EventSourceMappingOptions> = {},
): Promise<{ mapping: EventSourceMapping; batches: Seen[][]; givenUp: OnFailureRecord[] }> {
  const batches: Seen[][] = []
  const givenUp: OnFailureRecord[] = []
  const mapping = await startEventSourceMapping({
    source,
    functionArn: functionArn(region, 'under-test'),
    startingPosition: 'TRIM_HORIZON',
    retryBackoffBaseMs: 5,
    shardListIntervalMs: 50,
    invoke(event) {
      batches.push(seenIn(event))
      return invoke(event)
    },
    onFailure: record => void givenUp.push(record),
    ...options,
  })
  onTestFinished(() => mapping.stop())
  return { mapping, batches, givenUp }
}

/** A function that has nothing to say. */
export const succeeds = async () => undefined
