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
import { inOrder, namesWith } from '../document/names.ts'
import { tagKind } from '../document/tagged.ts'
import { isDots, joinPresence } from './dots.ts'
import { ignore, JoiningAs, JoiningBelow } from './joining.ts'
import type {
  CellState,
  CellsState,
  Joining,
  Knowledge,
  MergeType,
  Misfit,
  Path,
  Report,
  Touched,
  Written,
} from './merge-type.ts'
import { NamedCells } from './named-cells.ts'

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

const empty: CellsState = { present: [], cells: NamedCells.none }

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
  cells: NamedCells,
  names: readonly string[],
  step: (name: string, cell: CellState | undefined) => Written<CellState> | undefined,
): { readonly cells: NamedCells; readonly touched: { readonly [name: string]: Touched } } {
  const touched: Record<string, Touched> = {}
  const after = cells.changed(names, (name, cell) => {
    const written = step(name, cell)
    if (!written) return cell
    setField(touched, name, written.touched)
    return written.state
  })
  return { cells: after, touched }
}

function normal(present: CellsState['present'], cells: NamedCells): CellsState | undefined {
  return present.length === 0 && cells.names.length === 0 ? undefined : { present, cells }
}

export function createCells({ typeOf, whenRemoved, shape, corrects }: CellsOptions): MergeType<CellsState> {
  /** The cells below, after the whole was removed. */
  function removeBelow(state: CellsState, stamp: Stamp) {
    if (whenRemoved === 'keep') return { cells: state.cells, touched: {} }
    return eachCell(state.cells, state.cells.names, (name, cell) => {
      if (cell === undefined) return undefined
      const type = typeOf(name)
      const view = type.view(cell)
      if (whenRemoved === 'remove-cells' && view !== undefined) return type.write(cell, view, undefined, stamp)
      return type.hide(cell, stamp)
    })
  }

  /** Nothing of an earlier life may show through: every old cell is written anew or cleared. */
  function create(state: CellsState, after: Document, stamp: Stamp): Written<CellsState> {
    const { cells } = eachCell(state.cells, namesWith(state.cells.names, Object.keys(after)), (name, cell) =>
      typeOf(name).write(cell, undefined, fieldOf(after, name), stamp),
    )
    return { state: { present: [[stamp.site, stamp.counter]], cells }, touched: true }
  }

  function clear(state: CellsState, stamp: Stamp): Written<CellsState> | undefined {
    const { cells, touched } = eachCell(state.cells, state.cells.names, (name, cell) =>
      typeOf(name).write(cell, undefined, undefined, stamp),
    )
    if (state.present.length === 0 && Object.keys(touched).length === 0) return undefined
    return { state: normal([], cells), touched: true }
  }

  function joinBelow(a: CellsState, b: CellsState, joining: Joining): NamedCells {
    // What a delta does not name stays as it is: a delta is small, and a record may be large.
    if (joining.a.whole && !joining.b.whole) {
      return a.cells.changed(b.cells.names, (name, left, isNamed, position) =>
        joinCell(name, left, b.cells.values[position] ?? undefined, isNamed ? joining.report : ignore, joining),
      )
    }
    const names = namesWith(a.cells.names, b.cells.names)
    return NamedCells.none.changed(names, name => {
      const [left, right] = [a.cells.get(name), b.cells.get(name)]
      if (left === undefined && !joining.a.whole) return right ?? undefined
      if (right === undefined && !joining.b.whole) return left ?? undefined
      const isNamed = left !== undefined && right !== undefined
      return joinCell(name, left ?? undefined, right ?? undefined, isNamed ? joining.report : ignore, joining)
    })
  }

  /** A side that does not name the cell has no part in an arbitration: it may never have heard of it. */
  function joinCell(
    name: string,
    left: CellState | undefined,
    right: CellState | undefined,
    report: Report,
    joining: Joining,
  ): CellState | undefined {
    return typeOf(name).join(left, right, new JoiningBelow(joining, name, report))
  }

  /** Present on one side, removed on the other, and neither had seen all of the other: the presence has won. */
  function reportRevival(a: CellsState, b: CellsState, present: CellsState['present'], joining: Joining): void {
    const removed = (side: CellsState) => side !== empty && side.present.length === 0
    if (present.length === 0 || (!removed(a) && !removed(b))) return
    if (compare(joining.a.seen, joining.b.seen) !== 'concurrent') return
    joining.report({ path: joining.path, rule: 'update-beats-removal' })
  }

  function areStates({ names, values }: NamedCells): boolean {
    for (let index = 0; index < names.length; index++) {
      const cell = values[index] ?? null
      if (cell !== null && !typeOf(names[index] ?? '').isState(cell)) return false
    }
    return true
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
      const names = inOrder(Object.keys(touched))
      const cells = names.map(name => {
        const cell = state.cells.get(name)
        return cell ? typeOf(name).cut(cell, touched[name] ?? true) : null
      })
      return { present: state.present, cells: new NamedCells(names, cells) }
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
      return state.cells.names.flatMap((name, index) => {
        const cell = state.cells.values[index]
        return (cell && typeOf(name).openSiblings?.(cell, [...path, name])) ?? []
      })
    },

    origins(state, path) {
      if (state.present.length === 0) return []
      return state.cells.names.flatMap((name, index) => {
        const cell = state.cells.values[index]
        return (cell && typeOf(name).origins?.(cell, [...path, name])) ?? []
      })
    },

    view(state) {
      if (state.present.length === 0) return undefined
      const document: Record<string, Json> = {}
      const { names, values } = state.cells
      for (let index = 0; index < names.length; index++) {
        const [name, cell] = [names[index] ?? '', values[index]]
        const value = cell ? typeOf(name).view(cell) : undefined
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
      value.cells instanceof NamedCells &&
      areStates(value.cells),
  }
}

function joiningBelow(a: CellsState | undefined, b: CellsState | undefined, joining: Joining): Joining {
  const [aKnows, bKnows] = [knowledgeBelow(a, joining.a), knowledgeBelow(b, joining.b)]
  return aKnows === joining.a && bKnows === joining.b ? joining : new JoiningAs(joining, { a: aKnows, b: bKnows })
}

/** A side that is absent altogether is known to be empty, with all that could be below. */
function knowledgeBelow(state: CellsState | undefined, knowledge: Knowledge): Knowledge {
  if (knowledge.whole) return knowledge
  return state === undefined || state.whole ? { ...knowledge, whole: true } : knowledge
}

function typeName(value: Json): string {
  return value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`
}
