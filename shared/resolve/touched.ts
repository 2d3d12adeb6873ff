/** Which cells a delta speaks of. */
import { type Json, setField } from '../document/json.ts'
import type { CellState, CellsState, Touched } from './merge-type.ts'
import { indexOfName } from './named-cells.ts'
import { cellsIn } from './places.ts'

/** A delta that names no cell below speaks of the whole: it was removed or created. */
export function touchedBy(delta: CellState | null): Touched {
  if (delta === null || !isCells(delta) || delta.whole) return true
  const { names, values } = delta.cells
  if (names.length === 0) return true
  const touched: Record<string, Touched> = {}
  for (const [index, name] of names.entries()) setField(touched, name, touchedBy(values[index] ?? null))
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

/**
 * As stored beside the state that was touched: 1 for all below, or pairs of a cell and what was touched of it. A cell is
 * named by its place among the state's own; one that is not there any more by its name.
 */
export function encodeTouched(touched: Touched, state: CellState | null | undefined): Json {
  if (touched === true) return 1
  const cells = cellsIn(state)
  const pairs: Json[] = []
  for (const name of Object.keys(touched)) {
    const index = indexOfName(cells.names, name)
    pairs.push(index < 0 ? name : index, encodeTouched(touched[name] ?? true, cells.values[index]))
  }
  return pairs
}

/** What is no such text has touched everything: more is sent than needed. */
export function decodeTouched(encoded: Json | undefined, state: CellState | null | undefined): Touched {
  if (!isArray(encoded)) return true
  const cells = cellsIn(state)
  const touched: Record<string, Touched> = {}
  for (let index = 0; index < encoded.length; index += 2) {
    const cell = encoded[index]
    const name = typeof cell === 'number' ? cells.names[cell] : cell
    if (typeof name !== 'string') return true
    setField(touched, name, decodeTouched(encoded[index + 1], cells.get(name)))
  }
  return touched
}

/** `Array.isArray` does not tell a read-only array from an object. */
function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}
