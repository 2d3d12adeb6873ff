/**
 * A physical partition as it was after some transaction: what a lagging replica shows.
 *
 * Made from the present and the older images of the transactions since, which are few: those of the lag.
 */
import type { Item } from './item.ts'
import type { Partition } from './partition.ts'

export class PartitionView {
  readonly #partition: Partition
  readonly lsn: number
  /** Items that have changed since, as they were; `undefined` for those that did not exist. */
  readonly #olderByKey = new Map<string, Item | undefined>()

  constructor(partition: Partition, lsn: number) {
    this.#partition = partition
    this.lsn = lsn
    for (const change of partition.changesAfter(lsn)) {
      // An item whose time is over is hidden at once, by every replica.
      if (change.timeToLiveExpired) this.#olderByKey.set(change.key, undefined)
      else if (!this.#olderByKey.has(change.key)) this.#olderByKey.set(change.key, change.previous)
    }
  }

  get partitionId(): string {
    return this.#partition.id
  }

  item(key: string): Item | undefined {
    return this.#olderByKey.has(key) ? this.#olderByKey.get(key) : this.#partition.item(key)
  }

  items(): readonly Item[] {
    const unchanged = [...this.#partition.items()].filter(item => !this.#olderByKey.has(item.key))
    const older = [...this.#olderByKey.values()].filter(item => item !== undefined)
    return [...unchanged, ...older]
  }
}
