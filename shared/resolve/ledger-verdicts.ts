/**
 * What the home of a ledger decides now: expiries first, since they free stock; then confirmations; what has to be given
 * up, if that is declared; then new requests.
 */
import { compareStamps, type Stamp } from '../causality/hybrid-logical-clock.ts'
import type { Json } from '../document/json.ts'
import { add, compareAmounts, subtract } from './amount.ts'
import { type LedgerBook, ruledById, type Verdict } from './ledger-book.ts'
import { heldBy } from './ledger-holds.ts'
import type { Amount } from './merge-type.ts'

export interface Request {
  readonly id: string
  readonly quantity: Amount
  /** When it was asked. */
  readonly stamp: Stamp
  /** Second since 1970 after which an accepted one that nobody confirmed is given up. */
  readonly expiresS?: number
}

export interface LedgerStanding {
  readonly stock: Amount
  readonly requests: readonly Request[]
  readonly book: LedgerBook
  readonly nowMs: number
  /** What was accepted last is given up where stock was taken away below what is held. */
  readonly revokes: boolean
}

export function ledgerVerdicts(
  log: readonly Json[],
  { stock, requests, book, nowMs, revokes }: LedgerStanding,
): readonly Verdict[] {
  const ruled = ruledById(log)
  const open = requests
    .filter(({ id }) => !Object.hasOwn(book.ended, id))
    .sort((a, b) => compareStamps(a.stamp, b.stamp))
  const kindOf = ({ id }: Request) => ruled.get(id)?.kind
  const isConfirming = ({ id }: Request) => book.confirming.includes(id)
  const accepted = open.filter(request => kindOf(request) === 'accepted')

  const confirmed = accepted.filter(isConfirming)
  const expired = accepted.filter(
    request => !isConfirming(request) && request.expiresS !== undefined && request.expiresS * 1000 <= nowMs,
  )
  let left = subtract(stock, heldBy(ruled, book.ended))
  for (const { id } of expired) left = add(left, ruled.get(id)?.quantity ?? 0)
  const revoked: string[] = []
  // The log is in the order of the home.
  for (const [id, { kind, quantity }] of [...ruled].reverse()) {
    if (!revokes || compareAmounts(left, 0) >= 0) break
    const isFirm = kind !== 'accepted' || book.confirming.includes(id) || expired.some(each => each.id === id)
    if (isFirm || Object.hasOwn(book.ended, id)) continue
    revoked.push(id)
    left = add(left, quantity)
  }
  const first = open
    .filter(request => kindOf(request) === undefined)
    .map(({ id, quantity }): Verdict => {
      const fits = compareAmounts(quantity, left) <= 0
      if (fits) left = subtract(left, quantity)
      return [id, fits ? 'accepted' : 'rejected', quantity]
    })
  return [
    ...expired.map(({ id }): Verdict => [id, 'expired']),
    ...confirmed.map(({ id }): Verdict => [id, 'confirmed']),
    ...revoked.map((id): Verdict => [id, 'revoked']),
    ...first,
  ]
}
