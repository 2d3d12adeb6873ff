/**
 * A document, and beside it a book: what Tributary remembers of it that no application sees, such as events and verdicts.
 * The document merges by its own type; the book is joined in its own way and outlives every deletion.
 */
import { type Document, isJsonObject } from '../document/json.ts'
import { createFields } from './fields.ts'
import { JoiningAs } from './joining.ts'
import type { CellState, CellsState, Joining, MergeType, Origin, Path, Touched, Written } from './merge-type.ts'
import { registerType } from './register.ts'

const documentCell = 'document'
const bookCell = 'book'

/** The cell that holds a book: a lattice, or whatever else is read and made in this way. */
export interface BookType<Book> extends MergeType {
  read(cell: CellState): Book
  state(book: Book): CellState
}

export interface Beside<Book> {
  readonly parts: MergeType<CellsState>
  /** Undefined: there is none. A delta that does not speak of it has an empty one. */
  document(state: CellsState): Document | undefined
  book(state: CellsState): Book
  /** What a write does to the document; `before`: as it was, or whether there was one where it reads as it was written. */
  write(
    state: CellsState | undefined,
    before: Document | boolean,
    after: Document | undefined,
    stamp: Parameters<MergeType['write']>[3],
  ): Written<CellsState> | undefined
  /** The same, with another book; `written`: what was touched besides; `inBook`: what of the book has to travel. */
  withBook(state: CellsState, book: Book, written?: Written<CellsState>, inBook?: Touched): Written<CellsState>
}

export function createBeside<Book>(inner: MergeType, bookType: BookType<Book>, empty: Book): Beside<Book> {
  const parts = createFields(
    new Map<string, MergeType>([
      [documentCell, inner],
      [bookCell, bookType],
    ]),
    registerType,
  )
  return {
    parts: {
      ...parts,
      join: (a, b, joining) => parts.join(a, b, reportingDocument(joining)),
      origins: originsBeside(parts, documentCell),
    },

    document(state) {
      const view = parts.view(state)
      if (!isJsonObject(view)) return undefined
      return isJsonObject(view[documentCell]) ? view[documentCell] : {}
    },

    book(state) {
      const cell = state.cells.get(bookCell)
      return cell ? bookType.read(cell) : empty
    },

    write(state, before, after, stamp) {
      const whole = before === true ? state && parts.view(state) : before ? { [documentCell]: before } : undefined
      return parts.write(state, whole, after && { [documentCell]: after }, stamp)
    },

    withBook(state, book, written, inBook = true) {
      const touched = written?.touched ?? {}
      return {
        state: { ...state, cells: state.cells.with(bookCell, bookType.state(book)) },
        touched: touched === true ? true : { ...touched, [bookCell]: inBook },
      }
    },
  }
}

/** Of what is in this cell alone; paths start inside it. */
export function originsBeside(parts: MergeType<CellsState>, documentCell: string) {
  return (state: CellsState, path: Path): readonly Origin[] => {
    const all = parts.origins?.(state, []) ?? []
    return all.flatMap(({ path: [cell, ...below], ...write }) =>
      cell === documentCell ? [{ ...write, path: [...path, ...below] }] : [],
    )
  }
}

/** Paths start inside the document. */
function reportingDocument(joining: Joining): Joining {
  return new JoiningAs(joining, {
    report({ path, ...arbitration }) {
      const depth = joining.path.length
      joining.report({ path: path.filter((_, index) => index !== depth), ...arbitration })
    },
  })
}
