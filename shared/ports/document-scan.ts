/** Every record that a site holds something of. */
import type { RecordRef } from '../replicate/record-ref.ts'

export interface ScanPage {
  readonly refs: readonly RecordRef[]
  /** Where to go on; undefined: there is no more. */
  readonly next: string | undefined
}

/**
 * Each at least once; what is written meanwhile may be among them or not. `cursor`: from an earlier page; undefined: from
 * the start. Rejects with `StoreUnavailable`.
 */
export type Scan = (type: string, cursor: string | undefined) => Promise<ScanPage>

export interface DocumentScan {
  /** The keys of a type's documents. One that is of no key is left out: capture puts it aside when it is written. */
  readonly documents: Scan
  /** The keys of a type's sync records. */
  readonly records: Scan
}
