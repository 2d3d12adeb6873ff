/**
 * Checks every verdict at the moment at which it is ruled: against the stock and the words of applications that its home
 * had seen by then, in a plain model (ledger-model.ts), and that nobody but the home of an epoch adds to its log.
 */
import type { SiteId } from '../../shared/causality/dot.ts'
import type { VersionVector } from '../../shared/causality/version-vector.ts'
import { typeOf } from '../../shared/declare/sync-plan.ts'
import type { Document, Json } from '../../shared/document/json.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { bookingsIn, stockIn } from './booked.ts'
import { plan } from './catalogue.ts'
import {
  type BookedWrite,
  confirmedBy,
  endedBy,
  quantitiesOf,
  seenBy,
  stockOf,
  takenFrom,
  wasDeleted,
} from './ledger-model.ts'
import { type Log, RulingLogs } from './ruling-logs.ts'

/** How far the clocks are apart at most. */
const skewMaxMs = 300

interface Verdict {
  readonly id: string
  readonly kind: string
  readonly quantity: number | undefined
}

export function verdictOf(entry: Json): Verdict {
  const [id, kind, quantity] = Array.isArray(entry) ? (entry as readonly Json[]) : []
  return { id: String(id), kind: String(kind), quantity: typeof quantity === 'number' ? quantity : undefined }
}

export function revokesLatest({ type }: Pick<RecordRef, 'type'>): boolean {
  const merge = typeOf(plan, type)?.merge
  return merge?.kind === 'ledger' && merge.shortage === 'revokeLatest'
}

/** A commit at a site. */
export interface Ruled {
  readonly name: string
  readonly site: SiteId
  readonly vector: VersionVector
  readonly log: Log | undefined
  readonly document: Document | undefined
  /** All captured writes of the record so far. */
  readonly writes: readonly BookedWrite[]
  readonly nowMs: number
}

export class LedgerRulings {
  readonly #violation: (text: string) => void
  readonly logs: RulingLogs
  /** By record and reservation: in which epoch it was accepted last, and what the home had seen then. */
  readonly #accepted = new Map<string, { readonly epoch: number; readonly vector: VersionVector }>()

  constructor(violation: (text: string) => void) {
    this.#violation = violation
    this.logs = new RulingLogs(violation)
  }

  note(ruled: Ruled): void {
    const { name, site, log } = ruled
    const ruling = log && this.logs.note(name, site, log)
    if (log && ruling) this.#check(ruled, log.epoch, ruling.known, ruling.added)
  }

  #check({ name, ...ruled }: Ruled, epoch: number, known: readonly Json[], added: readonly Json[]): void {
    const seen = seenBy(ruled.writes, ruled.vector)
    // Where the document was begun anew the model does not know what counts of what was before.
    const isModelled = !wasDeleted(seen)
    const stock = isModelled ? stockOf(seen) : stockIn(ruled.document)
    const ended = endedBy(seen)
    const confirming = confirmedBy(seen)
    const kinds = new Map<string, Verdict>()
    const held = () =>
      [...kinds.values()].reduce((sum, { id, kind, quantity = 0 }) => {
        return (kind === 'accepted' || kind === 'confirmed') && !ended.has(id) ? sum + quantity : sum
      }, 0)
    const apply = ({ id, kind, quantity }: Verdict) =>
      kinds.set(id, { id, kind, quantity: quantity ?? kinds.get(id)?.quantity })
    for (const entry of known) apply(verdictOf(entry))
    for (const entry of added) {
      const verdict = verdictOf(entry)
      const { id, kind, quantity = 0 } = verdict
      const before = kinds.get(id)?.kind
      const says = (wrong: string) => this.#violation(`${name}: ${id} ruled ${kind} in epoch ${epoch}, ${wrong}`)
      if (kind === 'accepted' || kind === 'rejected') {
        if (before !== undefined) says(`and was ${before}`)
        if (!quantitiesOf(seen, id).has(quantity)) says(`with the quantity ${quantity} that nobody asked for`)
        if (isModelled && ended.has(id)) says('after it had ended')
        const fits = held() + quantity <= stock
        if (isModelled && fits !== (kind === 'accepted')) says(`with ${stock} there and ${held()} held`)
        if (kind === 'accepted' && (this.#accepted.get(`${name} ${id}`)?.epoch ?? 0) <= epoch)
          this.#accepted.set(`${name} ${id}`, { epoch, vector: ruled.vector })
      } else {
        if (before !== 'accepted') says(`and was ${before}`)
        if (kind === 'confirmed' && !confirming.has(id)) says('and nobody confirmed it')
        if (kind === 'expired' && confirming.has(id)) says('and it had been confirmed')
        const until = bookingsIn(ruled.document).get(id)?.until
        const isPast = typeof until === 'number' && until * 1000 <= ruled.nowMs + skewMaxMs
        if (kind === 'expired' && !isPast) says('and its time had not come')
        if (kind === 'revoked') {
          if (!revokesLatest({ type: name.split('#')[0] ?? '' })) says('which is not declared')
          if (confirming.has(id)) says('and it had been confirmed')
          if (isModelled && held() <= stock) says(`with ${stock} there and ${held()} held`)
          const later = [...kinds.keys()].slice([...kinds.keys()].indexOf(id) + 1)
          const isFree = (each: string) =>
            kinds.get(each)?.kind === 'accepted' && !ended.has(each) && !confirming.has(each)
          if (isModelled && later.some(isFree)) says('before what was accepted later')
        }
      }
      apply(verdict)
    }
  }

  /** What was taken from the stock without the knowledge of the home that accepted last: so much may be missing. */
  takenUnseen(name: string, writes: readonly BookedWrite[], log: Log | undefined): number {
    const last = log?.verdicts.map(verdictOf).findLast(({ kind }) => kind === 'accepted')
    const at = last && this.#accepted.get(`${name} ${last.id}`)
    if (!at) return 0
    const seen = new Set(seenBy(writes, at.vector))
    return takenFrom(writes.filter(write => !seen.has(write)))
  }
}
