/** What a ledger remembers beside its document: verdicts, and what applications have said that no verdict can take back. */

import { type Json, setField } from '../document/json.ts'
import { namedValues } from '../document/named-values.ts'
import * as z from '../document/schema.ts'
import { isAmount } from './amount.ts'
import { type Escrow, joinEscrows } from './escrow.ts'
import { createLattice } from './lattice.ts'
import type { Amount } from './merge-type.ts'
import { isSiteName } from './outside-names.ts'
import { joinRulings, type Ruling } from './ruling.ts'
import { rulingSchema } from './ruling-schema.ts'

export const verdictKinds = ['accepted', 'rejected', 'confirmed', 'expired', 'revoked'] as const

export type VerdictKind = (typeof verdictKinds)[number]

/** The quantity that was ruled upon stands in the first verdict of a reservation. */
export type Verdict =
  | readonly [id: string, kind: VerdictKind]
  | readonly [id: string, kind: VerdictKind, quantity: Amount]

/** How a reservation ended by a word of the application. */
export type Ended = 'cancelled' | 'done'

export interface LedgerBook {
  /** Absent: nobody has decided anything yet. */
  readonly ruling?: Ruling
  /** Of a ledger that is decided by escrow. */
  readonly escrow?: Escrow
  readonly ended: { readonly [id: string]: Ended }
  /** Reservations that an application wants confirmed. */
  readonly confirming: readonly string[]
}

export const emptyBook: LedgerBook = { ended: {}, confirming: [] }

const amount = z.custom<Amount>(isAmount)
const verdict = z.union([
  z.tuple([z.string(), z.enum(verdictKinds)]),
  z.tuple([z.string(), z.enum(verdictKinds), amount]),
])
const book = z.object({
  ruling: z.optional(rulingSchema(verdict)),
  escrow: z.optional(
    namedValues(
      z.object({
        version: z.number().check(z.int(), z.minimum(0)),
        given: namedValues(amount, isSiteName),
        writtenOff: z.optional(namedValues(amount, isSiteName)),
        asked: namedValues(z.tuple([amount, z.number()])),
        answers: namedValues(z.enum(verdictKinds)),
      }),
      isSiteName,
    ),
  ),
  ended: namedValues(z.enum(['cancelled', 'done'])),
  confirming: z.array(z.string()),
})

export const bookType = createLattice<LedgerBook>({
  join(a, b) {
    const ruling = a.ruling && b.ruling ? joinRulings(a.ruling, b.ruling) : (a.ruling ?? b.ruling)
    return {
      ...(ruling && { ruling }),
      ...((a.escrow || b.escrow) && { escrow: joinEscrows(a.escrow ?? {}, b.escrow ?? {}) }),
      ended: joinEnds(a.ended, b.ended),
      confirming: [...new Set([...a.confirming, ...b.confirming])].sort(),
    }
  },
  isValue: (value): value is LedgerBook => book.safeParse(value).success,
})

/** What has been shipped cannot be cancelled; either frees the hold. */
function joinEnds(a: LedgerBook['ended'], b: LedgerBook['ended']): LedgerBook['ended'] {
  const joined: Record<string, Ended> = {}
  for (const id of [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()) {
    setField(joined, id, endOf(a, id) === 'done' || endOf(b, id) === 'done' ? 'done' : 'cancelled')
  }
  return joined
}

/** Undefined: no application has ended it. A reservation may be called `constructor`. */
export function endOf(ended: LedgerBook['ended'], id: string): Ended | undefined {
  return Object.hasOwn(ended, id) ? ended[id] : undefined
}

/** What a log says of each reservation: its last word, and the quantity it was ruled upon with. */
export interface Ruled {
  readonly kind: VerdictKind
  readonly quantity: Amount
}

export function ruledById(log: readonly Json[]): ReadonlyMap<string, Ruled> {
  const ruled = new Map<string, Ruled>()
  for (const entry of log) {
    // Checked when it came from outside; made here otherwise.
    const [id, kind, quantity] = entry as Verdict
    ruled.set(id, { kind, quantity: quantity ?? ruled.get(id)?.quantity ?? 0 })
  }
  return ruled
}
