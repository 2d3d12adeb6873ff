/**
 * What the Cosmos trigger needs from a container: its change feed in ranges, each with a lease that keeps the saved
 * position. cosmos-client-feed.ts is the real one; tests of the trigger's own rules use one in memory.
 */
import type { Doorbell } from '../runtime/doorbell.ts'

export interface CosmosFeed {
  readonly ranges: readonly LeasedRange[]
  close(): void
}

/** One range of partition keys: the unit of order, of checkpoints, and of scaling out. */
export interface LeasedRange {
  /** Names the range in its lease: `<min>-<max>` of the effective partition key. */
  readonly token: string
  /** Rings when the range changed, if anybody can tell. */
  readonly doorbell?: Doorbell | undefined
  /** The position in the lease; undefined if none was ever saved: reading starts where the function declares. */
  position(): Promise<string | undefined>
  /** The next changes after a position; none means that the feed is drained for now. */
  readNext(position: string | undefined): Promise<FeedPage>
  /** Saves a position. Rejects if another host took the lease since `position()`. */
  checkpoint(position: string): Promise<void>
}

export interface FeedPage {
  /** Documents; with all versions and deletes, `{ current, previous, metadata }`. */
  readonly items: readonly unknown[]
  /** Where to go on; moves also when nothing was found. */
  readonly position: string
  /** There may be more behind it. Absent: nobody can tell. */
  readonly isFull?: boolean
}
