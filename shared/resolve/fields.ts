/**
 * Two sites change different fields of one object at once: both changes hold, because every field is a cell of its
 * own. A field that the declaration does not name is a register, so schemas may grow without a new declaration.
 *
 * Not for fields that only make sense together (an amount and its currency): declare those as one register.
 */
import { createCells } from './cells.ts'
import type { CellsState, MergeType } from './merge-type.ts'

export function createFields(named: ReadonlyMap<string, MergeType>, unnamed: MergeType): MergeType<CellsState> {
  return createCells({
    typeOf: name => named.get(name) ?? unnamed,
    whenRemoved: 'hide-cells',
    shape: 'a group of fields',
    corrects: [...named.values(), unnamed].some(({ corrects }) => corrects) || undefined,
  })
}
