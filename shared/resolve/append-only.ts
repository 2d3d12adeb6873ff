/**
 * What has been written must stay as it was: a journal, a receipt, last year's transactions. What becomes of a write that
 * changes it?
 *
 * A local one is undone in the commit that captures it. Of two that were concurrent the first by the order of stamps
 * stays, at every site, and where they differ that is flagged for review; the other content is in the audit, whole. That
 * holds for a document (`once`) and for the entries of a map `{ <id>: entry }` (`entries`): entries are added and neither
 * changed nor removed, also not with the whole map.
 *
 * What the store's time to live removes is not put back. A document that holds such entries can be deleted with all that
 * is in it, and begun anew; where that must not be, the document itself is append-only.
 *
 * Not where "first" has to be what people saw first: an entry that stood at one site may be replaced there by an earlier
 * one that arrives late. Give entries ids that no two writers choose alike.
 */
import { createCells } from './cells.ts'
import type { CellsState, MergeType, RegisterState } from './merge-type.ts'
import { byStamp, createRegister, greatest } from './register.ts'

export const onceType: MergeType<RegisterState> = createRegister({
  rule: 'first-write-stays',
  review: true,
  choose: siblings => greatest(siblings, (a, b) => byStamp(b, a)),
  // With nothing before it begins: as a new one, or anew in place of one that has expired.
  admits: before => before === undefined,
})

const entries = createCells({
  typeOf: () => onceType,
  whenRemoved: 'keep',
  shape: 'a map of append-only entries',
  corrects: true,
})

export const entriesType: MergeType<CellsState> = {
  ...entries,
  write(state, before, after, stamp) {
    const removesAll = before !== undefined && after === undefined
    return removesAll ? undefined : entries.write(state, before, after, stamp)
  },
}
