/**
 * Three sites reserve the last unit at once: who gets it, and how does nobody ever hear "accepted" for more than there is?
 *
 * Requests join like any set. Only the home of the record decides them, in its order, each against the stock that is not
 * held by an earlier one; its verdicts are shown once a majority has them (see ruling.ts), and then never change. Or, by
 * escrow, every site decides at once within its share of the stock (see escrow.ts). What
 * ends a reservation (the application cancels it, removes it, has shipped it) is not decided: it only grows, wins over a
 * verdict that comes later, and frees what was held. Between a confirmation and an expiry the home decides.
 *
 * An application writes `requested` and reads the verdict in the same field. That field, what is available, and a
 * quantity once it is ruled upon belong to Tributary, which puts them right when somebody else writes them.
 *
 * Not where an answer is needed at once (a verdict takes a journey to the home and one to a second site), and not for
 * amounts without a limit (counter).
 */
import type { LedgerDescriptor } from '../declare/merge-descriptor.ts'
import { type Document, isJsonObject, type Json, setField } from '../document/json.ts'
import { amountOf, amountToJson, compareAmounts, subtract } from './amount.ts'
import { originsBeside } from './beside.ts'
import { counterType } from './counter.ts'
import { createFields } from './fields.ts'
import { bookType, type Ended, emptyBook, endOf, type LedgerBook, type Ruled } from './ledger-book.ts'
import { createEscrowDecider } from './ledger-escrow.ts'
import { heldBy } from './ledger-holds.ts'
import { createHomeDecider } from './ledger-home.ts'
import type { Request } from './ledger-verdicts.ts'
import type { Amount, CellState, CellsState, Incident, MergeType, Misfit, Path } from './merge-type.ts'
import { registerType, stampOfFirst } from './register.ts'
import { createSet } from './set.ts'

/** The two cells of the state: what the application sees, and what is remembered beside it. */
const documentCell = 'document'
const bookCell = 'book'

export function createLedger(declared: LedgerDescriptor, sites: readonly string[]): MergeType<CellsState> {
  const { stock, entries, available, quantity, status, words } = declared
  const inner = createFields(
    new Map<string, MergeType>([
      [stock, counterType],
      [entries, createSet(createFields(new Map(), registerType))],
    ]),
    registerType,
  )
  const parts = createFields(
    new Map<string, MergeType>([
      [documentCell, inner],
      [bookCell, bookType],
    ]),
    registerType,
  )
  const decider =
    declared.decide.by === 'home'
      ? createHomeDecider(declared.decide, sites, declared.shortage === 'revokeLatest')
      : createEscrowDecider(declared.decide, sites)
  const fixedOf = decider.ruled

  function shown(state: CellsState): Document | undefined {
    const document = innerView(state)
    if (!document) return undefined
    const book = bookIn(state)
    const ruled = fixedOf(book)
    const reservations = entriesOf(document)
    const visible: Record<string, Json> = {}
    for (const [id, entry] of reservations) {
      const of = ruled.get(id)
      setField(visible, id, {
        ...entry,
        ...(of && { [quantity]: amountToJson(of.quantity) }),
        [status]: wordOf(id, book, of),
      })
    }
    return { ...document, [entries]: visible, [available]: amountToJson(leftIn(document, book)) }
  }

  function leftIn(document: Document, book: LedgerBook): Amount {
    return subtract(amountOf(document[stock]) ?? 0, heldBy(fixedOf(book), book.ended))
  }

  /** More is held than there is. Undefined: it is not, or another site tells. */
  function shortageIn(state: CellsState | undefined, site: string): Incident | undefined {
    const document = state && innerView(state)
    const book = state ? bookIn(state) : emptyBook
    const left = document ? leftIn(document, book) : 0
    if (compareAmounts(left, 0) >= 0 || compareAmounts(heldBy(fixedOf(book), book.ended), 0) === 0) return undefined
    if (!decider.tellsShortage(book, site)) return undefined
    // Named by all that was ever taken away: it is told again when more is.
    const cell = state && cellAt(state, [documentCell, stock])
    const slots = cell && 'slots' in cell ? Object.entries(cell.slots) : []
    const id = slots.map(([at, [since, , down]]) => `${at}:${since}:${down}`).sort()
    return { name: 'stock_short', id: id.join(' '), review: true, data: { [available]: amountToJson(left) } }
  }

  function wordOf(id: string, { ended, confirming }: LedgerBook, ruled: Ruled | undefined): string {
    const end = endOf(ended, id)
    if (end !== undefined) return end === 'done' ? words.done : words.cancel
    switch (ruled?.kind) {
      case undefined:
        return words.request
      case 'accepted':
        return confirming.includes(id) ? words.confirm : words.yes
      case 'rejected':
        return words.no
      case 'confirmed':
        return words.confirmed
      case 'expired':
        return words.expired
      case 'revoked':
        return words.revoked
    }
  }

  function innerView(state: CellsState): Document | undefined {
    const view = parts.view(state)
    const document = isJsonObject(view) ? view[documentCell] : undefined
    return isJsonObject(document) ? document : undefined
  }

  /** In the order of the document; reservations may be called anything. */
  function entriesOf(document: Document | undefined): ReadonlyMap<string, Document> {
    const found = document?.[entries]
    if (!isJsonObject(found)) return new Map()
    return new Map(Object.entries(found).flatMap(([id, entry]) => (isJsonObject(entry) ? [[id, entry] as const] : [])))
  }

  /** Without what belongs to Tributary. */
  function unowned(after: Document, state: CellsState | undefined): Document {
    const before = entriesOf(state && innerView(state))
    const ruled = state ? fixedOf(bookIn(state)) : new Map<string, Ruled>()
    const { [available]: _, ...document } = after
    if (!Object.hasOwn(after, entries)) return document
    const reservations: Record<string, Json> = {}
    for (const [id, { [status]: __, ...entry }] of entriesOf(after)) {
      const asRuled = ruled.has(id) ? before.get(id)?.[quantity] : undefined
      setField(reservations, id, asRuled === undefined ? entry : { ...entry, [quantity]: asRuled })
    }
    return { ...document, [entries]: reservations }
  }

  /** What the application has said about reservations: undefined if nothing. */
  function bookAfter(state: CellsState, before: Document | undefined, after: Document | undefined) {
    const book = bookIn(state)
    const ruled = fixedOf(book)
    const was = entriesOf(before)
    const is = entriesOf(after)
    const ended: Record<string, Ended> = { ...book.ended }
    const confirming = new Set(book.confirming)
    for (const id of new Set([...was.keys(), ...is.keys()])) {
      const kind = ruled.get(id)?.kind
      const said = is.has(id) ? is.get(id)?.[status] : words.cancel
      const isOver = endOf(book.ended, id) !== undefined || (kind !== undefined && overKinds.has(kind))
      if (isOver || said === wordOf(id, book, ruled.get(id))) continue
      if (said === words.cancel) setField(ended, id, 'cancelled')
      else if (said === words.done && kind !== undefined) setField(ended, id, 'done')
      else if (said === words.confirm && kind === 'accepted') confirming.add(id)
    }
    const isSame =
      Object.keys(ended).length === Object.keys(book.ended).length && confirming.size === book.confirming.length
    return isSame ? undefined : { ...book, ended, confirming: [...confirming].sort() }
  }

  function requestsIn(state: CellsState): readonly Request[] {
    return [...entriesOf(innerView(state))].flatMap(([id, entry]) => {
      const expires = declared.expires === undefined ? undefined : entry[declared.expires]
      const stamp = stampOfFirst(cellAt(state, [documentCell, entries, id, quantity]))
      const asked = amountOf(entry[quantity])
      // Half of an entry, which another site removed while this one changed it: nobody asks for anything.
      if (stamp === undefined || asked === undefined) return []
      return [{ id, quantity: asked, stamp, ...(typeof expires === 'number' && { expiresS: expires }) }]
    })
  }

  return {
    ...parts,

    misfit(value, path) {
      if (!isJsonObject(value)) return { path, reason: 'a ledger is an object' }
      const { [available]: _, ...document } = value
      return inner.misfit(document, path) ?? quantityMisfit(document, path)
    },

    write(state, before, after, stamp) {
      const [was, is] = [asDocument(before), asDocument(after)]
      const written = parts.write(
        state,
        was && state && (parts.view(state) ?? undefined),
        is && { [documentCell]: unowned(is, was && state) },
        stamp,
      )
      const outcome = written?.state ?? state
      // A document in the place of a deleted one says nothing of what that one had promised: that is over.
      const book = outcome && bookAfter(outcome, was ?? (state && innerView(state)), is)
      if (!outcome || !book) return written
      const touched = written === undefined ? {} : written.touched
      return {
        state: withBook(outcome, book),
        touched: touched === true ? true : { ...touched, [bookCell]: true },
      }
    },

    decide(state, decision) {
      if (!innerView(state)) return undefined
      const book = bookIn(state)
      const cell = cellAt(state, [documentCell, stock])
      const scene = { book, stock: cell && 'slots' in cell ? cell : undefined, requests: requestsIn(state) }
      const after = decider.decide(scene, decision)
      return after && { state: withBook(state, after), touched: { [bookCell]: true } }
    },

    happened(before, after, { site }): readonly Incident[] {
      const fresh = [...decider.refusedHere(before ? bookIn(before) : emptyBook, bookIn(after), site)]
      const short = shortageIn(after, site)
      const isKnown = short && shortageIn(before, site)?.id === short.id
      return [
        ...fresh.map(([id, ruled]) => ({
          name: ruled.kind === 'revoked' ? 'reservation_revoked' : 'stock_exceeded',
          id,
          data: { [quantity]: amountToJson(ruled.quantity) },
        })),
        ...(short && !isKnown ? [short] : []),
      ]
    },

    corrects: true,
    origins: originsBeside(parts, documentCell),
    view: shown,
  }

  function quantityMisfit(document: Document, path: Path): Misfit | undefined {
    for (const [id, entry] of entriesOf(document)) {
      // Half of an entry, as above: its removal has cancelled it, and the application has only left it where it was.
      if (entry[quantity] === undefined && entry[status] === words.cancel) continue
      const asked = amountOf(entry[quantity])
      if (asked === undefined || compareAmounts(asked, 0) <= 0) {
        return { path: [...path, entries, id, quantity], reason: 'a reservation needs a quantity above 0' }
      }
    }
    return undefined
  }
}

/** Whatever an application says of one of these, it holds nothing and is not asked about again. */
const overKinds: ReadonlySet<string> = new Set(['rejected', 'expired', 'revoked'])

function bookIn(state: CellsState): LedgerBook {
  const cell = cellAt(state, [bookCell])
  return cell && 'lattice' in cell ? bookType.read(cell) : emptyBook
}

function withBook(state: CellsState, book: LedgerBook): CellsState {
  return { ...state, cells: state.cells.with(bookCell, bookType.state(book)) }
}

function cellAt(state: CellState, [name, ...below]: Path): CellState | undefined {
  if (name === undefined) return state
  const cell = 'cells' in state ? state.cells.get(name) : undefined
  return cell ? cellAt(cell, below) : undefined
}

function asDocument(value: Json | undefined): Document | undefined {
  return isJsonObject(value) ? value : undefined
}
