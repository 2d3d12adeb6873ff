/**
 * The text after so many edits of the log, and what the edits behind them look like on it.
 *
 * The same steps that a client of Jupiter takes (Nichols et al. 1995): each site is one, with a queue of its own edits that
 * are in no fixed order yet. An edit joins its author's queue where it was made; the next one of the log is always at the
 * head of a queue, is applied, and all others' queues are carried over it, edit by edit, and it over them.
 */
import type { SiteId } from '../causality/dot.ts'
import { droppedFrom, logLength, withoutFirst } from './ruling.ts'
import { type BookedEdit, dotOfEdit, namesInLog, type TextBook } from './text-book.ts'
import { applyEdit, type TextEdit, type Texts, transformed } from './text-operation.ts'

interface Waiting {
  readonly name: string
  readonly base: number
  edit: TextEdit
}

/** The edits of one site in its order: those in front of `next` are in its queue, from `head` on. */
interface Author {
  readonly site: SiteId
  readonly own: readonly Waiting[]
  head: number
  next: number
}

export interface Replayed {
  readonly texts: Texts
  /** What is not in the text yet, by name; made on this text, or later. */
  readonly edits: TextBook['edits']
}

/** `length` counts from the beginning of the log. Throws where the book does not reach from its folded part so far. */
export function replay(book: TextBook, length: number): Replayed {
  const { folded, ruling } = book
  if (!folded.texts || length < folded.length || length > (ruling ? logLength(ruling) : 0)) {
    throw new RangeError(`a text that is known at ${folded.length} of its edits cannot be told at ${length}`)
  }
  const log = namesInLog(ruling ? ruling.log.slice(folded.length - droppedFrom(ruling)) : [])
  const authors = authorsOf(book)
  let texts = folded.texts
  for (let at = folded.length; at < length; at++) {
    for (const author of authors.values()) queue(author, at)
    const name = log[at - folded.length] ?? ''
    const author = authors.get(dotOfEdit(name)[0])
    const first = author && author.head < author.next ? author.own[author.head] : undefined
    // An edit that was forgotten together with a deleted document has no part in the next one.
    if (!author || first?.name !== name) continue
    author.head++
    texts = applyEdit(texts, first.edit)
    carryOver(first.edit, author, authors.values())
  }
  for (const author of authors.values()) queue(author, length)
  return { texts, edits: editsLeft(authors.values(), length) }
}

function authorsOf({ edits }: TextBook): ReadonlyMap<SiteId, Author> {
  const own = Map.groupBy(Object.entries(edits), ([name]) => dotOfEdit(name)[0])
  return new Map(
    [...own].map(([site, entries]) => {
      const inOrder = entries
        .sort(([a], [b]) => dotOfEdit(a)[1] - dotOfEdit(b)[1])
        .map(([name, { base, edit }]): Waiting => ({ name, base, edit }))
      return [site, { site, own: inOrder, head: 0, next: 0 }]
    }),
  )
}

/** Whatever was made on `at` edits, or on less, is in its author's queue by now. */
function queue(author: Author, at: number): void {
  while ((author.own[author.next]?.base ?? Number.POSITIVE_INFINITY) <= at) author.next++
}

function carryOver(edit: TextEdit, { site }: Author, authors: Iterable<Author>): void {
  for (const other of authors) {
    if (other.site === site) continue
    let early = { site, edit }
    for (const waiting of other.own.slice(other.head, other.next)) {
      const late = { site: other.site, edit: waiting.edit }
      waiting.edit = transformed(late, early)
      early = { site, edit: transformed(early, late) }
    }
  }
}

function editsLeft(authors: Iterable<Author>, length: number): TextBook['edits'] {
  const left: Record<string, BookedEdit> = {}
  for (const { own, head } of authors)
    for (const { name, base, edit } of own.slice(head)) left[name] = { base: Math.max(base, length), edit }
  return left
}

/** The same book with its first `length` edits folded. */
export function foldedTo(book: TextBook, length: number): TextBook {
  const { ruling, folded } = book
  if (length === folded.length) return book
  const { texts, edits } = replay(book, length)
  const last: Record<SiteId, number> = { ...folded.last }
  for (const name of namesInLog(ruling?.log.slice(0, length - droppedFrom(ruling)) ?? [])) {
    const [site, counter] = dotOfEdit(name)
    last[site] = Math.max(last[site] ?? 0, counter)
  }
  return { ...book, ...(ruling && { ruling: withoutFirst(ruling, length) }), edits, folded: { length, texts, last } }
}

/** What a site shows: everything in the order of the log as far as it is fixed, and its own edits that are not on top. */
export function textsAt(book: TextBook, length: number, site: SiteId | undefined): Texts {
  const { texts, edits } = replay(book, length)
  const own = Object.entries(edits)
    .filter(([name]) => dotOfEdit(name)[0] === site)
    .sort(([a], [b]) => dotOfEdit(a)[1] - dotOfEdit(b)[1])
  return own.reduce((shown, [, { edit }]) => applyEdit(shown, edit), texts)
}
