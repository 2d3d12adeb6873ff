/**
 * Every edit of a text would have to be remembered for ever, for whoever may have made one without knowing of it. How does
 * the book of a text stay small?
 *
 * As if nothing were ever forgotten, a book is a log, all edits, and how many fixed edits each site says it has applied;
 * joined by the greater log, by union, by maximum. Of this it keeps the short form. What all sites have applied, be it
 * `n` edits, is folded into a text, and what was made on less than that is carried over to it. Whatever a site writes
 * later is made on more, and whatever it wrote before came here with its word; so the short form follows from the long
 * one, of any two the one that is folded further tells what the other has to drop, and joins keep their laws whoever
 * is the home. Nobody has to agree on folding, and no message is sent for it.
 */
import type { SiteId } from '../causality/dot.ts'
import { namedValues } from '../document/named-values.ts'
import * as z from '../document/schema.ts'
import { createLattice, type Lattice } from './lattice.ts'
import { isSiteName } from './outside-names.ts'
import { joinRulings, logLength } from './ruling.ts'
import { rulingSchema } from './ruling-schema.ts'
import { type BookedEdit, dotOfEdit, type Folded, type TextBook } from './text-book.ts'
import { isTextOp, type TextOp } from './text-operation.ts'
import { foldedTo } from './text-replay.ts'

const count = z.number().check(z.int(), z.minimum(0))
const isName = (name: unknown): name is string =>
  typeof name === 'string' && /^[^:]+:\d{1,15}$/.test(name) && isSiteName(dotOfEdit(name)[0])
const name = z.custom<string>(isName)
const book = z.object({
  ruling: z.optional(rulingSchema(name)),
  edits: namedValues(z.object({ base: count, edit: namedValues(z.custom<TextOp>(isTextOp)) }), isName),
  applied: namedValues(count, isSiteName),
  folded: z.object({
    length: count,
    texts: z.optional(namedValues(z.string())),
    last: namedValues(count, isSiteName),
  }),
  instead: z.optional(z.array(name)),
})

/** Which part of a book a write touched: all but the folded texts, which are the larger one and change by themselves. */
export const touchedEdits = { edits: true } as const

/** `sites`: those that hold the record. */
export function createTextBookType(sites: readonly SiteId[]): Lattice<TextBook> {
  const lattice = createLattice<TextBook>({
    join: (a, b) => joinBooks(a, b, sites),
    isValue: (value): value is TextBook => book.safeParse(value).success,
  })
  return {
    ...lattice,
    cut(state, touched) {
      const { folded, ...others } = lattice.read(state)
      if (touched === true || folded.length === 0) return state
      return lattice.state({ ...others, folded: { length: folded.length, last: folded.last } })
    },
  }
}

function joinBooks(a: TextBook, b: TextBook, sites: readonly SiteId[]): TextBook {
  const [low, high] = a.folded.length <= b.folded.length ? [a, b] : [b, a]
  const ruling = a.ruling && b.ruling ? joinRulings(a.ruling, b.ruling) : (a.ruling ?? b.ruling)
  const applied: Record<SiteId, number> = { ...low.applied }
  for (const [site, length] of Object.entries(high.applied)) applied[site] = Math.max(applied[site] ?? 0, length)
  const instead = a.instead ?? b.instead
  const joined = { edits: joinEdits(low, high), applied, folded: joinFolded(low, high) }
  return folding({ ...joined, ...(ruling && { ruling }), ...(instead && { instead }) }, sites)
}

/** What one of them has folded is told by the last counters, which the home takes in order. */
function joinEdits(low: TextBook, { edits, folded: { length, last } }: TextBook): TextBook['edits'] {
  const joined: Record<string, BookedEdit> = {}
  for (const [name, { base, edit }] of Object.entries(low.edits)) {
    const [site, counter] = dotOfEdit(name)
    if (counter > (last[site] ?? 0)) joined[name] = { base: Math.max(base, length), edit }
  }
  return { ...joined, ...edits }
}

function joinFolded(low: TextBook, { folded }: TextBook): Folded {
  if (folded.texts) return folded
  const { texts } = foldedTo(low, folded.length).folded
  return texts ? { ...folded, texts } : folded
}

/** In its short form: every change of a book ends with this. */
export function folding(book: TextBook, sites: readonly SiteId[]): TextBook {
  const { ruling, applied, folded } = book
  if (!ruling || !folded.texts) return book
  const everywhere = Math.min(logLength(ruling), ...sites.map(site => applied[site] ?? 0))
  return everywhere > folded.length ? foldedTo(book, everywhere) : book
}
