/**
 * A document is deleted and made anew, while somebody goes on with the old text, and while some sites have forgotten the
 * old one already and others have not. Which text counts?
 *
 * Whoever finds no text begins one of its own, a life, named by the dot of that write. It takes the place of all lives
 * that are read there. Every edit keeps the life that it changes: one that was edited meanwhile comes back whole, and
 * lives are read one behind the other. So are those that several sites begin at the same time.
 *
 * A life that was replaced stays, unseen, until every site has had its say in the one that took its place, or in one that
 * took the place of that: after that nobody can have an edit that keeps it. A site that has seen a life begin, speaks for all, and does not have it, has
 * forgotten it; and so does whoever meets that site, if nothing keeps it.
 */
import type { SiteId } from '../causality/dot.ts'
import { covers } from '../causality/version-vector.ts'
import type { BookType } from './beside.ts'
import { createCells } from './cells.ts'
import { ignore, JoiningAs } from './joining.ts'
import type { CellState, CellsState, Joining, Knowledge, MergeType } from './merge-type.ts'
import { NamedCells } from './named-cells.ts'
import { dotOfEdit, emptyTextBook, type TextBook } from './text-book.ts'
import { createTextBookType } from './text-lattice.ts'

export interface Life {
  /** The edits that keep it; none: it is not read. */
  readonly present: CellsState['present']
  readonly book: TextBook
}

/** By the name of the edit that began it, in the order in which they are read. */
export type Lives = readonly (readonly [birth: string, life: Life])[]

export function isRead({ present }: Life): boolean {
  return present.length > 0
}

/**
 * A new one, in the place of all that are read. It takes nothing from one that was replaced before; if it were to hold that
 * one up all the same, a site that has dropped it already and one that has not would differ.
 */
export function begunLives(known: Lives, birth: string): Lives {
  const instead = known.flatMap(([other, life]) => (isRead(life) ? [other] : []))
  const book = instead.length > 0 ? { ...emptyTextBook, instead } : emptyTextBook
  return [
    ...known.map(([other, life]) => [other, { ...life, present: [] }] as const),
    [birth, { present: [], book }] as const,
  ]
}

/** The cell of a life that holds its book. */
export const lifeBookCell = 'book'

/** `sites`: those that hold the record. */
export function createLives(sites: readonly SiteId[]): BookType<Lives> {
  const bookType = createTextBookType(sites)
  const oneLife = createCells({ typeOf: () => bookType, whenRemoved: 'keep', shape: 'a text' })
  const lives = createCells({ typeOf: lifeType, whenRemoved: 'keep', shape: 'texts' })

  function lifeType(birth: string): MergeType<CellsState> {
    return {
      ...oneLife,
      // What is written to a text goes into its book.
      write: () => undefined,
      join(a, b, joining) {
        const joined = oneLife.join(a, b, new JoiningAs(joining, { report: ignore }))
        if (!joined || joined.present.length > 0) return joined
        return isForgotten(birth, a, joining.a) || isForgotten(birth, b, joining.b) ? undefined : joined
      },
    }
  }

  function read(state: CellState): Lives {
    if (!('cells' in state)) return []
    return state.cells.names.flatMap(birth => {
      const life = state.cells.get(birth)
      if (!life || !('cells' in life)) return []
      const book = life.cells.get(lifeBookCell)
      return [[birth, { present: life.present, book: book && 'lattice' in book ? bookType.read(book) : emptyTextBook }]]
    })
  }

  /** What can never be read again is not kept. */
  function withoutOver(state: CellsState): CellsState {
    const over = livesOver(read(state), sites)
    if (over.size === 0) return state
    return { ...state, cells: state.cells.filter(birth => !over.has(birth)) }
  }

  return {
    ...lives,
    join(a: CellsState | undefined, b: CellsState | undefined, joining: Joining) {
      const joined = lives.join(a, b, joining)
      return joined && withoutOver(joined)
    },
    read,
    state: all =>
      withoutOver({
        present: [],
        cells: NamedCells.of(
          Object.fromEntries(
            all.map(([birth, { present, book }]) => [
              birth,
              { present, cells: NamedCells.of({ [lifeBookCell]: bookType.state(book) }) },
            ]),
          ),
        ),
      }),
  }
}

function isForgotten(birth: string, life: CellsState | undefined, { seen, whole }: Knowledge): boolean {
  return life === undefined && whole && covers(seen, dotOfEdit(birth))
}

/**
 * Of what took its place every site has had its say in each, or that is over itself: then too every site has seen it
 * begin, and whatever it wrote before is here. Nothing left that took its place: all of that was over and is gone.
 */
function livesOver(lives: Lives, sites: readonly SiteId[]): ReadonlySet<string> {
  const over = new Set<string>()
  const isOver = ([birth, life]: Lives[number]) => {
    const instead = lives.filter(([, { book }]) => book.instead?.includes(birth))
    return (
      !isRead(life) &&
      instead.every(([other, { book }]) => over.has(other) || sites.every(site => hasSpoken(site, book)))
    )
  }
  let found: Lives
  do {
    found = lives.filter(life => !over.has(life[0]) && isOver(life))
    for (const [birth] of found) over.add(birth)
  } while (found.length > 0)
  return over
}

function hasSpoken(site: SiteId, { applied, ruling }: TextBook): boolean {
  return Object.hasOwn(applied, site) || Object.hasOwn(ruling?.stored ?? {}, site)
}
