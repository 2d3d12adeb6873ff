/**
 * Can each site answer a reservation at once, without asking anybody, and still never give away more than there is?
 *
 * Yes, within its share: every unit of the stock belongs to one site at a time, as its right to accept (O'Neil 1986, the
 * escrow method; the bounded counter of Balegas et al. 2015). A site accepts out of its own rights, and hands rights on to
 * a site whose requests wait for them. Rights are counted from rows that only their own site writes and that only grow, so
 * whatever a site has not heard of yet can only make it more careful.
 *
 * The price: a site that is cut off keeps its share, and what the others' shares do not cover waits until it is back. A
 * request that no site has rights for is asked about with every change that travels. Where that is worse than a journey to
 * a home, use the home.
 */
import type { SiteId } from '../causality/dot.ts'
import type { Hlc } from '../causality/hybrid-logical-clock.ts'
import { setField } from '../document/json.ts'
import { add, compareAmounts, subtract } from './amount.ts'
import type { Ruled, VerdictKind } from './ledger-book.ts'
import type { Amount } from './merge-type.ts'

/** Written by its site alone; of two versions the later counts. */
export interface EscrowRow {
  readonly version: number
  /** Rights handed to other sites, in all. */
  readonly given: { readonly [site: SiteId]: Amount }
  /** Rights of other sites that an operator has written off to this one, in all; absent: none. */
  readonly writtenOff?: { readonly [site: SiteId]: Amount }
  /** What was asked for at this site, and when. */
  readonly asked: { readonly [id: string]: readonly [quantity: Amount, hlc: Hlc] }
  /** What this site has answered. */
  readonly answers: { readonly [id: string]: VerdictKind }
}

export interface Escrow {
  readonly [site: SiteId]: EscrowRow
}

/** A reservation may be called `constructor`. */
function own<Value>(named: { readonly [name: string]: Value }, name: string): Value | undefined {
  return Object.hasOwn(named, name) ? named[name] : undefined
}

const emptyRow: EscrowRow = { version: 0, given: {}, asked: {}, answers: {} }

/** Commutative, associative, idempotent. */
export function joinEscrows(a: Escrow, b: Escrow): Escrow {
  const joined: Record<SiteId, EscrowRow> = {}
  for (const site of [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()) {
    const [mine, other] = [a[site] ?? emptyRow, b[site] ?? emptyRow]
    joined[site] = mine.version >= other.version ? mine : other
  }
  return joined
}

/** An open reservation as the application wrote it, wherever it did. */
export interface EscrowRequest {
  readonly id: string
  readonly quantity: Amount
  readonly hlc: Hlc
  readonly expiresS?: number
}

export interface EscrowStanding {
  readonly site: SiteId
  /** In the plan's order: of two sites that were asked for the same thing the first one answers. */
  readonly sites: readonly SiteId[]
  /** What each site has added to the stock and taken from it. */
  readonly stockBySite: ReadonlyMap<SiteId, Amount>
  /** Written here just now, and known to nobody else. */
  readonly fresh: readonly EscrowRequest[]
  readonly expiresS: ReadonlyMap<string, number>
  readonly isEnded: (id: string) => boolean
  readonly isConfirming: (id: string) => boolean
  /** Of what a site adds to the stock, how much of a hundred it hands to each other site at once. */
  readonly shares: { readonly [site: SiteId]: number }
  readonly nowMs: number
  /** An operator's word: these sites are lost, and what they have left goes to this one, if it is no more than `most`. */
  readonly writeOff?: { readonly sites: readonly SiteId[]; readonly most: Amount } | undefined
}

/** What has been answered, of every reservation. */
export function escrowRuled(escrow: Escrow, sites: readonly SiteId[]): ReadonlyMap<string, Ruled> {
  const ruled = new Map<string, Ruled>()
  // The first site's word counts where two have answered, and an acceptance more than a rejection anywhere.
  for (const site of sites.toReversed()) {
    const { answers, asked } = escrow[site] ?? emptyRow
    for (const [id, kind] of Object.entries(answers)) {
      if (kind === 'rejected' && ruled.has(id)) continue
      ruled.set(id, { kind, quantity: own(asked, id)?.[0] ?? 0 })
    }
  }
  return ruled
}

/** What this site has to write now; undefined: nothing. */
export function decideEscrow(before: Escrow, standing: EscrowStanding): Escrow | undefined {
  const desk = new Desk(before, standing)
  desk.takeDown()
  desk.writeOff()
  desk.share()
  desk.endAccepted()
  desk.settleDebts()
  desk.answer()
  return desk.outcome()
}

/** One site at its books. */
class Desk {
  readonly #escrow: Escrow
  readonly #at: EscrowStanding
  readonly #given: Record<SiteId, Amount>
  readonly #writtenOff: Record<SiteId, Amount>
  readonly #asked: Record<string, readonly [Amount, Hlc]>
  readonly #answers: Record<string, VerdictKind>
  #changed = false

  constructor(escrow: Escrow, at: EscrowStanding) {
    this.#escrow = escrow
    this.#at = at
    const row = escrow[at.site] ?? emptyRow
    this.#given = { ...row.given }
    this.#writtenOff = { ...row.writtenOff }
    this.#asked = { ...row.asked }
    this.#answers = { ...row.answers }
  }

  outcome(): Escrow | undefined {
    if (!this.#changed) return undefined
    const { site } = this.#at
    const version = (this.#escrow[site]?.version ?? 0) + 1
    return { ...this.#escrow, [site]: { version, ...this.#rowOf(site) } }
  }

  takeDown(): void {
    for (const { id, quantity, hlc } of this.#at.fresh) {
      if (this.#isKnown(id)) continue
      setField(this.#asked, id, [quantity, hlc])
      this.#changed = true
    }
  }

  /** If the site lives after all, more may have been given away than there is: that is told, and the operator's to answer for. */
  writeOff(): void {
    const { site, writeOff } = this.#at
    if (!writeOff) return
    for (const lost of writeOff.sites) {
      const left = lost === site ? 0 : this.#rightsOf(lost)
      if (compareAmounts(left, 0) <= 0 || compareAmounts(left, writeOff.most) > 0) continue
      this.#writtenOff[lost] = add(this.#writtenOff[lost] ?? 0, left)
      this.#changed = true
    }
  }

  /** What this site brought in beyond what it has shared already. */
  share(): void {
    const { site, sites, stockBySite, shares } = this.#at
    const brought = stockBySite.get(site) ?? 0
    for (const other of sites) {
      const percent = shares[other] ?? 0
      if (other === site || percent === 0) continue
      const wanted = Math.floor((Number(brought) * percent) / 100)
      const more = subtract(wanted, this.#given[other] ?? 0)
      if (compareAmounts(more, 0) > 0 && compareAmounts(more, this.#rightsOf(site)) <= 0) this.#give(other, more)
    }
  }

  /** Between a confirmation and an expiry the site that accepted decides. */
  endAccepted(): void {
    const { isEnded, isConfirming, expiresS, nowMs } = this.#at
    for (const [id, kind] of Object.entries(this.#answers)) {
      if (kind !== 'accepted' || isEnded(id)) continue
      const untilS = expiresS.get(id)
      if (isConfirming(id)) this.#say(id, 'confirmed')
      else if (untilS !== undefined && untilS * 1000 <= nowMs) this.#say(id, 'expired')
    }
  }

  /**
   * Whoever took away stock that another site had rights to is below zero. What was shipped comes back as rights to the
   * site that had accepted it, in the change that tells of the stock that went: so they are handed on before anything is
   * given away for them.
   */
  settleDebts(): void {
    const { site, sites } = this.#at
    let mine = this.#rightsOf(site)
    for (const other of sites) {
      if (compareAmounts(mine, 0) <= 0) return
      const debt = subtract(0, other === site ? 0 : this.#rightsOf(other))
      if (compareAmounts(debt, 0) <= 0) continue
      const gift = compareAmounts(debt, mine) <= 0 ? debt : mine
      this.#give(other, gift)
      mine = subtract(mine, gift)
    }
  }

  /** Oldest first, whoever asked: a site's own younger requests do not outrun an older one elsewhere. */
  answer(): void {
    const { site, sites } = this.#at
    let mine = this.#rightsOf(site)
    const theirs = new Map(sites.map(other => [other, this.#rightsOf(other)]))
    for (const { id, quantity, by } of this.#open()) {
      if (by === site) {
        if (compareAmounts(quantity, this.#left()) > 0) this.#say(id, 'rejected')
        else if (compareAmounts(quantity, mine) <= 0) {
          this.#say(id, 'accepted')
          mine = subtract(mine, quantity)
        } else mine = subtract(mine, quantity)
        continue
      }
      const has = theirs.get(by) ?? 0
      const lacks = subtract(quantity, has)
      theirs.set(by, subtract(has, quantity))
      if (compareAmounts(lacks, 0) <= 0 || compareAmounts(mine, 0) <= 0) continue
      const gift = compareAmounts(lacks, mine) <= 0 ? lacks : mine
      this.#give(by, gift)
      mine = subtract(mine, gift)
      theirs.set(by, add(theirs.get(by) ?? 0, gift))
    }
  }

  #open(): readonly { id: string; quantity: Amount; by: SiteId }[] {
    const { sites, isEnded } = this.#at
    const open = new Map<string, { id: string; quantity: Amount; hlc: Hlc; by: SiteId }>()
    const ruled = escrowRuled(this.#now(), sites)
    for (const by of sites.toReversed()) {
      for (const [id, [quantity, hlc]] of Object.entries(this.#rowOf(by).asked)) {
        if (!ruled.has(id) && !isEnded(id)) open.set(id, { id, quantity, hlc, by })
      }
    }
    return [...open.values()].sort((a, b) => a.hlc - b.hlc || (a.id < b.id ? -1 : 1))
  }

  /** What is there and not held, as far as this site knows. */
  #left(): Amount {
    const { sites, stockBySite, isEnded } = this.#at
    let left: Amount = 0
    for (const amount of stockBySite.values()) left = add(left, amount)
    for (const [id, { kind, quantity }] of escrowRuled(this.#now(), sites)) {
      if (isHeld(kind) && !isEnded(id)) left = subtract(left, quantity)
    }
    return left
  }

  #rightsOf(site: SiteId): Amount {
    const { sites, stockBySite, isEnded } = this.#at
    let rights = stockBySite.get(site) ?? 0
    for (const other of sites) {
      rights = add(rights, this.#rowOf(other).given[site] ?? 0)
      rights = subtract(rights, this.#rowOf(site).given[other] ?? 0)
      rights = add(rights, this.#rowOf(site).writtenOff?.[other] ?? 0)
      rights = subtract(rights, this.#rowOf(other).writtenOff?.[site] ?? 0)
    }
    const { answers, asked } = this.#rowOf(site)
    for (const [id, kind] of Object.entries(answers)) {
      if (isHeld(kind) && !isEnded(id) && !this.#isHeldBefore(id, site))
        rights = subtract(rights, own(asked, id)?.[0] ?? 0)
    }
    return rights
  }

  /** Two sites were asked for the same thing and both said yes: the first one holds it. */
  #isHeldBefore(id: string, site: SiteId): boolean {
    const { sites } = this.#at
    return sites.slice(0, sites.indexOf(site)).some(other => isHeld(own(this.#rowOf(other).answers, id)))
  }

  #isKnown(id: string): boolean {
    return this.#at.sites.some(site => Object.hasOwn(this.#rowOf(site).asked, id))
  }

  #give(to: SiteId, amount: Amount): void {
    this.#given[to] = add(this.#given[to] ?? 0, amount)
    this.#changed = true
  }

  #say(id: string, kind: VerdictKind): void {
    setField(this.#answers, id, kind)
    this.#changed = true
  }

  #rowOf(site: SiteId): Omit<EscrowRow, 'version'> {
    if (site !== this.#at.site) return this.#escrow[site] ?? emptyRow
    const isNone = Object.keys(this.#writtenOff).length === 0
    const writtenOff = isNone ? {} : { writtenOff: this.#writtenOff }
    return { given: this.#given, asked: this.#asked, answers: this.#answers, ...writtenOff }
  }

  #now(): Escrow {
    return { ...this.#escrow, [this.#at.site]: { version: 0, ...this.#rowOf(this.#at.site) } }
  }
}

function isHeld(kind: VerdictKind | undefined): boolean {
  return kind === 'accepted' || kind === 'confirmed'
}
