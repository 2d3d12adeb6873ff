import type { Item } from './item.ts'

/** One entry of a physical partition's log: what a transaction did to one item. */
export interface Change {
  /** Number of the transaction, counted per physical partition. All changes of a batch share one. */
  readonly lsn: number
  readonly committedAtMs: number
  readonly operation: 'create' | 'replace' | 'delete'
  /** Deleted by the service because its time was over. */
  readonly timeToLiveExpired: boolean
  readonly key: string
  readonly current: Item | undefined
  readonly previous: Item | undefined
}
