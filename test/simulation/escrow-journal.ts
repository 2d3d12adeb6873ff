/**
 * What sites show of reservations that each decides within its share, commit by commit: never more is given away than there
 * is, by all of them together; nobody spends the rights of another or takes any back; what was accepted stays so.
 */
import type { SiteId } from '../../shared/causality/dot.ts'
import type { VersionVector } from '../../shared/causality/version-vector.ts'
import type { Document } from '../../shared/document/json.ts'
import type { RecordWritten } from '../../shared/ports/memory/memory-database.ts'
import { availableIn, bookingsIn, heldIn, stockIn } from './booked.ts'
import { CommitJournal } from './commit-journal.ts'
import {
  type Answer,
  answersIn,
  askedAt,
  heldOf,
  type Row,
  type Rows,
  rightsOf,
  rowsIn,
  takenUnshipped,
  writtenOffIn,
} from './escrow-model.ts'
import { accepting, next } from './ledger-journal.ts'
import { type BookedWrite, endedBy, seenBy, stockOf, wasDeleted } from './ledger-model.ts'
import { bookIn } from './ruling-logs.ts'

export class EscrowJournal extends CommitJournal {
  readonly writes = new Map<string, BookedWrite[]>()
  /** By record: the latest row of each site, as the site itself has written it. */
  readonly #rows = new Map<string, Map<SiteId, Row>>()
  /** By record, site and version. */
  readonly #versions = new Map<string, string>()
  /** Of which some site showed that more is held than there is. */
  readonly short = new Set<string>()
  /** By site, record and reservation. */
  readonly #words = new Map<string, string>()
  /** By record and reservation, of what was asked for at one site only: accepted or not, and for how much. */
  readonly #verdicts = new Map<string, string>()
  /** How often a right was handed on. */
  gifts = 0

  rows(name: string): Rows {
    return this.#rows.get(name) ?? new Map()
  }

  noteRecord(site: SiteId, write: RecordWritten): void {
    const { name, old, now, shown, captured } = this.commits.note(site, write)
    const writes = this.writes.get(name) ?? []
    this.writes.set(name, writes)
    if (captured) writes.push({ ...captured, refused: refusedIn(answersIn(rowsIn(bookIn(old.state)))) })
    const rows = rowsIn(bookIn(now.state))
    this.#checkRows(site, name, rows)
    this.#checkOwnRow({ site, name, rows, before: rowsIn(bookIn(old.state)), vector: now.vector, writes })
    this.#checkGivenAway(name, writes)
    this.#checkShown(site, name, shown)
  }

  /** A row is written by its site alone: everywhere else it is as that site left it. */
  #checkRows(site: SiteId, name: string, rows: Rows): void {
    for (const [owner, row] of rows) {
      const at = `${name} ${owner} ${row.version}`
      const text = JSON.stringify([
        [...row.given].sort(),
        [...row.writtenOff].sort(),
        [...row.asked].sort(),
        [...row.answers].sort(),
      ])
      const known = this.#versions.get(at)
      if (known === undefined && owner === site) this.#versions.set(at, text)
      else if (known !== text) this.violation(`${site}: the row ${at} is not as ${owner} wrote it`)
    }
  }

  #checkOwnRow({ site, name, rows, before, vector, writes }: OwnRow): void {
    const row = rows.get(site)
    if (!row) return
    const latest = this.#rows.get(name) ?? new Map<SiteId, Row>()
    this.#rows.set(name, latest)
    const last = before.get(site)
    for (const [to, amount] of last?.given ?? [])
      if ((row.given.get(to) ?? 0) < amount) this.violation(`${site} ${name}: takes back what it gave to ${to}`)
    const gave = [...row.given].filter(([to, amount]) => amount > (last?.given.get(to) ?? 0))
    const fresh = (word: string) => [...row.answers].filter(([id, kind]) => kind === word && !last?.answers.has(id))
    const accepted = fresh('accepted')
    const rejected = fresh('rejected')
    this.gifts += gave.length
    latest.set(site, row)
    const seen = seenBy(writes, vector)
    // Of documents begun anew the model does not know which stock counts.
    if (wasDeleted(seen) || gave.length + accepted.length + rejected.length === 0) return
    const ended = endedBy(seen)
    const left = stockOf(seen) - heldOf(answersIn(rows), ended)
    for (const [id] of [...accepted, ...rejected])
      if (ended.has(id)) this.violation(`${site} ${name}: answered ${id}, which had ended`)
    for (const [id] of accepted)
      if (left < 0) this.violation(`${site} ${name}: accepted ${id}, and knew that ${-left} were missing`)
    for (const [id] of rejected)
      if ((row.asked.get(id) ?? 0) <= left) this.violation(`${site} ${name}: rejected ${id} with ${left} left`)
    if (gave.length + accepted.length === 0) return
    const rights = rightsOf(site, rows, seen)
    if (rights < 0) {
      const spent = [...gave.map(([to]) => `to ${to}`), ...accepted.map(([id]) => id)].join(', ')
      this.violation(`${site} ${name}: has rights to ${rights} after it gave ${spent}`)
    }
  }

  /** By all sites together, known to each other or not. */
  #checkGivenAway(name: string, writes: readonly BookedWrite[]): void {
    if (wasDeleted(writes)) return
    const rows = this.rows(name)
    const held = heldOf(answersIn(rows), endedBy(writes))
    const stock = stockOf(writes)
    if (held <= Math.max(0, stock)) return
    const missing = takenUnshipped(writes, rows) + writtenOffIn(rows)
    if (held > Math.max(0, stock + missing))
      this.violation(`${name}: ${held} of ${stock} are given away, of which ${missing} had been taken`)
  }

  #checkShown(site: SiteId, name: string, shown: Document | undefined): void {
    for (const [id, { status, quantity }] of bookingsIn(shown)) {
      const at = `${site} ${name} ${id}`
      const before = this.#words.get(at)
      this.#words.set(at, status)
      const isAskedTwice = askedAt(this.rows(name), id) > 1
      const mayFollow = before === undefined || before === status || next[before]?.includes(status)
      // Where another site accepts what was rejected here; nothing that was accepted is ever rejected.
      const isSettled = isAskedTwice && (before === 'rejected' || (status !== 'rejected' && status !== 'requested'))
      if (!mayFollow && !isSettled) this.violation(`${at}: shown as ${before}, then as ${status}`)
      if (!isAskedTwice && (accepting.has(status) || status === 'rejected'))
        this.#checkVerdict(`${name} ${id}`, `${status === 'rejected' ? status : 'accepted'} ${quantity}`)
    }
    if (availableIn(shown) < 0) this.short.add(name)
    if (shown && availableIn(shown) !== stockIn(shown) - heldIn(shown))
      this.violation(`${site} ${name}: ${availableIn(shown)} shown as available`)
  }

  #checkVerdict(at: string, verdict: string): void {
    const known = this.#verdicts.get(at)
    if (known === undefined) this.#verdicts.set(at, verdict)
    else if (known !== verdict) this.violation(`${at}: shown as ${known}, and as ${verdict}`)
  }
}

interface OwnRow {
  readonly site: SiteId
  readonly name: string
  readonly rows: Rows
  readonly before: Rows
  readonly vector: VersionVector
  readonly writes: readonly BookedWrite[]
}

function refusedIn(answers: ReadonlyMap<string, Answer>): ReadonlySet<string> {
  return new Set([...answers].flatMap(([id, { kind }]) => (kind === 'rejected' || kind === 'expired' ? [id] : [])))
}
