/**
 * The stores of one site, as commands work on them: the same adapters that its functions have, opened beside them. The host
 * process of a local site has them, and a command that works in accounts opens them itself.
 */
import type { AuditLog, AuditStore, ControlStore, Tombstones } from '../../shared/ports/index.ts'
import type { AdoptingSite } from '../../shared/replicate/adopting-site.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import type { SyncRecord } from '../../shared/replicate/sync-record.ts'
import type { ReplayPorts, TakeLetters } from './dead-letter-queue.ts'

export interface StoredRecordOf {
  readonly ref: RecordRef
  readonly record: SyncRecord
}

export interface SiteStores {
  readonly takeLetters: TakeLetters
  /** What a replay needs, the store among it. */
  readonly ports: ReplayPorts
  readonly tombstones: Tombstones
  readonly control: ControlStore
  /** Its part in an adoption. */
  readonly adopting: AdoptingSite
  /** Every sync record of a data type. */
  records(type: string): AsyncIterable<StoredRecordOf>
  readonly audit: AuditStore & AuditLog
}
