/** How much of a ledger's stock is spoken for. */
import { add } from './amount.ts'
import type { LedgerBook, Ruled } from './ledger-book.ts'
import type { Amount } from './merge-type.ts'

/** Accepted, not expired, and not ended by a word of the application. */
export function heldBy(ruled: ReadonlyMap<string, Ruled>, ended: LedgerBook['ended']): Amount {
  let held: Amount = 0
  for (const [id, { kind, quantity }] of ruled) {
    const isHeld = (kind === 'accepted' || kind === 'confirmed') && !Object.hasOwn(ended, id)
    if (isHeld) held = add(held, quantity)
  }
  return held
}
