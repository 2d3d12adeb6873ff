/** What pruning needs of a site's database beside its record store. */
import type { RecordRef } from '../replicate/record-ref.ts'
import type { Standing, StandingQuestion } from '../replicate/standing.ts'
import type { CommitResult, Revision } from './record-store.ts'

export interface TombstonePage {
  readonly refs: readonly RecordRef[]
  /** Where the next page begins; undefined: this was the last. Only the adapter looks inside. */
  readonly cursor: string | undefined
}

/** Both methods reject with `StoreUnavailable`. */
export interface Tombstones {
  /**
   * Records whose `goneAtMs` is at most `beforeMs`, found by an index and not by reading all records. May lag behind
   * and name what is none any more: the record itself decides.
   */
  list(beforeMs: number, cursor?: string): Promise<TombstonePage>
  /** Deletes a sync record if it still has this revision. */
  remove(ref: RecordRef, expected: Revision): Promise<CommitResult>
}

/** Asks one peer about records. Answers in their order; rejects with `PeerUnavailable`. */
export interface PeerStandings {
  ask(questions: readonly StandingQuestion[]): Promise<readonly Standing[]>
}
