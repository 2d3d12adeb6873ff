/**
 * Several writes of one physical partition that take effect together or not at all: nothing reaches the partition
 * before `commit`, so giving up is forgetting the transaction. Runs without waiting in between, so nobody else writes
 * meanwhile.
 */
import { randomUUID } from 'node:crypto'
import type { Document } from '../../../../shared/document/json.ts'
import type { Change } from './change.ts'
import type { Item } from './item.ts'
import { itemKey } from './item.ts'
import { storable } from './item-limits.ts'
import type { Partition } from './partition.ts'
import type { PartitionKey } from './partition-key.ts'
import { effectivePartitionKey } from './partition-key.ts'
import { conflict } from './refusal.ts'

export class Transaction {
  readonly #partition: Partition
  readonly #committedAtMs: number
  readonly #changes: Change[] = []
  readonly #itemsByKey = new Map<string, Item | undefined>()
  readonly #keysByUniqueText = new Map<string, string | undefined>()

  constructor(partition: Partition, nowMs: number) {
    this.#partition = partition
    this.#committedAtMs = partition.notBefore(nowMs)
  }

  /** The number under which it commits. */
  get #lsn(): number {
    return this.#partition.lsn + 1
  }

  /** The item as this transaction's own writes left it. */
  item(key: string): Item | undefined {
    return this.#itemsByKey.has(key) ? this.#itemsByKey.get(key) : this.#partition.item(key)
  }

  /** Stores a document in place of what is there under its id. Throws 400, 409 (a unique key is taken) or 413. */
  put(partitionKey: PartitionKey, document: Document): Item {
    const { id, bytes } = storable(document)
    const key = itemKey(partitionKey, id)
    const previous = this.item(key)
    const { _rid, _self } = previous?.document ?? this.#partition.rules.identify(this.#partition.index)
    const current: Item = {
      key,
      partitionKey,
      epk: effectivePartitionKey(partitionKey),
      document: {
        ...document,
        id,
        _rid,
        _self,
        _etag: `"${randomUUID()}"`,
        _attachments: 'attachments/',
        _ts: Math.floor(this.#committedAtMs / 1000),
      },
      bytes,
      lsn: this.#lsn,
    }
    this.#release(previous)
    this.#claim(current)
    this.#record(previous ? 'replace' : 'create', key, current, previous)
    return current
  }

  remove(item: Item, timeToLiveExpired = false): void {
    this.#release(item)
    this.#record('delete', item.key, undefined, item, timeToLiveExpired)
  }

  commit(): void {
    this.#partition.apply(this.#changes, this.#keysByUniqueText)
  }

  #record(
    operation: Change['operation'],
    key: string,
    current: Item | undefined,
    previous: Item | undefined,
    timeToLiveExpired = false,
  ): void {
    const [lsn, committedAtMs] = [this.#lsn, this.#committedAtMs]
    this.#itemsByKey.set(key, current)
    this.#changes.push({ lsn, committedAtMs, operation, timeToLiveExpired, key, current, previous })
  }

  #release(item: Item | undefined): void {
    if (item === undefined) return
    for (const text of this.#partition.rules.uniqueKeyTexts(item)) this.#keysByUniqueText.set(text, undefined)
  }

  #claim(item: Item): void {
    for (const text of this.#partition.rules.uniqueKeyTexts(item)) {
      const holder = this.#keysByUniqueText.has(text)
        ? this.#keysByUniqueText.get(text)
        : this.#partition.holderOf(text)
      if (holder !== undefined && holder !== item.key) throw conflict('Unique index constraint violation.')
      this.#keysByUniqueText.set(text, item.key)
    }
  }
}

/** Deletes what has expired, each item on its own as the service does. */
export function purgeExpired(partition: Partition, nowMs: number): void {
  for (const item of partition.takeExpired(nowMs)) {
    const transaction = new Transaction(partition, nowMs)
    transaction.remove(item, true)
    transaction.commit()
  }
}
