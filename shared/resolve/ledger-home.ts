/** One site, the home, answers for all: see ruling.ts. */
import type { HomeDescriptor } from '../declare/merge-descriptor.ts'
import { add } from './amount.ts'
import { totalsBySite } from './counter.ts'
import { homeSite } from './home-site.ts'
import { type LedgerBook, type Ruled, ruledById } from './ledger-book.ts'
import type { LedgerDecider } from './ledger-decider.ts'
import { ledgerVerdicts } from './ledger-verdicts.ts'
import type { Amount } from './merge-type.ts'
import { decide, firstRuling, fixedVerdicts, homeOf, type Jurisdiction, majorityOf } from './ruling.ts'

export function createHomeDecider(declared: HomeDescriptor, sites: readonly string[], revokes: boolean): LedgerDecider {
  const isMajority = declared.fixed === 'majority'
  const jurisdiction: Jurisdiction = { sites, quorum: isMajority ? majorityOf(sites) : 1 }

  function ruled({ ruling }: LedgerBook): ReadonlyMap<string, Ruled> {
    return ruledById(ruling ? fixedVerdicts(ruling, jurisdiction) : [])
  }

  const isHome = ({ ruling }: LedgerBook, site: string) =>
    ruling !== undefined && homeOf(ruling.epoch, jurisdiction) === site

  return {
    ruled,

    decide({ book, stock, requests }, { site, key, nowMs, taking }) {
      const before = book.ruling ?? firstRuling(homeSite(declared, key, sites), jurisdiction)
      const ruling = decide(before, jurisdiction, {
        site,
        taking: isMajority ? taking : undefined,
        rule: log => ledgerVerdicts(log, { stock: sum(totalsBySite(stock)), requests, book, nowMs, revokes }),
      })
      return ruling && { ...book, ruling }
    },

    refusedHere(before, after, site) {
      if (!isHome(after, site)) return new Map()
      // Whoever takes over tells all of it again: of the last verdicts the home before may not know that they are fixed.
      const known = isHome(before, site) ? ruled(before) : new Map<string, Ruled>()
      const isNew = (id: string, kind: string) => known.get(id)?.kind !== kind
      return new Map([...ruled(after)].filter(([id, { kind }]) => refusals.has(kind) && isNew(id, kind)))
    },

    tellsShortage: isHome,
  }
}

const refusals: ReadonlySet<string> = new Set(['rejected', 'revoked'])

function sum(totals: ReadonlyMap<string, Amount>): Amount {
  let all: Amount = 0
  for (const amount of totals.values()) all = add(all, amount)
  return all
}
