/** A state with one part of it replaced by something that no state has there. */
import type { Json } from '../../shared/document/json.ts'
import { isJsonObject } from '../../shared/document/json.ts'
import type { CellsState } from '../../shared/resolve/merge-type.ts'
import { type NamedCell, NamedCells } from '../../shared/resolve/named-cells.ts'

interface Spot {
  readonly path: readonly (string | number)[]
  /** What must not stand there. */
  readonly junk: readonly Json[]
}

const cellJunk = [7, 'x', true, [], {}]
const mapJunk = [null, 7, 'x', []]
const dotsJunk = [null, 7, 'x', {}]
const dotJunk = [null, 7, [], ['a'], ['a', 1.5], [1, 1], ['a', 1, 2], ['a', '1']]
const siteJunk = [null, 7, []]
const numberJunk = [null, 'x', 1.5, 2 ** 53]
const latticeJunk = [null, 7, 'x', [], {}]
const siblingJunk = [null, 7, [], ['a', 1, 1], ['a', 1, 1, 'red', 1, 1]]
const lateJunk = [null, 'x', 1.5, -1, 100]
const slotJunk = [null, 7, [], [0, 0, 0], [0, 0, 0, 0, 0]]
// The last ones are numbers, but sums with them would take all memory.
const amountJunk = [null, 1.5, '', 'x', 'NaN', 'Infinity', '--1', '1e', '1e+999999999', '1e-999999999']

export function spoiled(state: CellsState, pick: <Item>(items: readonly Item[]) => Item): unknown {
  const plain: Json = JSON.parse(JSON.stringify(state))
  const { path, junk } = pick(cellSpots(plain, []))
  return asState(replaced(plain, path, pick(junk)))
}

/** The inverse of what JSON makes of a state, for whatever may stand in it. */
export function asState(plain: unknown): unknown {
  if (typeof plain !== 'object' || plain === null || !('cells' in plain)) return plain
  const { cells } = plain
  if (typeof cells !== 'object' || cells === null || Array.isArray(cells)) return plain
  const names = Object.keys(cells).sort()
  const below = new Map(Object.entries(cells).map(([name, cell]) => [name, asState(cell)]))
  // Junk among them is what the test is about.
  return { ...plain, cells: new NamedCells(names, names.map(name => below.get(name)) as NamedCell[]) }
}

function cellSpots(cell: Json, path: Spot['path']): readonly Spot[] {
  const itself = { path, junk: cellJunk }
  if (Array.isArray(cell)) return [itself, ...each(cell, path, siblingSpots)]
  if (!isJsonObject(cell)) return []
  if ('lattice' in cell) return [itself, { path: [...path, 'lattice'], junk: latticeJunk }]
  const below = 'cells' in cell ? 'cells' : 'slots'
  return [
    itself,
    { path: [...path, 'present'], junk: dotsJunk },
    ...each(cell.present, [...path, 'present'], dotSpots),
    { path: [...path, below], junk: mapJunk },
    ...each(cell[below], [...path, below], below === 'cells' ? cellSpots : slotSpots),
    ...(below === 'cells' ? [{ path: [...path, 'whole'], junk: [false, 'yes', 1, null] }] : []),
  ]
}

function dotSpots(_dot: Json, path: Spot['path']): readonly Spot[] {
  return [
    { path, junk: dotJunk },
    { path: [...path, 0], junk: siteJunk },
    { path: [...path, 1], junk: numberJunk },
  ]
}

function siblingSpots(sibling: Json, path: Spot['path']): readonly Spot[] {
  return [
    { path, junk: siblingJunk },
    ...dotSpots(null, path).slice(1),
    { path: [...path, 2], junk: numberJunk },
    ...(Array.isArray(sibling) && sibling.length > 4 ? [{ path: [...path, 4], junk: lateJunk }] : []),
  ]
}

function slotSpots(_slot: Json, path: Spot['path']): readonly Spot[] {
  return [{ path, junk: slotJunk }, ...[0, 1, 2, 3].map(index => ({ path: [...path, index], junk: amountJunk }))]
}

function each(
  whole: Json | undefined,
  path: Spot['path'],
  spots: (part: Json, path: Spot['path']) => readonly Spot[],
): readonly Spot[] {
  if (Array.isArray(whole)) return (whole as readonly Json[]).flatMap((part, index) => spots(part, [...path, index]))
  if (!isJsonObject(whole)) return []
  return Object.entries(whole).flatMap(([name, part]) => spots(part, [...path, name]))
}

function replaced(whole: Json, [step, ...rest]: Spot['path'], by: Json): Json {
  if (step === undefined) return by
  if (Array.isArray(whole)) {
    return (whole as readonly Json[]).map((part, index) => (index === step ? replaced(part, rest, by) : part))
  }
  const entries = Object.entries(isJsonObject(whole) ? whole : {}).filter(([name]) => name !== step)
  const old = isJsonObject(whole) && Object.hasOwn(whole, step) ? whole[step] : null
  return Object.fromEntries([...entries, [step, replaced(old ?? null, rest, by)]])
}
