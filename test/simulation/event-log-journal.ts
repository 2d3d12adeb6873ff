/**
 * What sites show of event logs, commit by commit: every event stands for something that an application wrote, none is
 * ever lost or changed, what is settled never goes back, and all fields that are Tributary's are those of the plain model.
 */
import type { SiteId } from '../../shared/causality/dot.ts'
import { covers, type VersionVector } from '../../shared/causality/version-vector.ts'
import type { EventLogDescriptor } from '../../shared/declare/merge-descriptor.ts'
import { type Document, isJsonObject, type Json, jsonEquals } from '../../shared/document/json.ts'
import type { DocumentWritten, RecordWritten } from '../../shared/ports/memory/memory-database.ts'
import { recordName } from '../../shared/replicate/record-ref.ts'
import type { Committed } from './captured-writes.ts'
import { plan } from './catalogue.ts'
import { CommitJournal } from './commit-journal.ts'
import {
  compensationId,
  eventLogOf,
  eventsIn,
  expectedFields,
  isCompensation,
  type LoggedEvent,
  replay,
} from './event-log-model.ts'
import { bookIn, fixedIn, logIn, RulingLogs } from './ruling-logs.ts'

export class EventLogJournal extends CommitJournal {
  readonly logs = new RulingLogs(text => this.violation(text))
  /** By record and name: all events that were ever captured. */
  readonly #events = new Map<string, Map<string, LoggedEvent>>()
  /** By site and record: all that stood there since the last capture. */
  readonly #pending = new Map<string, Document[]>()
  /** By site and record: all that ever stood there. A late hint may be the first to tell of an entry, captures after it was gone. */
  readonly #stood = new Map<string, Document[]>()
  /** How often a shown status was set back. */
  flips = 0

  events(name: string): readonly LoggedEvent[] {
    return [...(this.#events.get(name)?.values() ?? [])]
  }

  /** Also what a merge leaves: on DynamoDB it may have been written around something that nobody has captured yet. */
  noteDocument(site: SiteId, { ref, after }: DocumentWritten): void {
    if (!after) return
    const at = `${site} ${recordName(ref)}`
    for (const versions of [this.#pending, this.#stood]) versions.set(at, [...(versions.get(at) ?? []), after])
  }

  noteRecord(site: SiteId, write: RecordWritten): void {
    const commit = this.commits.note(site, write)
    const { name, now } = commit
    const log = eventLogOf(write.ref)
    const known = this.#events.get(name) ?? new Map<string, LoggedEvent>()
    this.#events.set(name, known)
    const stored = eventsIn(bookIn(now.state))
    const ruling = logIn(now.state)
    const fixed = ruling ? fixedIn(ruling, quorumOf(log)) : []
    this.#noteCompensations(site, commit, stored, { log, fixed })
    this.#noteCapture(site, commit, stored, log)
    this.#checkEvents(`${site} ${name}`, stored, now.vector, known)
    const added = ruling && this.logs.note(name, site, ruling)
    if (added) this.#checkRuled(name, log, stored, added.known, added.added)
    this.logs.noteFixed(name, site, fixed)
    this.#checkShown(`${site} ${name}`, commit, log, stored, fixed)
  }

  /** The events that a capture brought are what stood there: all of what it found, and of what came before only that. */
  #noteCapture(
    site: SiteId,
    { name, captured, old }: Committed,
    stored: readonly LoggedEvent[],
    log: EventLogDescriptor,
  ) {
    if (!captured) return
    const at = `${site} ${name}`
    const pending = this.#pending.get(at) ?? []
    const last = pending.findLastIndex(document => jsonEquals(document, captured.after))
    const versions = pending.slice(0, last + 1)
    this.#pending.set(at, pending.slice(last + 1))
    const known = this.#events.get(name)
    const fresh = stored.filter(event => event.site === site && !known?.has(event.name) && !isIn(old.vector, event))
    const before = eventsIn(bookIn(old.state))
    if (log.entries) {
      const stood = this.#stood.get(at) ?? []
      this.#checkEntries(at, log.entries, { fresh, before, versions: stood, after: captured.after })
    } else {
      this.#checkSteps(at, log, { fresh, before, versions, after: captured.after, fixed: fixedBefore(old.state, log) })
    }
    for (const event of fresh) known?.set(event.name, event)
  }

  /** Written by a home with any commit: each for something that is fixed as illegal, as declared, and not known there yet. */
  #noteCompensations(
    site: SiteId,
    { name, old }: Committed,
    stored: readonly LoggedEvent[],
    { log, fixed }: { readonly log: EventLogDescriptor } & Fixed,
  ): void {
    const known = this.#events.get(name)
    const { outcomes } = replay(log, stored, fixed)
    const before = new Set(eventsIn(bookIn(old.state)).map(({ id }) => id))
    for (const event of stored) {
      if (!isCompensation(event) || event.site !== site || known?.has(event.name)) continue
      const rejected = outcomes.slice(0, fixed.length).find(each => compensationId(each.event) === event.id)
      const isRight = rejected?.kind === 'illegal' && log.compensate?.[rejected.event.to] === event.to
      if (!isRight) this.violation(`${site} ${name}: ${event.name} makes up for nothing: ${event.id}`)
      if (before.has(event.id)) this.violation(`${site} ${name}: ${event.id} again`)
      known?.set(event.name, event)
    }
  }

  #checkSteps(at: string, log: EventLogDescriptor, { fresh, before, versions, after, fixed }: Captured & Fixed): void {
    const statusAfter = (events: readonly LoggedEvent[]) => replay(log, [...before, ...events], fixed).status
    const said = versions.map(document => document[log.status])
    let place = 0
    for (const [index, event] of fresh.entries()) {
      const found = said.indexOf(event.to, place)
      if (found < 0) this.violation(`${at}: the event ${event.name} to ${event.to}, and nobody wrote that`)
      place = found + 1
      if (statusAfter(fresh.slice(0, index)) === event.to) this.violation(`${at}: ${event.name} says what was shown`)
    }
    const status = after?.[log.status]
    const isLast = fresh.at(-1)?.to === status
    const shown = isLast ? undefined : statusAfter(fresh)
    if (typeof status === 'string' && !isLast && shown !== status)
      this.violation(`${at}: ${status} was written where ${shown} was shown, and there is no event`)
  }

  #checkEntries(at: string, { field, to, status }: Entries, { fresh, before, versions, after }: Captured): void {
    const ids = new Set(before.map(({ id }) => id))
    const contents = (document: Document | undefined) => {
      const found = isJsonObject(document?.[field]) ? document[field] : {}
      return Object.entries(found).map(([id, entry]) => {
        const { [to]: target, [status]: _, ...content } = isJsonObject(entry) ? entry : {}
        return { id, to: String(target), content }
      })
    }
    const written = versions.flatMap(contents)
    for (const event of fresh) {
      const { id, content } = event
      if (ids.has(id)) this.violation(`${at}: ${event.name} tells of ${id} again`)
      ids.add(id)
      if (!written.some(entry => entry.id === id && entry.to === event.to && jsonEquals(entry.content, content ?? {})))
        this.violation(`${at}: ${event.name} is ${id} to ${event.to}, and nobody wrote that`)
    }
    for (const { id } of contents(after))
      if (!ids.has(id)) this.violation(`${at}: ${id} was written, and there is no event`)
  }

  /** A site knows exactly the events whose writes it has seen, as they were captured. */
  #checkEvents(
    at: string,
    stored: readonly LoggedEvent[],
    vector: VersionVector,
    known: ReadonlyMap<string, LoggedEvent>,
  ) {
    const expected = [...known.values()].filter(event => isIn(vector, event))
    const names = new Set(stored.map(({ name }) => name))
    for (const { name } of expected) if (!names.has(name)) this.violation(`${at}: the event ${name} is lost`)
    for (const event of stored)
      if (!jsonEquals(plain(event), plain(known.get(event.name))))
        this.violation(`${at}: the event ${event.name} is not as it was captured`)
  }

  /** At the home, at the moment at which it rules: all that it knows, in the order of the model, by the machine. */
  #checkRuled(
    name: string,
    log: EventLogDescriptor,
    stored: readonly LoggedEvent[],
    known: readonly Json[],
    added: readonly Json[],
  ): void {
    const expected = replay(log, stored, known)
      .outcomes.slice(known.length)
      .map(({ event, kind }): Json => [event.name, kind])
    if (!jsonEquals(added, expected))
      this.violation(
        `${name}: ruled ${JSON.stringify(added)} after ${known.length}, expected ${JSON.stringify(expected)}`,
      )
  }

  #checkShown(
    at: string,
    { old, shown }: Committed,
    log: EventLogDescriptor,
    stored: readonly LoggedEvent[],
    fixed: readonly Json[],
  ): void {
    if (!shown) return
    const expected = expectedFields(log, stored, fixed)
    for (const [field, value] of Object.entries(expected))
      if (!jsonEquals(shown[field], value))
        this.violation(`${at}: ${field} is ${JSON.stringify(shown[field])}, expected ${JSON.stringify(value)}`)
    if (log.settled === undefined) return
    const before = replay(log, eventsIn(bookIn(old.state)), fixedBefore(old.state, log)).status
    if (before !== expected[log.status]) this.flips += 1
  }
}

type Entries = NonNullable<EventLogDescriptor['entries']>

interface Captured {
  /** The events that it brought. */
  readonly fresh: readonly LoggedEvent[]
  readonly before: readonly LoggedEvent[]
  /** All that stood there since the last capture, up to what this one found. */
  readonly versions: readonly Document[]
  readonly after: Document | undefined
}

interface Fixed {
  readonly fixed: readonly Json[]
}

function fixedBefore(state: Committed['old']['state'], log: EventLogDescriptor): readonly Json[] {
  const ruling = logIn(state)
  return ruling ? fixedIn(ruling, quorumOf(log)) : []
}

function quorumOf({ decide }: EventLogDescriptor): number {
  return decide.fixed === 'home' ? 1 : Math.floor(plan.sites.length / 2) + 1
}

function isIn(vector: VersionVector, { site, counter }: LoggedEvent): boolean {
  return covers(vector, [site, counter])
}

function plain(event: LoggedEvent | undefined): Json {
  return event ? JSON.parse(JSON.stringify(event)) : null
}
