/**
 * One physical partition: its items, and the log of everything that was done to them, in one order.
 *
 * The log answers three questions without a copy of anything: what changed since (change feed), what was there a
 * moment ago (stale reads: the older images of the log's last entries), and which version is the latest.
 */
import type { Change } from './change.ts'
import type { Item, StoredDocument } from './item.ts'
import type { KeyRange } from './partition-key.ts'
import { expirySeconds } from './time-to-live.ts'

/** What a partition must know of its container. */
export interface PartitionRules {
  /** The container's default in seconds, -1 for "only items that say so", `undefined` for never. May change. */
  readonly defaultTtl: () => number | undefined
  /** One text per unique key of the container, equal for items that may not exist side by side. */
  readonly uniqueKeyTexts: (item: Item) => readonly string[]
  /** Ids for a new item: `_rid` and `_self`. */
  readonly identify: (partitionIndex: number) => Pick<StoredDocument, '_rid' | '_self'>
}

export class Partition {
  readonly index: number
  readonly range: KeyRange
  readonly rules: PartitionRules
  readonly #listeners: ((changes: readonly Change[]) => void)[] = []
  readonly #items = new Map<string, Item>()
  readonly #log: Change[] = []
  readonly #keysByUniqueText = new Map<string, string>()
  readonly #keysByExpirySecond = new Map<number, Set<string>>()
  #purgedThroughSecond = Math.floor(Date.now() / 1000)

  constructor(index: number, range: KeyRange, rules: PartitionRules) {
    this.index = index
    this.range = range
    this.rules = rules
  }

  /** The id under which clients address it, as `partitionKeyRangeId`. */
  get id(): string {
    return String(this.index)
  }

  /** Number of the last transaction, 0 before the first. */
  get lsn(): number {
    return this.#log.at(-1)?.lsn ?? 0
  }

  item(key: string): Item | undefined {
    return this.#items.get(key)
  }

  items(): Iterable<Item> {
    return this.#items.values()
  }

  /** The key of the item that holds a unique key. */
  holderOf(uniqueText: string): string | undefined {
    return this.#keysByUniqueText.get(uniqueText)
  }

  isLatestVersion(change: Change): boolean {
    return change.current !== undefined && this.#items.get(change.key) === change.current
  }

  /** The changes of all transactions after `lsn`, in order. */
  *changesAfter(lsn: number): Generator<Change, void, void> {
    for (let index = this.#firstIndex(change => change.lsn > lsn); index < this.#log.length; index++) {
      const change = this.#log[index]
      if (change) yield change
    }
  }

  /** The last transaction committed before `timeMs`. */
  lsnBefore(timeMs: number): number {
    return this.#log[this.#firstIndex(change => change.committedAtMs >= timeMs) - 1]?.lsn ?? 0
  }

  /** `timeMs`, or the time of the last transaction where that is later: in the log time never goes back. */
  notBefore(timeMs: number): number {
    return Math.max(timeMs, this.#log.at(-1)?.committedAtMs ?? 0)
  }

  /** Takes over the changes of one transaction, and its unique keys (`undefined`: no longer held). */
  apply(changes: readonly Change[], keysByUniqueText: ReadonlyMap<string, string | undefined>): void {
    for (const change of changes) {
      this.#log.push(change)
      if (change.current === undefined) this.#items.delete(change.key)
      else {
        this.#items.set(change.key, change.current)
        this.#watchExpiry(change.current)
      }
    }
    for (const [text, key] of keysByUniqueText) {
      if (key === undefined) this.#keysByUniqueText.delete(text)
      else this.#keysByUniqueText.set(text, key)
    }
    for (const listener of this.#listeners) listener(changes)
  }

  /** Calls back with the changes of every transaction from now on. */
  onChange(listener: (changes: readonly Change[]) => void): void {
    this.#listeners.push(listener)
  }

  /** The items whose time is over and which are still there. Each is named once only. */
  takeExpired(nowMs: number): readonly Item[] {
    const now = Math.floor(nowMs / 1000)
    const expired: Item[] = []
    for (; this.#purgedThroughSecond < now; this.#purgedThroughSecond++) {
      if (this.#keysByExpirySecond.size === 0) break
      const second = this.#purgedThroughSecond + 1
      for (const key of this.#keysByExpirySecond.get(second) ?? []) {
        const item = this.#items.get(key)
        if (item && (expirySeconds(item.document, this.rules.defaultTtl()) ?? Infinity) <= second) expired.push(item)
      }
      this.#keysByExpirySecond.delete(second)
    }
    this.#purgedThroughSecond = Math.max(this.#purgedThroughSecond, now)
    return expired
  }

  /** The container's default time to live has changed. */
  watchExpiriesAgain(): void {
    this.#keysByExpirySecond.clear()
    for (const item of this.#items.values()) this.#watchExpiry(item)
  }

  #watchExpiry(item: Item): void {
    const expiry = expirySeconds(item.document, this.rules.defaultTtl())
    if (expiry === undefined) return
    const second = Math.max(expiry, this.#purgedThroughSecond + 1)
    const keys = this.#keysByExpirySecond.get(second) ?? new Set()
    this.#keysByExpirySecond.set(second, keys.add(item.key))
  }

  /** Binary search: `holds` is false for all changes before some point of the log and true from there on. */
  #firstIndex(holds: (change: Change) => boolean): number {
    let low = 0
    let high = this.#log.length
    while (low < high) {
      const middle = (low + high) >> 1
      const change = this.#log[middle]
      if (change && holds(change)) high = middle
      else low = middle + 1
    }
    return low
  }
}
