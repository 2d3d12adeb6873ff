/** Every site answers at once, within its share: see escrow.ts. */
import type { EscrowDescriptor } from '../declare/merge-descriptor.ts'
import { totalsBySite } from './counter.ts'
import { decideEscrow, escrowRuled } from './escrow.ts'
import { endOf } from './ledger-book.ts'
import type { LedgerDecider } from './ledger-decider.ts'

export function createEscrowDecider({ shares }: EscrowDescriptor, sites: readonly string[]): LedgerDecider {
  return {
    ruled: ({ escrow = {} }) => escrowRuled(escrow, sites),

    decide({ book, stock, requests }, { site, nowMs, taking }) {
      const fresh = requests
        .filter(({ stamp }) => stamp.site === site)
        .map(({ id, quantity, stamp }) => ({ id, quantity, hlc: stamp.hlc }))
      const escrow = decideEscrow(book.escrow ?? {}, {
        site,
        sites,
        stockBySite: totalsBySite(stock),
        fresh,
        expiresS: new Map(requests.flatMap(({ id, expiresS }) => (expiresS === undefined ? [] : [[id, expiresS]]))),
        isEnded: id => endOf(book.ended, id) !== undefined,
        isConfirming: id => book.confirming.includes(id),
        shares,
        nowMs,
        writeOff: taking?.most === undefined ? undefined : { sites: taking.homes, most: taking.most },
      })
      return escrow && { ...book, escrow }
    },

    refusedHere(before, after, site) {
      const known = before.escrow?.[site]?.answers ?? {}
      const answers = after.escrow?.[site]?.answers ?? {}
      const ruled = escrowRuled(after.escrow ?? {}, sites)
      // Where another site has accepted what was asked for at both, nobody was rejected.
      const isNew = (id: string) =>
        Object.hasOwn(answers, id) && answers[id] === 'rejected' && !Object.hasOwn(known, id)
      return new Map([...ruled].filter(([id, { kind }]) => kind === 'rejected' && isNew(id)))
    },

    tellsShortage: () => true,
  }
}
