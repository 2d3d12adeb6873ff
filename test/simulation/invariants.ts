/** DESIGN's invariants, asked after everything has come to rest. */
import { counterOf, covers, type VersionVector } from '../../shared/causality/version-vector.ts'
import { type Document, isJsonObject, type Json, jsonEquals } from '../../shared/document/json.ts'
import { isResolution } from '../../shared/replicate/audit-entry.ts'
import { isWhole } from '../../shared/replicate/change.ts'
import { type RecordRef, recordName } from '../../shared/replicate/record-ref.ts'
import { decodeRecord, noRecord, type SyncRecord } from '../../shared/replicate/sync-record.ts'
import { ledgerCart } from './application.ts'
import type { Captured } from './captured.ts'
import { expiresAtMs } from './expires-at.ts'
import type { Journal, Merge } from './journal.ts'
import { expectedDocument, lostValues, readings, standingCaptures } from './oracle.ts'
import type { SimulatedSite } from './site.ts'

/** A moment at which nothing is under way. */
export interface Resting {
  readonly sites: readonly SimulatedSite[]
  readonly journal: Journal
  readonly nowMs: number
  /** No store has left an expired document standing. */
  readonly swept?: boolean
}

export interface Ended extends Resting {
  /** All that the application added to the cart whose items are never removed. */
  readonly added: number
  /** Pruning has had all the time it needs. */
  readonly pruned: boolean
}

export function checkInvariants(ended: Ended): readonly string[] {
  const { sites, journal, added, pruned } = ended
  const found: string[] = [...journal.violations]
  for (const [name, ref] of journal.refs) {
    const captures = settledReading(ref, ended)
    found.push(
      ...documents(ref, captures, ended),
      ...vectors(name, ref, sites, captures, journal),
      ...audits(ref, journal.merges.get(name) ?? [], captures, journal.removed.has(name)),
      ...losses(ref, sites, captures),
      ...(pruned ? tombstones(name, ref, sites) : []),
    )
  }
  found.push(...auditStores(sites, journal), ...uncertainties(sites, journal), ...ledger(sites, added))
  for (const site of sites) {
    for (const letter of site.deadLetters.letters.values()) found.push(`${site.id}: a dead letter: ${letter.reason}`)
  }
  return found
}

const text = (document: Json | undefined) => JSON.stringify(document) ?? 'absent'

/** The documents alone: at any moment at which everything has come to rest. */
export function checkDocuments(resting: Resting): readonly string[] {
  return [...resting.journal.refs.values()].flatMap(ref => documents(ref, settledReading(ref, resting), resting))
}

/** The reading of a record's captures that explains what the sites show and what is in their audits; the plain one, if none does. */
function settledReading(ref: RecordRef, resting: Resting): readonly Captured[] {
  const captures = resting.journal.captures.get(recordName(ref)) ?? []
  for (const reading of readings(captures)) {
    const unexplained = [...documents(ref, reading, resting), ...losses(ref, resting.sites, reading)]
    if (unexplained.length === 0) return reading
  }
  return captures
}

/** Invariants 1 to 4: equal everywhere, and what the captured writes mean. */
function documents(ref: RecordRef, captures: readonly Captured[], resting: Resting): readonly string[] {
  const expected = expectedDocument(ref, captures)
  return resting.sites.flatMap(({ id, database }) => {
    const document = database.document(ref)
    return mayShow(document, expected, resting)
      ? []
      : [`${recordName(ref)}: at ${id} ${text(document)}, expected ${text(expected)}`]
  })
}

/** A second before or after the moment at which a document expires its store may or may not have removed it. */
const expiryToleranceMs = 3000

/** What has expired may stand until its store removes it, and is nowhere once every store has. */
function mayShow(document: Document | undefined, expected: Document | undefined, { nowMs, swept }: Resting): boolean {
  const forMs = nowMs - (expiresAtMs(expected) ?? Number.POSITIVE_INFINITY)
  if (document === undefined) return expected === undefined || forMs > -expiryToleranceMs
  return jsonEquals(document, expected) && !(swept === true && forMs > expiryToleranceMs)
}

function recordAt(site: SimulatedSite, ref: RecordRef): SyncRecord {
  const stored = site.database.record(ref)
  return stored === undefined ? noRecord : decodeRecord(stored)
}

/** Invariants 2 and 8: every captured dot is in every vector, no vector names an unknown site, states are equal. */
function vectors(
  name: string,
  ref: RecordRef,
  sites: readonly SimulatedSite[],
  captures: readonly Captured[],
  journal: Journal,
): readonly string[] {
  const found: string[] = []
  const known = new Set(sites.map(({ id }) => id))
  for (const site of sites) {
    const { vector } = recordAt(site, ref)
    const seen = journal.known(site.id, ref, vector)
    for (const { dot } of captures) if (!covers(seen, dot)) found.push(`${name}: ${site.id} never saw ${dot.join(':')}`)
    for (const other of Object.keys(vector)) if (!known.has(other)) found.push(`${name}: ${site.id} names ${other}`)
  }
  const states = new Set(sites.map(site => JSON.stringify(sorted(recordAt(site, ref).state ?? null))))
  // What was cleared or reset leaves nothing at a site that had been stripped of it, and an empty cell elsewhere.
  if (states.size > 1 && !journal.stripped.has(name))
    found.push(`${name}: the documents agree, the states do not: ${[...states].join(' | ')}`)
  return found
}

/** Invariant 8: what was deleted is forgotten everywhere in the end. */
function tombstones(name: string, ref: RecordRef, sites: readonly SimulatedSite[]): readonly string[] {
  return sites.flatMap(({ id, database }) =>
    database.record(ref) !== undefined && database.document(ref) === undefined
      ? [`${name}: ${id} still remembers that it was deleted`]
      : [],
  )
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([x], [y]) => (x < y ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}

/**
 * Invariant 6: every concurrently arrived dot is covered by exactly one audit entry per site. A site that forgot a record
 * meets its old dots again, inside the whole states of others: those need no entry. And what such a site writes does not
 * say that it has seen them, so that it may be audited where they are still known; but not where nothing is kept.
 */
function audits(
  ref: RecordRef,
  merges: readonly Merge[],
  captures: readonly Captured[],
  isForgotten: boolean,
): readonly string[] {
  const name = recordName(ref)
  const found: string[] = []
  // What was undone as a whole is nothing to be met.
  const standing = standingCaptures(ref, captures)
  const covered = new Set<string>()
  for (const merge of merges) {
    const { site, change, before, after, resolutions, known, hadContent } = merge
    if (!hadContent && resolutions.length > 0)
      found.push(`${name}: at ${site} a change is audited that met nothing, as nothing was kept`)
    for (const { origin, from, to } of resolutions) {
      for (const { dot } of captures) {
        if (dot[0] !== origin || dot[1] <= from || dot[1] > to || covers(known, dot)) continue
        const id = `${site} ${dot.join(':')}`
        if (covered.has(id)) found.push(`${name}: ${id} is audited twice`)
        covered.add(id)
      }
    }
    for (const origin of Object.keys(after)) {
      const from = counterOf(before, origin)
      const to = counterOf(after, origin)
      if (origin === site || to <= from) continue
      const arrived = captures.filter(({ dot }) => dot[0] === origin && dot[1] > from && dot[1] <= to)
      const entries = resolutions.filter(entry => entry.origin === origin && entry.from === from && entry.to === to)
      const meets = (here: readonly Captured[], seen: VersionVector) =>
        here.some(({ dot }) => dot[0] !== origin && covers(before, dot) && !covers(seen, dot))
      const news = arrived.filter(({ dot }) => !covers(known, dot))
      const said = isWhole(change) ? [change.vector] : change.intervals.map(({ seen }) => seen)
      const metUnseen =
        arrived.some(({ seen }) => meets(captures, seen)) || (isForgotten && said.some(seen => meets(captures, seen)))
      const must =
        hadContent &&
        (isWhole(change)
          ? news.length > 0 && standing.some(({ dot }) => covers(before, dot) && !covers(change.vector, dot))
          : news.some(({ seen }) => meets(standing, seen)))
      if (must && entries.length !== 1)
        found.push(
          `${name}: at ${site} ${origin}:(${from},${to}] arrived concurrently and has ${entries.length} audit entries`,
        )
      if (!metUnseen && entries.length > 0)
        found.push(`${name}: at ${site} ${origin}:(${from},${to}] is audited without a conflict`)
    }
  }
  return found
}

/** What lost against a concurrent write is in the audit of some site, whole. */
function losses(ref: RecordRef, sites: readonly SimulatedSite[], captures: readonly Captured[]): readonly string[] {
  const lost = lostValues(captures, ref.type)
  if (lost.length === 0) return []
  const name = recordName(ref)
  const entries = sites
    .flatMap(({ auditStore }) => [...auditStore.entries.values()].filter(isResolution))
    .filter(entry => recordName(entry) === name)
  const audited = entries.flatMap(({ arbitrations }) =>
    arbitrations.flatMap(({ kept, lost: losers }) => [...(losers ?? []), ...(kept ? [kept] : [])]),
  )
  return lost.flatMap(({ by, value }) => {
    const shown = audited.some(
      version => version.site === by.dot[0] && version.counter === by.dot[1] && jsonEquals(version.value, value),
    )
    return shown ? [] : [`${name}: ${text(value)} of ${by.dot.join(':')} lost and is in no audit`]
  })
}

/** The audit store of a site holds exactly the resolutions that its merges and its captures committed. */
function auditStores(sites: readonly SimulatedSite[], journal: Journal): readonly string[] {
  const merges = [...journal.merges.values()].flat()
  const undone = [...journal.undone.values()].flat()
  return sites.flatMap(({ id, auditStore }) => {
    const committed = new Set(
      [...merges.flatMap(({ resolutions }) => resolutions), ...undone].flatMap(entry =>
        entry.site === id ? [entry.id] : [],
      ),
    )
    const missing = [...committed].filter(entry => !auditStore.entries.has(entry))
    const audited = [...auditStore.entries.values()].filter(isResolution).map(entry => entry.id)
    const extra = audited.filter(entry => !committed.has(entry))
    return [
      ...missing.map(entry => `${id}: resolution ${entry} is not in the audit store`),
      ...extra.map(entry => `${id}: audit entry ${entry} was never committed`),
    ]
  })
}

/** Concurrent writes whose possible times overlap are flagged, and no others. */
function uncertainties(sites: readonly SimulatedSite[], journal: Journal): readonly string[] {
  return sites.flatMap(({ auditStore }) =>
    [...auditStore.entries.values()]
      .filter(isResolution)
      .flatMap(entry => journal.times.check(recordName(entry), entry)),
  )
}

/** Invariant 3 once more, without any vector: what applications added is what is there. */
function ledger(sites: readonly SimulatedSite[], added: number): readonly string[] {
  return sites.flatMap(({ id, database }) => {
    const total = quantities(database.document(ledgerCart))
    return total === added
      ? []
      : [
          `${id}: the ledger cart holds ${total}, applications added ${added} (difference ${(added - total).toString(2)} in binary)`,
        ]
  })
}

function quantities(cart: Document | undefined): number {
  if (!cart || !isJsonObject(cart.items)) return 0
  return Object.values(cart.items).reduce<number>(
    (sum, item) => sum + (isJsonObject(item) && typeof item.quantity === 'number' ? item.quantity : 0),
    0,
  )
}
