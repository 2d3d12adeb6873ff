/**
 * The cells of a record, an object or a set by their names: two lists side by side, names in the order of their UTF-16
 * units, so that equal ones are written alike. Never changed in place.
 *
 * Lists instead of an object, because a write copies every level above what it changes: names are shared between the
 * versions of a state (and between elements that have the same fields) until one comes or goes, and objects with ever
 * new sets of names are slow in V8, where each set is a hidden class.
 */
import { setField } from '../document/json.ts'
import { inOrder } from '../document/names.ts'
import type { CellState } from './merge-type.ts'

/** In a delta `null` says: written, and empty now. */
export type NamedCell = CellState | null

/** Up to here looking at one name after the other is faster than halving. */
const fewNames = 8

export class NamedCells {
  static readonly none = new NamedCells([], [])

  /** In order, each once. */
  readonly names: readonly string[]
  /** One for each name. */
  readonly values: readonly NamedCell[]

  constructor(names: readonly string[], values: readonly NamedCell[]) {
    this.names = names
    this.values = values
  }

  static of(cells: { readonly [name: string]: NamedCell }): NamedCells {
    const names = inOrder(Object.keys(cells))
    return new NamedCells(
      names,
      names.map(name => cells[name] ?? null),
    )
  }

  get(name: string): NamedCell | undefined {
    const index = indexOfName(this.names, name)
    return index < 0 ? undefined : this.values[index]
  }

  has(name: string): boolean {
    return indexOfName(this.names, name) >= 0
  }

  with(name: string, cell: NamedCell): NamedCells {
    return this.changed([name], () => cell)
  }

  filter(keep: (name: string) => boolean): NamedCells {
    const names = this.names.filter(keep)
    return new NamedCells(
      names,
      this.values.filter((_, index) => keep(this.names[index] ?? '')),
    )
  }

  /**
   * The same cells, but the named ones as `change` leaves them; undefined: it goes. `names` are in order; `change` is told
   * whether the cell is named here, and the name's place in `names`.
   */
  changed(
    names: readonly string[],
    change: (name: string, cell: CellState | undefined, isNamed: boolean, position: number) => NamedCell | undefined,
  ): NamedCells {
    let values: (NamedCell | undefined)[] | undefined
    let isGone = false
    let added: string[] | undefined
    let addedValues: NamedCell[] | undefined
    for (let position = 0; position < names.length; position++) {
      const name = names[position] ?? ''
      const index = indexOfName(this.names, name)
      const before = index < 0 ? undefined : (this.values[index] ?? undefined)
      const cell = change(name, before, index >= 0, position)
      if (cell === before) continue
      if (index >= 0) {
        values ??= [...this.values]
        values[index] = cell
        isGone ||= cell === undefined
      } else if (cell !== undefined) {
        added ??= []
        addedValues ??= []
        added.push(name)
        addedValues.push(cell)
      }
    }
    if (values === undefined && added === undefined) return this
    if (!isGone && added === undefined) return new NamedCells(this.names, values as NamedCell[])
    return merged(this.names, values ?? this.values, added ?? [], addedValues ?? [])
  }

  /** As an object, for tests and for people. */
  toJSON(): unknown {
    const cells: Record<string, NamedCell> = {}
    for (const [index, name] of this.names.entries()) setField(cells, name, this.values[index] ?? null)
    return cells
  }
}

/** -1: not among them. `names` are in order. */
export function indexOfName(names: readonly string[], name: string): number {
  if (names.length <= fewNames) {
    for (let index = 0; index < names.length; index++) if (names[index] === name) return index
    return -1
  }
  let low = 0
  let high = names.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const found = names[middle] ?? ''
    if (found === name) return middle
    if (found < name) low = middle + 1
    else high = middle - 1
  }
  return -1
}

/** Both in order, no name in both; those of `values` that are undefined are left out. */
function merged(
  names: readonly string[],
  values: readonly (NamedCell | undefined)[],
  added: readonly string[],
  addedValues: readonly NamedCell[],
): NamedCells {
  const allNames: string[] = []
  const all: NamedCell[] = []
  let next = 0
  for (let index = 0; index <= names.length; index++) {
    const name = names[index]
    while (next < added.length && (name === undefined || (added[next] ?? '') < name)) {
      allNames.push(added[next] ?? '')
      all.push(addedValues[next++] ?? null)
    }
    const value = values[index]
    if (name === undefined || value === undefined) continue
    allNames.push(name)
    all.push(value)
  }
  return new NamedCells(allNames, all)
}
