/**
 * What sites show of reservations, commit by commit: nothing that was once said may be taken back, at any site, at any
 * moment. And what applications wrote, for the plain model.
 */
import type { SiteId } from '../../shared/causality/dot.ts'
import { counterOf } from '../../shared/causality/version-vector.ts'
import type { Document } from '../../shared/document/json.ts'
import { jsonEquals } from '../../shared/document/json.ts'
import type { RecordStore } from '../../shared/ports/index.ts'
import type { RecordWritten } from '../../shared/ports/memory/memory-database.ts'
import { createHere, dataTypeOf } from '../../shared/replicate/here.ts'
import { type RecordRef, recordName } from '../../shared/replicate/record-ref.ts'
import { decodeRecord, noRecord, type SyncRecord } from '../../shared/replicate/sync-record.ts'
import { availableIn, bookingsIn, heldIn, holding, stockIn } from './booked.ts'
import { plan } from './catalogue.ts'
import type { BookedWrite } from './ledger-model.ts'
import { LedgerRulings, type Log, logIn, verdictOf } from './ledger-rulings.ts'
import { Looked } from './looked.ts'

/** What may be shown after each word. What was taken out and comes back is over. */
const next: Readonly<Record<string, readonly string[]>> = {
  requested: ['accepted', 'rejected', 'confirming', 'confirmed', 'expired', 'cancelled', 'done'],
  accepted: ['confirming', 'confirmed', 'expired', 'cancelled', 'done'],
  confirming: ['confirmed', 'expired', 'cancelled', 'done'],
  confirmed: ['cancelled', 'done'],
  rejected: ['cancelled'],
  expired: ['cancelled', 'done'],
  cancelled: ['done'],
  done: [],
}

/** The words that only an acceptance leads to. */
const accepting: ReadonlySet<string> = new Set([...holding, 'expired'])

export class LedgerJournal {
  readonly violations: string[] = []
  readonly refs = new Map<string, RecordRef>()
  readonly writes = new Map<string, BookedWrite[]>()
  readonly rulings = new LedgerRulings(text => this.violation(text))
  /** By record and reservation, whoever showed it first: accepted or rejected, and for how much. */
  readonly verdicts = new Map<string, { readonly accepted: boolean; readonly quantity: number }>()
  /** By site, record and reservation. */
  readonly #words = new Map<string, string>()
  readonly #looked = new Looked()
  readonly #here = createHere(plan, plan.sites[0]?.id ?? '')
  readonly #nowMs: () => number
  /** By their text: what is written is the next write's before. */
  readonly #records = new Map<string, SyncRecord>()
  captures = 0
  merges = 0

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  violation(text: string): void {
    this.violations.push(text)
  }

  watching(site: SiteId, store: RecordStore): RecordStore {
    return this.#looked.watching(site, store)
  }

  noteRecord(site: SiteId, { ref, before, after }: RecordWritten): void {
    const name = recordName(ref)
    this.refs.set(name, ref)
    const old = before === undefined ? noRecord : this.#decoded(before)
    const now = this.#decoded(after)
    const type = dataTypeOf(this.#here, ref.type).record
    const shown = type.view(now.state)
    const writes = this.writes.get(name) ?? []
    this.writes.set(name, writes)
    const isMerge = Object.keys(now.vector).some(
      origin => origin !== site && counterOf(now.vector, origin) > counterOf(old.vector, origin),
    )
    if (isMerge) this.merges += 1
    else {
      this.captures += 1
      writes.push({
        dot: [site, counterOf(now.vector, site)],
        seen: old.vector,
        before: type.view(old.state),
        refused: refusedIn(logIn(old.state)),
        after: this.#looked.before(site, ref, now),
      })
    }
    this.#checkShown(site, name, shown)
    const log = logIn(now.state)
    this.rulings.note({ name, site, vector: now.vector, log, document: shown, writes, nowMs: this.#nowMs() })
  }

  #decoded(text: string): SyncRecord {
    const record = this.#records.get(text) ?? decodeRecord(text)
    this.#records.set(text, record)
    return record
  }

  #checkShown(site: SiteId, name: string, shown: Document | undefined): void {
    for (const [id, { status, quantity }] of bookingsIn(shown)) {
      const at = `${site} ${name} ${id}`
      const before = this.#words.get(at)
      if (before !== undefined && before !== status && !next[before]?.includes(status))
        this.violation(`${at}: shown as ${before}, then as ${status}`)
      this.#words.set(at, status)
      if (accepting.has(status) || status === 'rejected') this.#checkVerdict(name, id, status !== 'rejected', quantity)
    }
    if (shown === undefined) return
    const available = stockIn(shown) - heldIn(shown)
    if (availableIn(shown) !== available)
      this.violation(`${site} ${name}: ${availableIn(shown)} shown as available, and ${available} is not held`)
  }

  #checkVerdict(name: string, id: string, accepted: boolean, quantity: number): void {
    const verdict = { accepted, quantity }
    const known = this.verdicts.get(`${name} ${id}`)
    if (known === undefined) this.verdicts.set(`${name} ${id}`, verdict)
    else if (!jsonEquals({ ...known }, verdict))
      this.violation(`${name}: ${id} shown with ${JSON.stringify(known)}, then with ${JSON.stringify(verdict)}`)
  }
}

function refusedIn(log: Log | undefined): ReadonlySet<string> {
  const verdicts = (log?.verdicts ?? []).map(verdictOf)
  return new Set(verdicts.flatMap(({ id, kind }) => (kind === 'rejected' || kind === 'expired' ? [id] : [])))
}
