/**
 * Named cells that live and die together: what records, objects and sets have in common.
 *
 * "Is it that A added it and B has not seen that yet, or that B removed it?" The writes that touched the whole, or
 * anything below it, keep it present; a removal takes away those that it saw. So a concurrent change, however deep,
 * revives what another site removed. What is below a removed whole stays in the state, unseen, so that what is
 * revived is complete and not the one field that happened to change. The price: a removed whole takes room until
 * every site has seen the removal.
 */
import type { Stamp } from '../causality/hybrid-logical-clock.ts'
import { compare } from '../causality/version-vector.ts'
import { type Document, isJsonObject, type Json, setField } from '../document/json.ts'
import { inOrder, isInOrder, namesOf } from '../document/names.ts'
import { tagKind } from '../document/tagged.ts'
import { isDots, joinPresence } from './dots.ts'
import type {
  CellState,
  CellsState,
  Joining,
  Knowledge,
  MergeType,
  Misfit,
  Path,
  Touched,
  Written,
} from './merge-type.ts'

type Cells = CellsState['cells']

/** What happens below when the whole is removed: nothing; each cell hides; each cell is removed as well. */
export type WhenRemoved = 'keep' | 'hide-cells' | 'remove-cells'

export interface CellsOptions {
  readonly typeOf: (name: string) => MergeType
  readonly whenRemoved: WhenRemoved
  /** Says what the whole must look like, in words for an error. */
  readonly shape: string
  /** A cell below may read differently from what was written (see `MergeType.corrects`). */
  readonly corrects?: true | undefined
}

const empty: CellsState = { present: [], cells: {} }

function childOf(cells: Cells | Document, name: string): CellState | undefined
function childOf(cells: Document, name: string): Json | undefined
function childOf(cells: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(cells, name) ? (cells[name] ?? undefined) : undefined
}

function fieldOf(document: Document | undefined, name: string): Json | undefined {
  return document !== undefined && Object.hasOwn(document, name) ? document[name] : undefined
}

/** The fields that are not the very same value in both, which many are; of the others each type finds out. */
function changedNames(before: Document, after: Document): readonly string[] {
  const names: string[] = []
  for (const name of Object.keys(after)) if (after[name] !== fieldOf(before, name)) names.push(name)
  for (const name of Object.keys(before)) if (!Object.hasOwn(after, name)) names.push(name)
  return inOrder(names)
}

function objectOf(value: Json | undefined): Document | undefined {
  if (value === undefined || isJsonObject(value)) return value
  throw new TypeError('cells hold an object: misfit() was not asked')
}

/** Applies one step to every named cell and collects what came of it. */
function eachCell(
  cells: Cells,
  names: readonly string[],
  step: (name: string, cell: CellState | undefined) => Written<CellState> | undefined,
): { readonly cells: Cells; readonly touched: { readonly [name: string]: Touched } } {
  const touched: Record<string, Touched> = {}
  const after = changedCells(cells, names, (name, cell) => {
    const written = step(name, cell)
    if (!written) return cell
    setField(touched, name, written.touched)
    return written.state
  })
  return { cells: after, touched }
}

/** The same cells, but the named ones as `change` leaves them. */
function changedCells(
  cells: Cells,
  names: readonly string[],
  change: (name: string, cell: CellState | undefined) => CellState | undefined,
): Cells {
  const after: Record<string, CellState | null> = { ...cells }
  let isNew = false
  for (const name of names) {
    const before = childOf(cells, name)
    const cell = change(name, before)
    if (cell === before) continue
    isNew ||= before === undefined
    if (cell === undefined) delete after[name]
    else setField(after, name, cell)
  }
  return isNew ? inNameOrder(after) : after
}

function inNameOrder(cells: Cells): Cells {
  const names = Object.keys(cells)
  if (isInOrder(names)) return cells
  const sorted: Record<string, CellState | null> = {}
  for (const name of names.sort()) setField(sorted, name, cells[name] ?? null)
  return sorted
}

function normal(present: CellsState['present'], cells: Cells): CellsState | undefined {
  return present.length === 0 && Object.keys(cells).length === 0 ? undefined : { present, cells }
}

export function createCells({ typeOf, whenRemoved, shape, corrects }: CellsOptions): MergeType<CellsState> {
  /** The cells below, after the whole was removed. */
  function removeBelow(state: CellsState, stamp: Stamp) {
    if (whenRemoved === 'keep') return { cells: state.cells, touched: {} }
    return eachCell(state.cells, Object.keys(state.cells), (name, cell) => {
      if (cell === undefined) return undefined
      const type = typeOf(name)
      const view = type.view(cell)
      if (whenRemoved === 'remove-cells' && view !== undefined) return type.write(cell, view, undefined, stamp)
      return type.hide(cell, stamp)
    })
  }

  /** Nothing of an earlier life may show through: every old cell is written anew or cleared. */
  function create(state: CellsState, after: Document, stamp: Stamp): Written<CellsState> {
    const { cells } = eachCell(state.cells, namesOf(state.cells, after), (name, cell) =>
      typeOf(name).write(cell, undefined, fieldOf(after, name), stamp),
    )
    return { state: { present: [[stamp.site, stamp.counter]], cells }, touched: true }
  }

  function clear(state: CellsState, stamp: Stamp): Written<CellsState> | undefined {
    const { cells, touched } = eachCell(state.cells, Object.keys(state.cells), (name, cell) =>
      typeOf(name).write(cell, undefined, undefined, stamp),
    )
    if (state.present.length === 0 && Object.keys(touched).length === 0) return undefined
    return { state: normal([], cells), touched: true }
  }

  function joinCell(name: string, a: CellsState, b: CellsState, joining: Joining): CellState | undefined {
    const left = childOf(a.cells, name)
    const right = childOf(b.cells, name)
    if (left === undefined && !Object.hasOwn(a.cells, name) && !joining.a.whole) return right
    if (right === undefined && !Object.hasOwn(b.cells, name) && !joining.b.whole) return left
    const path = [...joining.path, name]
    // A side that does not name the cell has no part in an arbitration: it may never have heard of it.
    const named = Object.hasOwn(a.cells, name) && Object.hasOwn(b.cells, name)
    return typeOf(name).join(left, right, { ...joining, path, report: named ? joining.report : ignore })
  }

  function joinBelow(a: CellsState, b: CellsState, joining: Joining): Cells {
    // What a delta does not name stays as it is: a delta is small, and a record may be large.
    if (joining.a.whole && !joining.b.whole) {
      return changedCells(a.cells, Object.keys(b.cells), name => joinCell(name, a, b, joining))
    }
    const cells: Record<string, CellState | null> = {}
    for (const name of namesOf(a.cells, b.cells)) {
      const cell = joinCell(name, a, b, joining)
      if (cell !== undefined) setField(cells, name, cell)
    }
    return cells
  }

  /** Present on one side, removed on the other, and neither had seen all of the other: the presence has won. */
  function reportRevival(a: CellsState, b: CellsState, present: CellsState['present'], joining: Joining): void {
    const removed = (side: CellsState) => side !== empty && side.present.length === 0
    if (present.length === 0 || (!removed(a) && !removed(b))) return
    if (compare(joining.a.seen, joining.b.seen) !== 'concurrent') return
    joining.report({ path: joining.path, rule: 'update-beats-removal' })
  }

  return {
    ...(corrects && { corrects }),

    misfit(value: Json, path: Path): Misfit | undefined {
      if (!isJsonObject(value)) return { path, reason: `${shape} is an object, not ${typeName(value)}` }
      for (const name of Object.keys(value)) {
        // At the top a document is an object whatever its fields are called; below, one such field is a value.
        const kind = path.length > 0 ? tagKind(name) : undefined
        if (kind !== undefined)
          return { path, reason: `${shape} is an object, and one with a field ${name} is ${kind}` }
        const misfit = typeOf(name).misfit(value[name] ?? null, [...path, name])
        if (misfit) return misfit
      }
      return undefined
    },

    write(state = empty, beforeValue, afterValue, stamp) {
      const before = objectOf(beforeValue)
      const after = objectOf(afterValue)
      if (before === undefined) return after === undefined ? clear(state, stamp) : create(state, after, stamp)
      if (after === undefined) {
        const { cells, touched } = removeBelow(state, stamp)
        return { state: normal([], cells), touched }
      }
      const { cells, touched } = eachCell(state.cells, changedNames(before, after), (name, cell) =>
        typeOf(name).write(cell, fieldOf(before, name), fieldOf(after, name), stamp),
      )
      if (Object.keys(touched).length === 0) return undefined
      return { state: { present: [[stamp.site, stamp.counter]], cells }, touched }
    },

    hide(state, stamp) {
      const { cells, touched } = removeBelow(state, stamp)
      return Object.keys(touched).length === 0 ? undefined : { state: { ...state, cells }, touched }
    },

    cut(state, touched) {
      if (touched === true) return { ...state, whole: true }
      const cells: Record<string, CellState | null> = {}
      for (const name of Object.keys(touched)) {
        const cell = childOf(state.cells, name)
        setField(cells, name, cell === undefined ? null : typeOf(name).cut(cell, touched[name] ?? true))
      }
      return { present: state.present, cells }
    },

    join(aState, bState, joining) {
      const a = aState ?? empty
      const b = bState ?? empty
      const below = joiningBelow(aState, bState, joining)
      const present = joinPresence(a.present, b.present, joining)
      reportRevival(a, b, present, joining)
      return normal(present, joinBelow(a, b, below))
    },

    openSiblings(state, path) {
      if (state.present.length === 0) return []
      return Object.keys(state.cells).flatMap(name => {
        const cell = childOf(state.cells, name)
        return (cell && typeOf(name).openSiblings?.(cell, [...path, name])) ?? []
      })
    },

    view(state) {
      if (state.present.length === 0) return undefined
      const document: Record<string, Json> = {}
      for (const name of Object.keys(state.cells)) {
        const cell = childOf(state.cells, name)
        const value = cell === undefined ? undefined : typeOf(name).view(cell)
        if (value !== undefined) setField(document, name, value)
      }
      return document
    },

    isState: (value): value is CellsState =>
      typeof value === 'object' &&
      value !== null &&
      'present' in value &&
      'cells' in value &&
      isDots(value.present) &&
      (!('whole' in value) || value.whole === true) &&
      typeof value.cells === 'object' &&
      value.cells !== null &&
      !Array.isArray(value.cells) &&
      Object.entries(value.cells).every(([name, cell]) => cell === null || typeOf(name).isState(cell)),
  }
}

function ignore(): void {}

function joiningBelow(a: CellsState | undefined, b: CellsState | undefined, joining: Joining): Joining {
  const [aKnows, bKnows] = [knowledgeBelow(a, joining.a), knowledgeBelow(b, joining.b)]
  return aKnows === joining.a && bKnows === joining.b ? joining : { ...joining, a: aKnows, b: bKnows }
}

/** A side that is absent altogether is known to be empty, with all that could be below. */
function knowledgeBelow(state: CellsState | undefined, knowledge: Knowledge): Knowledge {
  if (knowledge.whole) return knowledge
  return state === undefined || state.whole ? { ...knowledge, whole: true } : knowledge
}

function typeName(value: Json): string {
  return value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`
}
