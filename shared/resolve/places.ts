/**
 * Paths beside a state, as they are stored: the names of cells that the state has are told by their places there, which is
 * shorter than to name them again.
 */
import type { CellState, Path } from './merge-type.ts'
import { indexOfName, NamedCells } from './named-cells.ts'

/** For each step a place among the cells, or the name of one that is not there. */
export type Places = (number | string)[]

export function placesOf(path: Path, state: CellState | undefined): Places {
  let cells = cellsIn(state)
  return path.map(name => {
    const index = indexOfName(cells.names, name)
    cells = cellsIn(cells.values[index])
    return index < 0 ? name : index
  })
}

/** Throws a RangeError for a place that the state does not have. */
export function pathAt(places: Places, state: CellState | undefined): Path {
  let cells = cellsIn(state)
  return places.map(place => {
    const name = typeof place === 'number' ? cells.names[place] : place
    if (name === undefined) throw new RangeError(`the state has no cell ${place} there`)
    cells = cellsIn(cells.get(name))
    return name
  })
}

/** None where there is nothing below. */
export function cellsIn(state: CellState | null | undefined): NamedCells {
  return state && 'cells' in state ? state.cells : NamedCells.none
}
