/** The settings of an event source mapping: Lambda's own, and how fast the local poller is. */
import type { DeliveryFaults } from '../runtime/delivery-faults.ts'
import type { Doorbell } from '../runtime/doorbell.ts'
import type { OnFailureRecord } from './on-failure-record.ts'
import type { StartingPosition, StreamSource } from './stream-source.ts'

export interface EventSourceMappingOptions {
  readonly source: StreamSource
  /** For the on-failure record: `functionArn(region, name)`. */
  readonly functionArn: string
  /** Calls the function: `createLambda(...).invoke`. A rejection is a function error. */
  readonly invoke: (event: { readonly Records: readonly unknown[] }) => Promise<unknown>
  readonly startingPosition: StartingPosition

  /** Most records per invocation; default 100. */
  readonly batchSize?: number
  /** How long to wait for a full batch; default 0, at once. */
  readonly batchWindowMs?: number
  /** Whether the function's reply says which records failed; default false. */
  readonly reportBatchItemFailures?: boolean
  /** Whether a batch that failed is split; default false. */
  readonly bisectBatchOnFunctionError?: boolean
  /** Retries after the first failure; default -1, until the records are too old. */
  readonly maximumRetryAttempts?: number
  /** Older records are given up; default 24 h, the retention of both streams. */
  readonly maximumRecordAgeMs?: number
  /** Told of every batch that is given up, as the on-failure destination is. */
  readonly onFailure?: (record: OnFailureRecord) => void | Promise<void>

  /** First pause after a failure, doubled at every further one up to the maximum; default 50 ms to 5 s. */
  readonly retryBackoffBaseMs?: number
  readonly retryBackoffMaxMs?: number
  /**
   * Between two reads of a shard; default 5 ms, so that a record is with its function within 10 ms. In the cloud it is
   * longer: `readEveryMs`.
   */
  readonly pollIntervalMs?: number
  /**
   * Where that pause stops growing while nothing comes; default 50 ms, with a doorbell 1,000. Reading an empty shard costs
   * a millisecond of CPU in all, and a site has half a dozen.
   */
  readonly idlePollIntervalMs?: number
  /**
   * Reads of a shard begin this far apart, ms, as Lambda's own do: whatever rings, and sooner only where a full read left
   * more behind. Unless it is set, the pauses above count.
   */
  readonly readEveryMs?: number
  /** Rings when the stream may have got records, if anybody can tell; then the pause is over at once. */
  readonly doorbell?: Doorbell
  /** Between two looks for new shards; default 5 s. The end of a shard is noticed at once. */
  readonly shardListIntervalMs?: number
  /** Faults to add; read at every delivery. `reorder` has no meaning here: a shard is in order. */
  readonly faults?: DeliveryFaults
  readonly onLog?: (line: string) => void
}

/** The same with every default filled in. */
export type MappingSettings = Required<Omit<EventSourceMappingOptions, 'startingPosition' | Optional>> &
  Pick<EventSourceMappingOptions, Optional>

type Optional = 'doorbell' | 'readEveryMs'
