/**
 * Where an entry lies in an audit store, and by what it is found: the same in all three stores.
 *
 * In the order of time, because that is how it is asked. Times only grow, so one such order would have all writes go to
 * its end: Firestore takes 500 a second into an index over such a field, a DynamoDB partition 1,000, a Cosmos logical
 * partition 20 GB in all. So the entries of each type lie in ten shards, and a question is put to all of them. The
 * shard comes from the record and not from the entry: what is asked about one record is asked of one shard.
 * Sources: https://firebase.google.com/docs/firestore/solutions/shard-timestamp,
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-sharding.html,
 * https://learn.microsoft.com/azure/cosmos-db/concepts-limits
 */
import { hash } from 'node:crypto'
import type { AuditFilter } from '../ports/audit-log.ts'
import { type AuditEntry, isResolution } from './audit-entry.ts'
import { type RecordRef, recordName } from './record-ref.ts'

const shardsOfType = 10

export function auditShard(ref: RecordRef): string {
  return shardName(ref.type, Number.parseInt(hash('sha256', recordName(ref), 'hex').slice(0, 8), 16) % shardsOfType)
}

function shardName(type: string, number: number): string {
  return `${type}#${number}`
}

/** Those that can hold what is asked for. */
export function auditShardsFor({ type, key }: Pick<AuditFilter, 'type' | 'key'>): readonly string[] {
  if (key !== undefined) return [auditShard({ type, key })]
  return Array.from({ length: shardsOfType }, (_, number) => shardName(type, number))
}

/** A text that sorts by time and names the entry: unique in its shard. */
export function auditAt({ atMs, id }: Pick<AuditEntry, 'atMs' | 'id'>): string {
  return `${timeText(atMs)}#${id}`
}

/** The bounds of the texts that are asked for: from the first on, before the second. */
export function auditRange({ fromMs, untilMs }: AuditFilter): readonly [from: string, until: string] {
  return [fromMs === undefined ? '0' : timeText(fromMs), untilMs === undefined ? '~' : timeText(untilMs)]
}

function timeText(ms: number): string {
  return new Date(ms).toISOString()
}

/** By which the entry is asked for: the rules that decided, or what it tells of. */
export function rulesOf(entry: AuditEntry): readonly string[] {
  if (!isResolution(entry)) return [entry.kind === 'incident' ? entry.name : entry.kind]
  const rules = entry.arbitrations.flatMap(({ rule, uncertain }) => (uncertain ? [rule, 'uncertain'] : [rule]))
  return rules.length === 0 ? ['merged'] : [...new Set(rules)].sort()
}

/** Somebody should look at it. */
export function isFlagged(entry: AuditEntry): boolean {
  if (isResolution(entry)) return entry.arbitrations.some(({ review }) => review === true)
  return entry.kind === 'quarantine' || (entry.kind === 'incident' && entry.review === true)
}

/** Everything that is asked of an entry but its type and time. */
export function isAsked(entry: AuditEntry, { key, rule, review }: AuditFilter): boolean {
  return (
    (key === undefined || recordName(entry) === recordName({ type: entry.type, key })) &&
    (rule === undefined || rulesOf(entry).includes(rule)) &&
    (review === undefined || isFlagged(entry))
  )
}
