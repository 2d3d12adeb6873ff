/**
 * What an event source mapping reads: a stream of shards, DynamoDB's or Kinesis's. The two services have the same
 * model (shards with parents, iterators, sequence numbers) behind different calls and different event shapes.
 */

/** Where in a shard to start: its oldest record, its end, or behind a record. */
export type ShardPosition = StartingPosition | { readonly after: string }

export type StartingPosition = 'TRIM_HORIZON' | 'LATEST'

export interface Shard {
  readonly id: string
  /** The shards that were split or merged into this one: all of theirs comes before all of its. */
  readonly parentIds: readonly string[]
}

export interface StreamRecord {
  readonly sequenceNumber: string
  /** When the stream took the record, in ms since 1970, as exactly as the stream tells. */
  readonly arrivedAtMs: number
  /** The record as a function gets it: one element of `event.Records`. */
  readonly event: unknown
}

export interface ShardRead {
  readonly records: readonly StreamRecord[]
  /** The shard is closed and this was the last of it. */
  readonly ended: boolean
}

export interface ShardReader {
  /** Fixes the position: whatever arrives from now on is seen, also from LATEST. */
  open(): Promise<void>
  /** The next records in order, at most `limit`, maybe none. Rejects when the stream cannot be read; call again. */
  read(limit: number): Promise<ShardRead>
}

export interface StreamSource {
  readonly streamArn: string
  /** What the service calls the part of its on-failure record that names the batch. */
  readonly batchInfoName: 'DDBStreamBatchInfo' | 'KinesisBatchInfo'
  shards(): Promise<Shard[]>
  reader(shardId: string, position: ShardPosition): ShardReader
}
