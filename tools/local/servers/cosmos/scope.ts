/** Which part of a container a query or a feed is about, as its headers say. */
import type { Container } from './container.ts'
import type { Request } from './http-exchange.ts'
import { headerOf } from './http-exchange.ts'
import type { Item } from './item.ts'
import type { Partition } from './partition.ts'
import type { PartitionKey } from './partition-key.ts'
import { isInRange, parsePartitionKey, startsWithKey } from './partition-key.ts'

export interface Scope {
  /** The physical partitions that can hold items of it. */
  readonly partitions: readonly Partition[]
  includes(item: Item): boolean
}

/** The partition key that the request names: whole, or the first levels of a hierarchical one. Throws 400. */
export function namedPartitionKey(request: Request): PartitionKey | undefined {
  const text = headerOf(request, 'x-ms-documentdb-partitionkey')
  return text === undefined ? undefined : parsePartitionKey(text)
}

export function scopeOf(container: Container, request: Request): Scope {
  const key = namedPartitionKey(request)
  if (key !== undefined) {
    const isWhole = key.length === container.keyPaths.length
    return {
      partitions: isWhole ? [container.partitionOf(key)] : container.partitions,
      includes: item => startsWithKey(item.partitionKey, key),
    }
  }
  const partitionId = headerOf(request, 'x-ms-documentdb-partitionkeyrangeid')
  const min = headerOf(request, 'x-ms-start-epk')
  const max = headerOf(request, 'x-ms-end-epk')
  return {
    partitions: partitionId === undefined ? container.partitions : [container.partitionById(partitionId)],
    includes: min === undefined || max === undefined ? () => true : item => isInRange(item.epk, { min, max }),
  }
}
