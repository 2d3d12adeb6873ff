/**
 * What Lambda sends to a mapping's on-failure destination when it gives records up: where they are, not what they
 * are. They can be read from the stream until they expire.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
 */
import { randomUUID } from 'node:crypto'
import type { StreamRecord, StreamSource } from './stream-source.ts'

export type GivenUpBecause = 'RetryAttemptsExhausted' | 'RecordAgeExceeded'

export interface BatchInfo {
  readonly shardId: string
  readonly startSequenceNumber: string
  readonly endSequenceNumber: string
  /** ISO 8601 */
  readonly approximateArrivalOfFirstRecord: string
  readonly approximateArrivalOfLastRecord: string
  readonly batchSize: number
  readonly streamArn: string
}

export interface OnFailureRecord {
  readonly version: '1.0'
  readonly timestamp: string
  readonly requestContext: {
    readonly requestId: string
    readonly functionArn: string
    readonly condition: GivenUpBecause
    readonly approximateInvokeCount: number
  }
  /** Absent when the function was never called with these records. */
  readonly responseContext?: {
    readonly statusCode: 200
    readonly executedVersion: '$LATEST'
    /** Absent when the function answered, with failures in its reply. */
    readonly functionError?: 'Unhandled'
  }
  readonly DDBStreamBatchInfo?: BatchInfo
  readonly KinesisBatchInfo?: BatchInfo
}

export interface GivenUp {
  readonly source: StreamSource
  readonly shardId: string
  /** At least one. */
  readonly records: readonly StreamRecord[]
  readonly functionArn: string
  readonly because: GivenUpBecause
  readonly invocations: number
  readonly threw: boolean
}

export function createOnFailureRecord(givenUp: GivenUp): OnFailureRecord {
  const { source, functionArn, because, invocations, threw } = givenUp
  return {
    version: '1.0',
    timestamp: new Date().toISOString(),
    requestContext: {
      requestId: randomUUID(),
      functionArn,
      condition: because,
      approximateInvokeCount: invocations,
    },
    ...(invocations > 0 && {
      responseContext: { statusCode: 200, executedVersion: '$LATEST', ...(threw && { functionError: 'Unhandled' }) },
    }),
    [source.batchInfoName]: batchInfo(givenUp),
  }
}

function batchInfo({ source, shardId, records }: GivenUp): BatchInfo {
  const first = records[0]
  const last = records.at(-1)
  if (!first || !last) throw new Error('a batch has at least one record')
  return {
    shardId,
    startSequenceNumber: first.sequenceNumber,
    endSequenceNumber: last.sequenceNumber,
    approximateArrivalOfFirstRecord: new Date(first.arrivedAtMs).toISOString(),
    approximateArrivalOfLastRecord: new Date(last.arrivedAtMs).toISOString(),
    batchSize: records.length,
    streamArn: source.streamArn,
  }
}
