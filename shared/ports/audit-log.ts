/** How an audit store is asked: by type and time always, by record, rule or flag if wanted; never all of it. */
import type { AuditEntry } from '../replicate/audit-entry.ts'
import type { RecordKey } from '../replicate/record-ref.ts'

export interface AuditFilter {
  readonly type: string
  /** Of this record only. */
  readonly key?: RecordKey
  /** Not before, ms since 1970. */
  readonly fromMs?: number
  /** Before, ms since 1970. */
  readonly untilMs?: number
  /** One of the entry's rules (see audit-place.ts). */
  readonly rule?: string
  /** Only what somebody should look at. */
  readonly review?: true
  readonly order: 'newest' | 'oldest'
  /** Entries on a page, at least 1. */
  readonly limit: number
}

export interface AuditPage {
  /** Each once, in the order asked for; entries of one millisecond in the order of their ids. */
  readonly entries: readonly AuditEntry[]
  /** For the same filter's next page; undefined: there is no more. Only the adapter looks inside. */
  readonly cursor: string | undefined
}

/** What was put into the audit store of one site. Rejects with `StoreUnavailable`. */
export interface AuditLog {
  query(filter: AuditFilter, cursor?: string): Promise<AuditPage>
}
