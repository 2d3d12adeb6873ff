/** A container: its definition, and the physical partitions among which its items are divided. */
import { randomUUID } from 'node:crypto'
import type { Json } from '../../../../shared/document/json.ts'
import type { ContainerDefinition } from './container-definition.ts'
import { assertReplaces, uniqueKeys } from './container-definition.ts'
import type { Item } from './item.ts'
import { Partition } from './partition.ts'
import type { PartitionKey } from './partition-key.ts'
import {
  effectivePartitionKey,
  isInRange,
  partitionKeyText,
  physicalRanges,
  propertyNames,
  valueAt,
} from './partition-key.ts'
import { badRequest } from './refusal.ts'
import { itemRid } from './resource-ids.ts'
import { purgeExpired } from './transaction.ts'

export class Container {
  readonly rid: string
  readonly partitions: readonly Partition[]
  readonly #self: string
  #definition: ContainerDefinition
  #etag = `"${randomUUID()}"`
  #changedAtSecond: number
  #itemsCreated = 0

  constructor(definition: ContainerDefinition, rid: string, databaseSelf: string, nowMs: number) {
    this.rid = rid
    this.#self = `${databaseSelf}colls/${rid}/`
    this.#definition = definition
    this.#changedAtSecond = Math.floor(nowMs / 1000)
    const rules = {
      defaultTtl: () => this.#definition.defaultTtl,
      uniqueKeyTexts: (item: Item) => this.#uniqueKeyTexts(item),
      identify: (partitionIndex: number) => {
        const _rid = itemRid(rid, partitionIndex, ++this.#itemsCreated)
        return { _rid, _self: `${this.#self}docs/${_rid}/` }
      },
    }
    this.partitions = physicalRanges.map((range, index) => new Partition(index, range, rules))
  }

  get definition(): ContainerDefinition {
    return this.#definition
  }

  get etag(): string {
    return this.#etag
  }

  get keyPaths(): readonly string[] {
    return this.#definition.partitionKey.paths
  }

  /** The partition that holds a whole partition key. */
  partitionOf(key: PartitionKey): Partition {
    const epk = effectivePartitionKey(key)
    const partition = this.partitions.find(({ range }) => isInRange(epk, range))
    if (!partition) throw new Error(`no physical partition holds ${epk}`)
    return partition
  }

  /** Throws 400 where the id is not one of `pkranges`. */
  partitionById(id: string): Partition {
    const partition = this.partitions.find(each => each.id === id)
    if (!partition) throw badRequest(`PartitionKeyRangeId ${id} is invalid.`)
    return partition
  }

  purgeExpired(nowMs: number): void {
    for (const partition of this.partitions) purgeExpired(partition, nowMs)
  }

  /** Throws 400 where it would change what is for life. */
  replace(definition: ContainerDefinition, nowMs: number): void {
    assertReplaces(this.#definition, definition)
    this.#definition = definition
    this.#etag = `"${randomUUID()}"`
    this.#changedAtSecond = Math.floor(nowMs / 1000)
    for (const partition of this.partitions) partition.watchExpiriesAgain()
  }

  /** The resource as clients read it. */
  describe(): Json {
    const { partitionKey, ...definition } = this.#definition
    return {
      ...withoutUndefined(definition),
      partitionKey: { ...partitionKey, version: 2 },
      _rid: this.rid,
      _self: this.#self,
      _etag: this.#etag,
      _ts: this.#changedAtSecond,
      _docs: 'docs/',
      _sprocs: 'sprocs/',
      _triggers: 'triggers/',
      _udfs: 'udfs/',
      _conflicts: 'conflicts/',
    }
  }

  /** A missing property counts as null, as in the service. */
  #uniqueKeyTexts(item: Item): readonly string[] {
    return uniqueKeys(this.#definition).map((paths, index) => {
      const values = paths.map(path => valueAt(item.document, propertyNames(path)) ?? null)
      return JSON.stringify([partitionKeyText(item.partitionKey), index, values])
    })
  }
}

function withoutUndefined(value: object): { readonly [name: string]: Json } {
  return JSON.parse(JSON.stringify(value))
}
