/** Who answers reservations, and when may an answer be shown? What a ledger asks of its two ways to decide. */

import type { LedgerBook, Ruled } from './ledger-book.ts'
import type { Request } from './ledger-verdicts.ts'
import type { CounterState, Decision } from './merge-type.ts'

/** The reservations as the applications have written them, and what there is. */
export interface LedgerScene {
  readonly book: LedgerBook
  readonly stock: CounterState | undefined
  readonly requests: readonly Request[]
}

export interface LedgerDecider {
  /** The answers that may be shown. */
  ruled(book: LedgerBook): ReadonlyMap<string, Ruled>
  /** What this site has to write now; undefined: nothing. */
  decide(scene: LedgerScene, decision: Decision): LedgerBook | undefined
  /** What this site has to tell others of: rejected or revoked with this step. */
  refusedHere(before: LedgerBook, after: LedgerBook, site: string): ReadonlyMap<string, Ruled>
  /** It is this site that has to tell if more is held than there is. */
  tellsShortage(book: LedgerBook, site: string): boolean
}
