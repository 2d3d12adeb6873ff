/**
 * A deleted document is forgotten in the end, at one site before another, and made anew before all have forgotten it. Which
 * of its texts counts then?
 *
 * An edit that finds no text begins one of its own, a life, named by its dot. Every edit keeps the life that it changes;
 * a site that has seen all that keeps a life, and does not have it, has forgotten it, and so do those that it meets. Where
 * several sites begin one at the same time, each keeps its own history, and they are read one behind the other.
 */
import type { SiteId } from '../causality/dot.ts'
import type { BookType } from './beside.ts'
import { createCells } from './cells.ts'
import type { CellsState, MergeType } from './merge-type.ts'
import { emptyTextBook, type TextBook } from './text-book.ts'
import { createTextBookType } from './text-lattice.ts'

export interface Life {
  /** The edits that keep it. */
  readonly present: CellsState['present']
  readonly book: TextBook
}

/** By the name of the edit that began it, in the order in which they are read. */
export type Lives = readonly (readonly [birth: string, life: Life])[]

/** The cell of a life that holds its book. */
export const lifeBookCell = 'book'

/** `sites`: those that hold the record. */
export function createLives(sites: readonly SiteId[]): BookType<Lives> {
  const bookType = createTextBookType(sites)
  const oneLife = createCells({ typeOf: () => bookType, whenRemoved: 'keep', shape: 'a text' })
  const lifeType: MergeType<CellsState> = {
    ...oneLife,
    // A document that is made anew goes on with the lives that are known.
    write: () => undefined,
    join(a, b, joining) {
      const joined = oneLife.join(a, b, { ...joining, report: () => undefined })
      return joined && joined.present.length > 0 ? joined : undefined
    },
  }
  return {
    ...createCells({ typeOf: () => lifeType, whenRemoved: 'keep', shape: 'texts' }),

    read(state) {
      if (!('cells' in state)) return []
      const lives = Object.keys(state.cells).sort()
      return lives.flatMap(birth => {
        const life = state.cells[birth]
        if (!life || !('cells' in life)) return []
        const book = life.cells[lifeBookCell]
        return [
          [birth, { present: life.present, book: book && 'lattice' in book ? bookType.read(book) : emptyTextBook }],
        ]
      })
    },

    state: lives => ({
      present: [],
      cells: Object.fromEntries(
        lives.map(([birth, { present, book }]) => [
          birth,
          { present, cells: { [lifeBookCell]: bookType.state(book) } },
        ]),
      ),
    }),
  }
}
