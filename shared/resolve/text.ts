/**
 * Two people write in one text at two sites at once: how do both see all of it, at every site the same, although their
 * applications only ever write the whole string?
 *
 * What a capture finds changed in the string becomes an operation on it. The home of the record puts the operations of all
 * sites into one order (see ruling.ts), and each that comes after one its author did not know of is transformed to mean
 * the same behind it: operational transformation with a server (Nichols et al. 1995; Google Wave), which needs no more of
 * the transformation than TP1. A site shows its own edits at once, others' as soon as their place is fixed. What was
 * written at one place stands there as written; where one site deletes a passage while another writes in it, what was
 * written stays.
 *
 * A deleted document keeps its texts unseen for who edited them meanwhile; made anew, it begins with what is written then.
 * Where several sites begin a text at the same time, all that they wrote stays, one behind the other (text-lives.ts).
 *
 * Not for applications that write back a string they read some time ago: to them everything since looks deleted. Not for
 * text that is one value, such as a title (register): half of one and half of the other is neither.
 */

import type { Stamp } from '../causality/hybrid-logical-clock.ts'
import type { TextDescriptor } from '../declare/merge-descriptor.ts'
import { type Document, isJsonObject, type Json, setField } from '../document/json.ts'
import { createBeside } from './beside.ts'
import { createFields } from './fields.ts'
import { homeSite } from './home-site.ts'
import type { CellsState, Decision, MergeType, Touched } from './merge-type.ts'
import { registerType } from './register.ts'
import { decide, firstRuling, fixedLength, type Jurisdiction, majorityOf, type Ruling } from './ruling.ts'
import { dotOfEdit, editName, namesInLog, type TextBook } from './text-book.ts'
import { replacingOp, textOpBetween } from './text-diff.ts'
import { folding, touchedEdits } from './text-lattice.ts'
import { begunLives, createLives, isRead, type Life, type Lives, lifeBookCell } from './text-lives.ts'
import { textMarkType } from './text-mark.ts'
import { charactersIn, dividedOp, editSize, type TextEdit, type TextOp, type Texts, textIn } from './text-operation.ts'
import { textsAt } from './text-replay.ts'

/** A site says that it has applied edits when it has something else to say, or when so much could be folded for it. */
const unfoldedEditsMax = 16
const unfoldedSizeMax = 4_096

/** `site`: whose own edits show before they are fixed; absent: nobody's do. */
export function createText(
  declared: TextDescriptor,
  sites: readonly string[],
  site: string | undefined,
): MergeType<CellsState> {
  const inner = createFields(new Map(declared.fields.map(field => [field, textMarkType])), registerType)
  const beside = createBeside(inner, createLives(sites), [])
  const jurisdiction: Jurisdiction = {
    sites,
    quorum: declared.decide.fixed === 'majority' ? majorityOf(sites) : 1,
  }

  function fixedIn({ ruling, folded }: TextBook): number {
    return Math.max(folded.length, ruling ? fixedLength(ruling, jurisdiction) : 0)
  }

  function shown(state: CellsState): Document | undefined {
    const document = beside.document(state)
    if (!document) return undefined
    const marked = declared.fields.filter(field => Object.hasOwn(document, field))
    if (marked.length === 0) return document
    const books = beside.book(state).flatMap(([, life]) => (isRead(life) ? [life.book] : []))
    // What travels may come without the text that it changes.
    const texts = books.every(book => book.folded.texts) && books.map(book => textsAt(book, fixedIn(book), site))
    const visible: Record<string, Json> = {}
    for (const [name, value] of Object.entries(document)) {
      if (!marked.includes(name)) setField(visible, name, value)
      else if (texts) setField(visible, name, texts.map(one => textIn(one, name)).join(''))
    }
    return visible
  }

  /** What was done to each of the texts that are read as one. */
  function editsBetween(before: Document | undefined, after: Document, texts: readonly Texts[]): readonly TextEdit[] {
    const edits = texts.map((): Record<string, TextOp> => ({}))
    for (const field of declared.fields) {
      const text = stringIn(after, field)
      if (text === undefined) continue
      const parts = texts.map(one => textIn(one, field))
      const operation = stringIn(before, field) === undefined ? replacingOp : textOpBetween
      const ops = dividedOp(operation(parts.join(''), text), parts.map(charactersIn))
      for (const [index, op] of ops.entries()) {
        const edit = edits[index]
        if (edit && op.length > 0) setField(edit, field, op)
      }
    }
    return edits
  }

  return {
    ...beside.parts,

    misfit: inner.misfit,

    write(state, before, after, stamp) {
      const [was, is] = [asDocument(before), asDocument(after)]
      const written = beside.write(state, was ?? false, is, stamp)
      const outcome = written?.state ?? state
      if (!is || !outcome) return written
      const known = beside.book(outcome)
      const changed = isAnew(was, is) ? begun(known, is, stamp) : edited(known, was, is, stamp)
      return changed ? beside.withBook(outcome, changed.lives, written, changed.touched) : written
    },

    decide(state, decision) {
      if (!beside.document(state)) return undefined
      const changed = changedLives(beside.book(state), life => {
        const book = isRead(life) ? bookDecided(life.book, decision) : undefined
        return book && { ...life, book }
      })
      if (Object.keys(changed.touched).length === 0) return undefined
      return beside.withBook(state, changed.lives, undefined, changed.touched)
    },

    corrects: true,
    view: shown,
  }

  /** There was none of the texts, and now there is. */
  function isAnew(before: Document | undefined, after: Document): boolean {
    const has = (document: Document | undefined) =>
      declared.fields.some(field => stringIn(document, field) !== undefined)
    return !has(before) && has(after)
  }

  /** In the place of all that there was before. Undefined: there is nothing to say. */
  function begun(known: Lives, after: Document, stamp: Stamp): ChangedLives | undefined {
    const birth = editName(stamp.site, stamp.counter)
    const [edit = {}] = editsBetween(undefined, after, [{}])
    const isFirst = !known.some(([, life]) => isRead(life))
    if (isFirst && Object.keys(edit).length === 0) return undefined
    const { lives, touched } = changedLives(begunLives(known, birth), ({ book }, name) =>
      name === birth ? lifeWith(book, edit, stamp) : undefined,
    )
    return { lives, touched: { ...Object.fromEntries(known.map(([name]) => [name, {}])), ...touched } }
  }

  /** Those of the texts in which something has changed. */
  function edited(known: Lives, before: Document | undefined, after: Document, stamp: Stamp): ChangedLives | undefined {
    const read = known.filter(([, life]) => isRead(life))
    if (read.length === 0) return begun(known, after, stamp)
    const texts = read.map(([, { book }]) => textsAt(book, fixedIn(book), stamp.site))
    const edits = new Map(editsBetween(before, after, texts).map((edit, index) => [read[index]?.[0], edit]))
    const changed = changedLives(known, ({ book }, name) => {
      const edit = edits.get(name) ?? {}
      return Object.keys(edit).length > 0 ? lifeWith(book, edit, stamp) : undefined
    })
    return Object.keys(changed.touched).length > 0 ? changed : undefined
  }

  function lifeWith(book: TextBook, edit: TextEdit, { site: author, counter }: Stamp): Life {
    const base = fixedIn(book)
    const edits = {
      ...book.edits,
      ...(Object.keys(edit).length > 0 && { [editName(author, counter)]: { base, edit } }),
    }
    const applied = { ...book.applied, [author]: base }
    return { present: [[author, counter]], book: folding({ ...book, edits, applied }, sites) }
  }

  /** The edits that are new here get their place, and what this site has applied is said. Undefined: neither. */
  function bookDecided(book: TextBook, { site: decider, key, taking }: Decision): TextBook | undefined {
    const first = (): Ruling => firstRuling(homeSite(declared.decide, key, sites), jurisdiction)
    const ruling = decide(book.ruling ?? first(), jurisdiction, {
      site: decider,
      taking: declared.decide.fixed === 'majority' ? taking : undefined,
      rule: log => namesToOrder(book, log),
    })
    const ruled = ruling ? { ...book, ruling } : book
    const length = fixedIn(ruled)
    const isBehind = length > (book.applied[decider] ?? 0)
    if (!ruling && !(isBehind && isWorthFolding(ruled, length, decider))) return undefined
    return folding({ ...ruled, applied: { ...book.applied, ...(isBehind && { [decider]: length }) } }, sites)
  }
}

interface ChangedLives {
  readonly lives: Lives
  readonly touched: { readonly [birth: string]: Touched }
}

function changedLives(lives: Lives, change: (life: Life, birth: string) => Life | undefined): ChangedLives {
  const touched: Record<string, Touched> = {}
  const after = lives.map(([birth, life]): Lives[number] => {
    const changed = change(life, birth)
    if (changed) touched[birth] = { [lifeBookCell]: touchedEdits }
    return [birth, changed ?? life]
  })
  return { lives: after, touched }
}

/** Edits that have no place in the log yet; each site's in its own order. */
function namesToOrder({ edits }: TextBook, log: readonly Json[]): readonly string[] {
  const ordered = new Set(namesInLog(log))
  const inOrder = (a: string, b: string) => {
    const [[site, counter], [other, otherCounter]] = [dotOfEdit(a), dotOfEdit(b)]
    return site === other ? counter - otherCounter : site < other ? -1 : 1
  }
  return Object.keys(edits)
    .filter(name => !ordered.has(name))
    .sort(inOrder)
}

/** `length`: so many edits are fixed, some of which this site has not said that it has applied. */
function isWorthFolding({ ruling, edits, applied, folded }: TextBook, length: number, site: string): boolean {
  const from = Math.max(applied[site] ?? 0, folded.length)
  const unsaid = namesInLog(ruling?.log.slice(from - folded.length, length - folded.length) ?? [])
  const size = unsaid.reduce((sum, name) => sum + editSize(edits[name]?.edit ?? {}), 0)
  return unsaid.length >= unfoldedEditsMax || size >= unfoldedSizeMax
}

function stringIn(document: Document | undefined, field: string): string | undefined {
  const value = document && Object.hasOwn(document, field) ? document[field] : undefined
  return typeof value === 'string' ? value : undefined
}

function asDocument(value: Json | undefined): Document | undefined {
  return isJsonObject(value) ? value : undefined
}
