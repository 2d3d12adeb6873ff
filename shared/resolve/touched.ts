/** Which cells a delta speaks of. */
import { setField } from '../document/json.ts'
import type { CellState, CellsState, Touched } from './merge-type.ts'

/** A delta that names no cell below speaks of the whole: it was removed or created. */
export function touchedBy(delta: CellState | null): Touched {
  if (delta === null || !isCells(delta) || delta.whole) return true
  const names = Object.keys(delta.cells)
  if (names.length === 0) return true
  const touched: Record<string, Touched> = {}
  for (const name of names) setField(touched, name, touchedBy(delta.cells[name] ?? null))
  return touched
}

function isCells(state: CellState): state is CellsState {
  return 'cells' in state
}

/** Everything that either of two writes touched. */
export function joinTouched(a: Touched, b: Touched): Touched {
  if (a === true || b === true) return true
  let joined: Record<string, Touched> | undefined
  for (const name of Object.keys(b)) {
    const mine = b[name] ?? true
    const known = Object.hasOwn(a, name) ? (a[name] ?? true) : undefined
    const both = known === undefined ? mine : joinTouched(known, mine)
    if (both === known) continue
    joined ??= { ...a }
    setField(joined, name, both)
  }
  return joined ?? a
}
