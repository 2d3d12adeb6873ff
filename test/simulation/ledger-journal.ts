/**
 * What sites show of reservations, commit by commit: nothing that was once said may be taken back, at any site, at any
 * moment. And what applications wrote, for the plain model.
 */
import type { SiteId } from '../../shared/causality/dot.ts'
import type { Document } from '../../shared/document/json.ts'
import { jsonEquals } from '../../shared/document/json.ts'
import type { RecordWritten } from '../../shared/ports/memory/memory-database.ts'
import { availableIn, bookingsIn, heldIn, holding, stockIn } from './booked.ts'
import { CommitJournal } from './commit-journal.ts'
import type { BookedWrite } from './ledger-model.ts'
import { LedgerRulings, verdictOf } from './ledger-rulings.ts'
import { type Log, logIn } from './ruling-logs.ts'

/** What may be shown after each word. What was taken out and comes back is over. */
export const next: Readonly<Record<string, readonly string[]>> = {
  requested: ['accepted', 'rejected', 'revoked', 'confirming', 'confirmed', 'expired', 'cancelled', 'done'],
  accepted: ['revoked', 'confirming', 'confirmed', 'expired', 'cancelled', 'done'],
  confirming: ['revoked', 'confirmed', 'expired', 'cancelled', 'done'],
  confirmed: ['cancelled', 'done'],
  rejected: ['cancelled'],
  revoked: ['cancelled', 'done'],
  expired: ['cancelled', 'done'],
  cancelled: ['done'],
  done: [],
}

/** The words that only an acceptance leads to. */
export const accepting: ReadonlySet<string> = new Set([...holding, 'expired', 'revoked'])

export class LedgerJournal extends CommitJournal {
  readonly writes = new Map<string, BookedWrite[]>()
  readonly rulings = new LedgerRulings(text => this.violation(text))
  /** By record and reservation, whoever showed it first: accepted or rejected, and for how much. */
  readonly verdicts = new Map<string, { readonly accepted: boolean; readonly quantity: number }>()
  /** Of which some site showed that more is held than there is. */
  readonly short = new Set<string>()
  /** By site, record and reservation. */
  readonly #words = new Map<string, string>()
  readonly #nowMs: () => number

  constructor(nowMs: () => number) {
    super()
    this.#nowMs = nowMs
  }

  noteRecord(site: SiteId, write: RecordWritten): void {
    const { name, old, now, shown, captured } = this.commits.note(site, write)
    const writes = this.writes.get(name) ?? []
    this.writes.set(name, writes)
    if (captured) writes.push({ ...captured, refused: refusedIn(logIn(old.state)) })
    this.#checkShown(site, name, shown)
    const log = logIn(now.state)
    this.rulings.note({ name, site, vector: now.vector, log, document: shown, writes, nowMs: this.#nowMs() })
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
    if (availableIn(shown) < 0) this.short.add(name)
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
  return new Set(verdicts.flatMap(({ id, kind }) => (['rejected', 'expired', 'revoked'].includes(kind) ? [id] : [])))
}
