/**
 * Some questions cannot be settled by joining: who gets the last unit, which of two payments came first. One site decides,
 * its home; how do all others come to show the same verdicts, none of them ever taken back, although the home may be cut
 * off and another take its place?
 *
 * The home appends verdicts to a log. Every site that has the log says how much of it it has stored; a verdict that a
 * majority has stored is fixed, and only fixed verdicts are shown. Another site becomes the home under a higher epoch: it
 * asks for promises, and with a majority of them it holds, joined into its own state, everything that could have been
 * fixed before; a site that has promised stores nothing of a lower epoch any more. These are the two phases of Paxos
 * (Lamport 1998), with a log for each record as in Raft (Ongaro 2014), carried by the joins that carry everything else:
 * no message is ever sent for this alone, and any loss, repetition or reordering of them does no harm.
 *
 * Not for what may be joined: a verdict costs a journey to the home, one to a second site and one back.
 */
import type { SiteId } from '../causality/dot.ts'
import type { Json } from '../document/json.ts'
import type { TakingOver } from './merge-type.ts'

export interface Ruling {
  /** Names its home: `sites[epoch % sites.length]`. */
  readonly epoch: number
  /** The verdicts of the home, in its order. In one epoch it only grows. */
  readonly log: readonly Json[]
  /**
   * So many verdicts that stood in front are not kept any more: every site knew them to be fixed. All lengths count them.
   * Absent: none.
   */
  readonly dropped?: number
  /**
   * How much of the log of each epoch each site has stored; written by that site alone. Of every epoch, so that what was
   * fixed once is so for ever, whatever came later: homes move seldom.
   */
  readonly stored: { readonly [site: SiteId]: { readonly [epoch: number]: number } }
  /** The highest epoch that each site has given its word to; written by that site alone. */
  readonly promised: { readonly [site: SiteId]: number }
}

/** The sites that hold the record, in the plan's order, and how many of them fix a verdict. */
export interface Jurisdiction {
  readonly sites: readonly SiteId[]
  readonly quorum: number
}

export function majorityOf(sites: readonly SiteId[]): number {
  return Math.floor(sites.length / 2) + 1
}

/** Nothing is decided yet; `home` will. Throws if it does not hold the record. */
export function firstRuling(home: SiteId, { sites }: Jurisdiction): Ruling {
  const epoch = sites.indexOf(home)
  if (epoch < 0) throw new Error(`${home} is no site of this record: ${sites.join(', ')}`)
  return { epoch, log: [], stored: {}, promised: {} }
}

export function homeOf(epoch: number, { sites }: Jurisdiction): SiteId {
  return sites[epoch % sites.length] ?? ''
}

/** The verdicts that may be shown, as far as they are kept. */
export function fixedVerdicts(ruling: Ruling, jurisdiction: Jurisdiction): readonly Json[] {
  return ruling.log.slice(0, fixedLength(ruling, jurisdiction) - droppedFrom(ruling))
}

/** How many verdicts there are, kept or not. */
export function logLength(ruling: Ruling): number {
  return droppedFrom(ruling) + ruling.log.length
}

export function droppedFrom({ dropped = 0 }: Ruling): number {
  return dropped
}

/** Without the first `length` verdicts. Only what every site knows to be fixed may go: no later log differs in it. */
export function withoutFirst(ruling: Ruling, length: number): Ruling {
  const dropped = droppedFrom(ruling)
  return length <= dropped ? ruling : { ...ruling, log: ruling.log.slice(length - dropped), dropped: length }
}

/** How many of the verdicts may be shown. */
export function fixedLength(ruling: Ruling, { sites, quorum }: Jurisdiction): number {
  const { stored } = ruling
  const epochs = new Set(Object.values(stored).flatMap(lengths => Object.keys(lengths).map(Number)))
  const fixed = [...epochs].map(epoch => {
    const lengths = sites.map(site => stored[site]?.[epoch] ?? 0).sort((a, b) => b - a)
    return lengths[quorum - 1] ?? 0
  })
  return Math.min(logLength(ruling), Math.max(0, ...fixed))
}

/** Commutative, associative, idempotent. */
export function joinRulings(a: Ruling, b: Ruling): Ruling {
  const [low, high] = compareLogs(a, b) <= 0 ? [a, b] : [b, a]
  const joined: Ruling = {
    epoch: high.epoch,
    log: high.log,
    ...(high.dropped !== undefined && { dropped: high.dropped }),
    stored: joinNamed(low.stored, high.stored, (x, y) => joinNamed(x, y, Math.max)),
    promised: joinNamed(low.promised, high.promised, Math.max),
  }
  return withoutFirst(joined, droppedFrom(low))
}

function compareLogs(a: Ruling, b: Ruling): number {
  return a.epoch - b.epoch || logLength(a) - logLength(b)
}

function joinNamed<Value>(
  a: { readonly [name: string]: Value },
  b: { readonly [name: string]: Value },
  join: (a: Value, b: Value) => Value,
): { readonly [name: string]: Value } {
  const joined: Record<string, Value> = { ...a }
  for (const [name, value] of Object.entries(b)) {
    const other = a[name]
    joined[name] = other === undefined ? value : join(other, value)
  }
  return joined
}

export interface Deciding {
  readonly site: SiteId
  readonly taking: TakingOver | undefined
  /** What the home has to add to the verdicts so far. Called at the home only. */
  readonly rule: (log: readonly Json[]) => readonly Json[]
}

/** What this site has to do now: promise, take over, rule, store. Undefined: nothing. */
export function decide(before: Ruling, jurisdiction: Jurisdiction, deciding: Deciding): Ruling | undefined {
  const steps = [promise, claim, takeOver, rule, store]
  const after = steps.reduce((ruling, step) => step(ruling, jurisdiction, deciding), before)
  return after === before ? undefined : after
}

type Step = (ruling: Ruling, jurisdiction: Jurisdiction, deciding: Deciding) => Ruling

/** Whoever claims is given a promise, unless a higher one was given. */
const promise: Step = (ruling, _, { site }) => {
  const asked = Math.max(0, ...Object.values(ruling.promised))
  return asked > ruling.epoch && asked > promiseOf(ruling, site) ? promising(ruling, site, asked) : ruling
}

const claim: Step = (ruling, jurisdiction, { site, taking }) => {
  if (!taking) return ruling
  const highest = Math.max(ruling.epoch, ...Object.values(ruling.promised))
  // The home, or who is about to be: a claim of this site that is under way needs no second one.
  if (!taking.homes.includes(homeOf(highest, jurisdiction))) return ruling
  let next = highest + 1
  while (homeOf(next, jurisdiction) !== site) next++
  return next < (taking.turn + 1) * jurisdiction.sites.length ? promising(ruling, site, next) : ruling
}

/** What the promisers knew came with their promises: nothing that was fixed is missing in the log. */
const takeOver: Step = (ruling, jurisdiction, { site }) => {
  const epoch = promiseOf(ruling, site)
  if (epoch <= ruling.epoch || homeOf(epoch, jurisdiction) !== site) return ruling
  const promises = jurisdiction.sites.filter(each => ruling.promised[each] === epoch)
  if (promises.length < majorityOf(jurisdiction.sites)) return ruling
  return { ...ruling, epoch }
}

const rule: Step = (ruling, jurisdiction, { site, rule: verdicts }) => {
  if (homeOf(ruling.epoch, jurisdiction) !== site || promiseOf(ruling, site) > ruling.epoch) return ruling
  const added = verdicts(ruling.log)
  return added.length === 0 ? ruling : { ...ruling, log: [...ruling.log, ...added] }
}

const store: Step = (ruling, _, { site }) => {
  const { epoch, stored } = ruling
  const mine = stored[site] ?? {}
  const logged = logLength(ruling)
  if (promiseOf(ruling, site) > epoch || logged <= (mine[epoch] ?? 0)) return ruling
  return { ...ruling, stored: { ...stored, [site]: { ...mine, [epoch]: logged } } }
}

function promiseOf({ promised }: Ruling, site: SiteId): number {
  return promised[site] ?? 0
}

function promising(ruling: Ruling, site: SiteId, epoch: number): Ruling {
  return { ...ruling, promised: { ...ruling.promised, [site]: epoch } }
}
