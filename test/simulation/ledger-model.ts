/**
 * What applications have said about stock and reservations, computed from the captured writes alone: plain sums and sets,
 * no states, no joins, no verdicts.
 */
import type { VersionVector } from '../../shared/causality/version-vector.ts'
import { covers } from '../../shared/causality/version-vector.ts'
import { bookingsIn, holding, stockIn } from './booked.ts'
import type { CapturedWrite } from './captured-writes.ts'

export interface BookedWrite extends CapturedWrite {
  /** Known to be rejected or expired where it was written, also of what is not in the document any more. */
  readonly refused: ReadonlySet<string>
}

export function seenBy(writes: readonly BookedWrite[], vector: VersionVector): readonly BookedWrite[] {
  return writes.filter(({ dot }) => covers(vector, dot))
}

/** A counter: what was added and taken away. */
export function stockOf(writes: readonly BookedWrite[]): number {
  return writes.reduce((sum, { before, after }) => sum + stockIn(after) - stockIn(before), 0)
}

/** All that was taken away, without what was added. */
export function takenFrom(writes: readonly BookedWrite[]): number {
  return writes.reduce((sum, { before, after }) => sum + Math.max(0, stockIn(before) - stockIn(after)), 0)
}

/** What holds nothing any more, whatever an application says. */
const over: ReadonlySet<string> = new Set(['cancelled', 'done', 'rejected', 'expired', 'revoked'])

/** Which reservations applications have ended, and with which word. */
export function endedBy(writes: readonly BookedWrite[]): ReadonlyMap<string, string> {
  const ended = new Map<string, string>()
  for (const { before, refused, after } of writes) {
    const was = bookingsIn(before)
    const is = bookingsIn(after)
    for (const id of new Set([...was.keys(), ...is.keys()])) {
      const shown = was.get(id)?.status
      const said = is.has(id) ? is.get(id)?.status : 'cancelled'
      if (over.has(shown ?? '') || (shown === undefined && refused.has(id))) continue
      if (said === 'done' && holding.has(shown ?? '')) ended.set(id, 'done')
      else if (said === 'cancelled' && !ended.has(id)) ended.set(id, 'cancelled')
    }
  }
  return ended
}

export function confirmedBy(writes: readonly BookedWrite[]): ReadonlySet<string> {
  const confirming = writes.flatMap(({ before, after }) => {
    const was = bookingsIn(before)
    return [...bookingsIn(after)].flatMap(([id, { status }]) =>
      status === 'confirming' && was.get(id)?.status === 'accepted' ? [id] : [],
    )
  })
  return new Set(confirming)
}

/** All quantities that applications ever wrote under an id. */
export function quantitiesOf(writes: readonly BookedWrite[], id: string): ReadonlySet<number> {
  return new Set(writes.flatMap(({ after }) => bookingsIn(after).get(id)?.quantity ?? []))
}

/** The document was deleted: what it said of its stock counts no more where it was begun anew, which is not modelled here. */
export function wasDeleted(writes: readonly BookedWrite[]): boolean {
  return writes.some(({ after }) => after === undefined)
}
