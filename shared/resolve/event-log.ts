/**
 * Two sites move one order at once: approved here, rejected there. What is its status, and how does nothing that somebody
 * acted upon change afterwards?
 *
 * Every change of status is an event with a stamp; events of all sites are united and replayed through the declared state
 * machine, which skips what it forbids (event sourcing). Optimistic: applications write just the status and see it at
 * once. It may be set back when an earlier event arrives; the `settled` field shows what the home has ruled and a majority
 * has stored (see ruling.ts), and never goes back. Strict: applications add entries, of which the home accepts those that
 * the machine allows, in its order; the status follows accepted ones only. With both, entries are the events and the
 * status is optimistic all the same.
 *
 * The whole replay by stamp, without a home, would be the same everywhere too, but late events would flip what was
 * settled. Events outlive the document: a deleted one that is made anew under its key goes on where its log stands.
 *
 * Not for a status that may change from anything to anything (register), and not for long histories: every change of a
 * log carries all of it.
 */
import { sameDot } from '../causality/dot.ts'
import type { Stamp } from '../causality/hybrid-logical-clock.ts'
import type { EntriesDescriptor, EventLogDescriptor } from '../declare/merge-descriptor.ts'
import { type Document, isJsonObject, type Json, setField } from '../document/json.ts'
import { createBeside } from './beside.ts'
import {
  type Entry,
  type EventBook,
  emptyEventBook,
  entryOf,
  eventBookType,
  eventName,
  joinEvents,
  type LogEvent,
} from './event-log-book.ts'
import { compensations } from './event-log-compensation.ts'
import { illegalTransitions, reportReplay } from './event-log-news.ts'
import { eventVerdicts, replayAll, replayVerdicts, versionsById } from './event-log-replay.ts'
import { createFields } from './fields.ts'
import { homeSite } from './home-site.ts'
import type { CellsState, Decision, MergeType, Misfit, Path } from './merge-type.ts'
import { registerType } from './register.ts'
import { decide, firstRuling, fixedVerdicts, homeOf, type Jurisdiction, majorityOf } from './ruling.ts'
import { createSet } from './set.ts'

export function createEventLog(declared: EventLogDescriptor, sites: readonly string[]): MergeType<CellsState> {
  const { machine, status, settled, entries } = declared
  const inner = createFields(new Map(), registerType)
  const entrySet = createSet(inner)
  const beside = createBeside(inner, eventBookType, emptyEventBook)
  const jurisdiction: Jurisdiction = {
    sites,
    quorum: declared.decide.fixed === 'majority' ? majorityOf(sites) : 1,
  }

  const fixedOf = ({ ruling }: EventBook) => (ruling ? fixedVerdicts(ruling, jurisdiction) : [])

  function statusOf(book: EventBook): string {
    return (settled === undefined ? replayVerdicts : replayAll)(fixedOf(book), book, machine).status
  }

  function shown(state: CellsState): Document | undefined {
    const document = beside.document(state)
    if (!document) return undefined
    const book = beside.book(state)
    return {
      ...document,
      [status]: statusOf(book),
      ...(settled !== undefined && { [settled]: replayVerdicts(fixedOf(book), book, machine).status }),
      ...(entries && { [entries.field]: shownEntries(entries, book) }),
    }
  }

  function shownEntries({ to, status: verdict, words }: EntriesDescriptor, book: EventBook): Document {
    const { replayed } = replayVerdicts(fixedOf(book), book, machine)
    const kinds = new Map(replayed.map(({ event, kind }) => [event, kind]))
    const visible: Record<string, Json> = {}
    for (const [id, event] of versionsById(replayed, book.events)) {
      const kind = kinds.get(event)
      const word = kind === undefined ? words.request : kind === 'legal' ? words.yes : words.no
      setField(visible, id, { ...entryOf(event)?.[1], [to]: event[4], [verdict]: word })
    }
    return visible
  }

  /** Without what belongs to Tributary, and without what is an event. */
  function unowned(document: Document): Document {
    const own = [status, settled, entries?.field]
    return Object.fromEntries(Object.entries(document).filter(([name]) => !own.includes(name)))
  }

  /** What the application has said that is new, in the order of the ids where it has said several things at once. */
  function saidIn(document: Document, book: EventBook): readonly Said[] {
    if (!entries) {
      const to = document[status]
      return typeof to === 'string' && to !== statusOf(book) ? [[to]] : []
    }
    const known = new Set(book.events.map(event => entryOf(event)?.[0]))
    return Object.entries(objectIn(document, entries.field))
      .filter(([id]) => !known.has(id))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, entry]): Said => {
        const { [entries.to]: to, [entries.status]: _, ...more } = asObject(entry)
        return [String(to), id, more]
      })
  }

  function withSaid(book: EventBook, version: Json, { site, counter, hlc }: Stamp): EventBook {
    const first = book.events.filter(event => sameDot(event, [site, counter])).length
    const said = saidIn(asObject(version), book).map(([to, ...entry], index): LogEvent => {
      return [site, counter, first + index, hlc, to, ...entry]
    })
    return said.length === 0 ? book : { ...book, events: joinEvents(book.events, said) }
  }

  function ruledOn(book: EventBook, { site, key, taking }: Decision): EventBook {
    const ruling = decide(
      book.ruling ?? firstRuling(homeSite(declared.decide, key, sites), jurisdiction),
      jurisdiction,
      {
        site,
        taking: declared.decide.fixed === 'majority' ? taking : undefined,
        rule: log => eventVerdicts(log, book, machine),
      },
    )
    return ruling ? { ...book, ruling } : book
  }

  const isHome = ({ ruling }: EventBook, site: string) =>
    ruling !== undefined && homeOf(ruling.epoch, jurisdiction) === site

  /** Only for what is fixed: what another home rules otherwise must not have been made up for. */
  function compensated(book: EventBook, { site, stamp }: Decision): EventBook {
    if (!declared.compensate || !isHome(book, site)) return book
    const { replayed } = replayVerdicts(fixedOf(book), book, machine)
    const events = compensations(replayed, book, declared.compensate, stamp)
    return events.length === 0 ? book : { ...book, events: joinEvents(book.events, events) }
  }

  return {
    ...beside.parts,

    misfit,

    write(state, before, after, stamp, between = []) {
      const document = isJsonObject(after) ? after : undefined
      const written = beside.write(state, before !== undefined, document && unowned(document), stamp)
      const outcome = written?.state ?? state
      if (!document || !outcome) return written
      const book = beside.book(outcome)
      const versions = [...between.filter(version => !misfit(version, [])), document]
      const told = versions.reduce<EventBook>((known, version) => withSaid(known, version, stamp), book)
      return told === book ? written : beside.withBook(outcome, told, written)
    },

    stepwise: true,

    join(a, b, joining) {
      const joined = beside.parts.join(a, b, joining)
      if (a && b && joined && settled !== undefined) {
        const book = beside.book(joined)
        const { replayed } = replayAll(fixedOf(book), book, machine)
        reportReplay(
          { a: beside.book(a), b: beside.book(b), replayed, path: [...joining.path, status] },
          joining.report,
        )
      }
      return joined
    },

    decide(state, decision) {
      if (!beside.document(state)) return undefined
      const book = beside.book(state)
      let decided = book
      // What has just been fixed may have to be made up for, and that is ruled at once.
      for (let last: EventBook | undefined; decided !== last; ) {
        last = decided
        decided = ruledOn(compensated(decided, decision), decision)
      }
      return decided === book ? undefined : beside.withBook(state, decided)
    },

    happened(before, after, { site }) {
      const book = beside.book(after)
      if (!isHome(book, site)) return []
      const last = before && beside.book(before)
      // A new home tells all there is to tell: the one before may have been gone before it knew what had been fixed.
      const told = new Set(
        last && isHome(last, site) ? replayVerdicts(fixedOf(last), last, machine).replayed.map(nameOf) : [],
      )
      const { replayed } = replayVerdicts(fixedOf(book), book, machine)
      return illegalTransitions(replayed).filter(({ id }) => !told.has(id))
    },

    corrects: true,
    view: shown,

    takes([field, id, ...below], value) {
      if (!entries) return field === status && id === undefined && typeof value === 'string'
      const verdict = isJsonObject(value) ? value[entries.status] : undefined
      const isRequest = isJsonObject(value) && (verdict === undefined || verdict === entries.words.request)
      return field === entries.field && id !== undefined && below.length === 0 && isRequest
    },
  }

  function misfit(value: Json, path: Path): Misfit | undefined {
    if (!isJsonObject(value)) return { path, reason: 'an event log is an object' }
    const below = inner.misfit(unowned(value), path)
    return below ?? (entries ? entriesMisfit(value, entries, path) : statusMisfit(value, path))
  }

  function statusMisfit(document: Document, path: Path): Misfit | undefined {
    const word = document[status]
    if (word === undefined || typeof word === 'string') return undefined
    return { path: [...path, status], reason: 'a status is a text' }
  }

  function entriesMisfit(document: Document, { field, to }: EntriesDescriptor, path: Path): Misfit | undefined {
    const added = document[field] ?? {}
    const below = entrySet.misfit(added, [...path, field])
    if (below) return below
    for (const [id, entry] of Object.entries(asObject(added))) {
      if (typeof asObject(entry)[to] !== 'string')
        return { path: [...path, field, id, to], reason: 'an entry says where it leads' }
    }
    return undefined
  }
}

/** Where an event leads, and the entry if it is one. */
type Said = readonly [to: string, ...entry: [] | Entry]

function nameOf({ event }: { readonly event: LogEvent }): string {
  return eventName(event)
}

function objectIn(document: Document, field: string): Document {
  return asObject(Object.hasOwn(document, field) ? document[field] : undefined)
}

function asObject(value: Json | undefined): Document {
  return isJsonObject(value) ? value : {}
}
