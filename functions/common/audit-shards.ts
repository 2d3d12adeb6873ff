/** The audit log over a store's shards: each adapter reads one shard, this makes pages of all of them. */
import type { AuditFilter, AuditLog } from '../../shared/ports/index.ts'
import type { AuditEntry } from '../../shared/replicate/audit-entry.ts'
import { auditRange, auditShardsFor } from '../../shared/replicate/audit-place.ts'
import { inOrder } from './in-order.ts'

export interface ShardQuestion {
  readonly shard: string
  readonly filter: AuditFilter
  /** Of the texts that entries lie under: from the first on, before the second. */
  readonly range: readonly [from: string, until: string]
  /** Behind this text, in the order asked for; undefined: from the beginning. */
  readonly after: string | undefined
  /** About so many are wanted. */
  readonly count: number
}

export interface ShardRow {
  readonly at: string
  /** Read only if it is wanted: the rest of a large entry lies elsewhere. */
  readonly entry: () => Promise<AuditEntry>
}

export interface ShardPart {
  readonly rows: readonly ShardRow[]
  /** Where to go on; undefined: nothing is left. */
  readonly next: string | undefined
}

export type ReadShard = (question: ShardQuestion) => Promise<ShardPart>

/** A shard holds about its part of a page; a little more saves a second question. */
const countMin = 16

export function auditLogOver(read: ReadShard): AuditLog {
  return {
    async query(filter, cursor) {
      const shards = auditShardsFor(filter)
      const count = Math.max(countMin, Math.ceil((2 * filter.limit) / shards.length))
      const question = { filter, range: auditRange(filter), after: cursor, count }
      const isBefore = (a: ShardRow, b: ShardRow) => (filter.order === 'oldest' ? a.at < b.at : a.at > b.at)
      const rows = inOrder(
        shards.map(shard => rowsOf(read, { ...question, shard })),
        isBefore,
      )
      const found: ShardRow[] = []
      for await (const row of rows) {
        if (found.length === filter.limit) return pageOf(found, found.at(-1)?.at)
        found.push(row)
      }
      return pageOf(found, undefined)
    },
  }
}

async function pageOf(rows: readonly ShardRow[], cursor: string | undefined) {
  return { entries: await Promise.all(rows.map(row => row.entry())), cursor }
}

async function* rowsOf(read: ReadShard, question: ShardQuestion): AsyncGenerator<ShardRow> {
  let after = question.after
  do {
    const { rows, next } = await read({ ...question, after })
    yield* rows
    after = next
  } while (after !== undefined)
}
