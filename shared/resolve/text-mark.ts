/**
 * Whether a document has a text at all, which the text itself does not say: the cell that stands for it in the document.
 * An edit renews it, so that whoever removes the field at the same time brings nothing of it to an end.
 */
import { createCells } from './cells.ts'
import type { CellsState, MergeType } from './merge-type.ts'
import { registerType } from './register.ts'

const presence = createCells({ typeOf: () => registerType, whenRemoved: 'keep', shape: 'a mark' })

/** Reads as the empty text; what is in the text is written elsewhere. */
export const textMarkType: MergeType<CellsState> = {
  ...presence,

  misfit(value, path) {
    if (typeof value !== 'string') return { path, reason: 'a text that several sites edit is a string' }
    return value.isWellFormed() ? undefined : { path, reason: 'a text holds whole characters, not half of a pair' }
  },

  write(state, before, after, stamp) {
    if (before === after && before !== undefined) return undefined
    return presence.write(state, undefined, after === undefined ? undefined : {}, stamp)
  },

  view: state => (state.present.length > 0 ? '' : undefined),
}
