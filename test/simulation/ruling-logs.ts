/**
 * The logs of verdicts as sites store them, apart from the code that makes them: a log of one epoch is one log, only its
 * home adds to it, and what a majority has stored never changes and is the same everywhere.
 */
import type { SiteId } from '../../shared/causality/dot.ts'
import { isJsonObject, type Json, jsonEquals } from '../../shared/document/json.ts'
import { type RecordRef, recordName } from '../../shared/replicate/record-ref.ts'
import { decodeRecord } from '../../shared/replicate/sync-record.ts'
import type { CellState, CellsState } from '../../shared/resolve/merge-type.ts'
import { plan } from './catalogue.ts'
import type { SimulatedSite } from './site.ts'

export interface Log {
  readonly epoch: number
  readonly verdicts: readonly Json[]
  /** By site and epoch: how much of that epoch's log the site has stored. */
  readonly stored: Json
}

/** What stands beside the document in a sync record. */
export function bookIn(state: CellsState | undefined): { readonly [name: string]: Json } | undefined {
  const book = cellIn(cellIn(state, 'document'), 'book')
  return book && 'lattice' in book && isJsonObject(book.lattice) ? book.lattice : undefined
}

/** As it stands in a sync record. Undefined: nobody has decided anything. */
export function logIn(state: CellsState | undefined): Log | undefined {
  const ruling = bookIn(state)?.ruling
  if (!isJsonObject(ruling) || !Array.isArray(ruling.log)) return undefined
  return { epoch: Number(ruling.epoch), verdicts: ruling.log as readonly Json[], stored: ruling.stored ?? {} }
}

function cellIn(state: CellState | undefined, name: string): CellState | undefined {
  return state && 'cells' in state ? (state.cells.get(name) ?? undefined) : undefined
}

/** The verdicts that `quorum` sites have stored, as far as this log knows. */
export function fixedIn({ verdicts, stored }: Log, quorum: number): readonly Json[] {
  const lengths = new Map<string, number[]>()
  for (const { id } of plan.sites) {
    const byEpoch = isJsonObject(stored) ? stored[id] : undefined
    for (const [epoch, length] of Object.entries(isJsonObject(byEpoch) ? byEpoch : {}))
      lengths.set(epoch, [...(lengths.get(epoch) ?? []), Number(length)])
  }
  const fixed = [...lengths.values()].map(each => each.sort((a, b) => b - a)[quorum - 1] ?? 0)
  return verdicts.slice(0, Math.max(0, ...fixed))
}

/** At rest every site has the whole of one log. */
export function differingLogs(ref: RecordRef, sites: readonly SimulatedSite[]): readonly string[] {
  const logs = new Set(
    sites.map(({ database }) => {
      const text = database.record(ref)
      const log = text === undefined ? undefined : logIn(decodeRecord(text).state)
      return JSON.stringify([log?.epoch, log?.verdicts])
    }),
  )
  return logs.size > 1 ? [`${recordName(ref)}: the logs differ: ${[...logs].join(' | ')}`] : []
}

export interface Added {
  readonly known: readonly Json[]
  readonly added: readonly Json[]
}

export class RulingLogs {
  readonly #violation: (text: string) => void
  /** By record and epoch: the longest log that was seen. */
  readonly #logs = new Map<string, Map<number, readonly Json[]>>()
  /** By record: all that was ever fixed; and by site and record what was fixed there. */
  readonly #fixed = new Map<string, readonly Json[]>()
  readonly #fixedAt = new Map<string, readonly Json[]>()
  /** How many verdicts were given in all, and how many of them by a home that had taken over. */
  verdicts = 0
  takenOver = 0

  constructor(violation: (text: string) => void) {
    this.#violation = violation
  }

  /** What this commit added; undefined: nothing. */
  note(name: string, site: SiteId, log: Log): Added | undefined {
    const logs = this.#logs.get(name) ?? new Map<number, readonly Json[]>()
    this.#logs.set(name, logs)
    const known = logs.get(log.epoch) ?? longestBegun(log.verdicts, [...logs.values()])
    if (!isPrefix(known, log.verdicts)) {
      if (!isPrefix(log.verdicts, known)) this.#violation(`${name}: two logs of epoch ${log.epoch}, one at ${site}`)
      return undefined
    }
    logs.set(log.epoch, log.verdicts)
    const added = log.verdicts.slice(known.length)
    if (added.length === 0) return undefined
    const home = plan.sites[log.epoch % plan.sites.length]?.id
    if (home !== site) this.#violation(`${name}: ${site} ruled in an epoch of ${home}`)
    this.verdicts += added.length
    if (log.epoch >= plan.sites.length) this.takenOver += added.length
    return { known, added }
  }

  /** What is fixed at a site now, of which nothing may differ from what was fixed anywhere before. */
  noteFixed(name: string, site: SiteId, fixed: readonly Json[]): void {
    const at = `${site} ${name}`
    const before = this.#fixedAt.get(at) ?? []
    if (!isPrefix(before, fixed))
      this.#violation(`${at}: ${JSON.stringify(before)} was fixed, and now ${JSON.stringify(fixed)}`)
    this.#fixedAt.set(at, fixed)
    const all = this.#fixed.get(name) ?? []
    if (isPrefix(all, fixed)) this.#fixed.set(name, fixed)
    else if (!isPrefix(fixed, all))
      this.#violation(`${at}: ${JSON.stringify(fixed)} is fixed, elsewhere ${JSON.stringify(all)}`)
  }

  /** All that was ever fixed of a record, at any site. */
  fixed(name: string): readonly Json[] {
    return this.#fixed.get(name) ?? []
  }
}

/** A home that takes over adopts what others have begun. */
function longestBegun(log: readonly Json[], others: readonly (readonly Json[])[]): readonly Json[] {
  const lengths = others.map(other => {
    const end = log.findIndex((entry, index) => !jsonEquals(entry, other[index]))
    return end < 0 ? log.length : end
  })
  return log.slice(0, Math.max(0, ...lengths))
}

function isPrefix(short: readonly Json[], long: readonly Json[]): boolean {
  return short.length <= long.length && short.every((entry, index) => jsonEquals(entry, long[index]))
}
