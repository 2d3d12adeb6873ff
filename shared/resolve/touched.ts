/** Which cells a delta speaks of. */
import { emptyObject } from '../document/json.ts'
import type { CellState, CellsState, Touched } from './merge-type.ts'

/** A delta that names no cell below speaks of the whole: it was removed or created. */
export function touchedBy(delta: CellState | null): Touched {
  if (delta === null || !isCells(delta) || delta.whole) return true
  const names = Object.keys(delta.cells)
  if (names.length === 0) return true
  const touched: Record<string, Touched> = emptyObject()
  for (const name of names) touched[name] = touchedBy(delta.cells[name] ?? null)
  return touched
}

function isCells(state: CellState): state is CellsState {
  return 'cells' in state
}

/** Everything that either of two writes touched. */
export function joinTouched(a: Touched, b: Touched): Touched {
  if (a === true || b === true) return true
  const joined: Record<string, Touched> = emptyObject()
  for (const name of Object.keys(a)) joined[name] = a[name] ?? true
  for (const name of Object.keys(b)) {
    const other = joined[name]
    const mine = b[name] ?? true
    joined[name] = other === undefined ? mine : joinTouched(other, mine)
  }
  return joined
}
