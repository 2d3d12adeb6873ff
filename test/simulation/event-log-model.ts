/**
 * A state machine moved by many, replayed plainly: all events in the order in which their home ruled them, then the others
 * by their stamps. Knows of no states, no joins and none of the code that does the same in the product.
 */
import type { EventLogDescriptor } from '../../shared/declare/merge-descriptor.ts'
import { typeOf } from '../../shared/declare/sync-plan.ts'
import { type Document, isJsonObject, type Json, jsonEquals } from '../../shared/document/json.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { plan } from './catalogue.ts'

export function eventLogOf({ type }: Pick<RecordRef, 'type'>): EventLogDescriptor {
  const merge = typeOf(plan, type)?.merge
  if (merge?.kind !== 'eventLog') throw new Error(`${type} is no event log`)
  return merge
}

export interface LoggedEvent {
  readonly name: string
  readonly site: string
  readonly counter: number
  readonly index: number
  readonly hlc: number
  readonly to: string
  readonly id: string | undefined
  readonly content: Json | undefined
}

/** As they stand in a sync record. */
export function eventsIn(book: { readonly [name: string]: Json } | undefined): readonly LoggedEvent[] {
  const events = Array.isArray(book?.events) ? (book.events as readonly Json[]) : []
  return events.map(event => {
    const [site, counter, index, hlc, to, id, content] = Array.isArray(event) ? (event as readonly Json[]) : []
    return {
      name: `${site}:${counter}:${index}`,
      site: String(site),
      counter: Number(counter),
      index: Number(index),
      hlc: Number(hlc),
      to: String(to),
      id: id === undefined ? undefined : String(id),
      content,
    }
  })
}

/** What makes up for an event, by the event's id or name. */
export function compensationId({ id, name }: LoggedEvent): string {
  return `compensation:${id ?? name}`
}

export function isCompensation({ id }: LoggedEvent): boolean {
  return id?.startsWith('compensation:') ?? false
}

export interface Outcome {
  readonly event: LoggedEvent
  readonly kind: string
  readonly from: string
}

export interface Replay {
  /** Where the ruled events have led, and where all of them lead. */
  readonly settled: string
  readonly status: string
  readonly outcomes: readonly Outcome[]
}

/** `verdicts`: the names and kinds of a home, in its order. */
export function replay(
  { machine }: EventLogDescriptor,
  events: readonly LoggedEvent[],
  verdicts: readonly Json[],
): Replay {
  const left = new Map(events.map(event => [event.name, event]))
  const outcomes: Outcome[] = []
  const known = new Set<string>()
  let status = machine.initial
  const put = (event: LoggedEvent, kind: string) => {
    outcomes.push({ event, kind, from: status })
    left.delete(event.name)
    if (event.id !== undefined) known.add(event.id)
    if (kind === 'legal') status = event.to
  }
  const mayFollow = (to: string) =>
    Object.entries(machine.transitions).some(([from, targets]) => from === status && targets.includes(to))
  for (const verdict of verdicts) {
    const [name, kind] = Array.isArray(verdict) ? verdict : []
    const event = left.get(String(name))
    if (!event) throw new Error(`${name} was ruled, and is nowhere`)
    put(event, String(kind))
  }
  const settled = status
  while (left.size > 0) {
    const [first, ...others] = [...left.values()].sort(byStamp)
    if (!first) break
    // What one write added has no order: whatever is allowed comes first.
    const beside = others.filter(({ site, counter, id }) => id && site === first.site && counter === first.counter)
    const next = first.id === undefined ? first : ([first, ...beside].find(({ to }) => mayFollow(to)) ?? first)
    if (next.id !== undefined && known.has(next.id)) put(next, 'repeat')
    else if (mayFollow(next.to)) put(next, 'legal')
    else put(next, next.id === undefined && next.to === status ? 'repeat' : 'illegal')
  }
  return { settled, status, outcomes }
}

function byStamp(a: LoggedEvent, b: LoggedEvent): number {
  if (a.hlc !== b.hlc) return a.hlc - b.hlc
  if (a.site !== b.site) return a.site < b.site ? -1 : 1
  return a.counter - b.counter || a.index - b.index
}

/** What every site that knows these events shows of them. */
export function expectedFields(log: EventLogDescriptor, events: readonly LoggedEvent[], fixed: readonly Json[]) {
  const all = replay(log, events, fixed)
  const { settled } = all
  return {
    [log.status]: log.settled === undefined ? settled : all.status,
    ...(log.settled !== undefined && { [log.settled]: settled }),
    ...(log.entries && { [log.entries.field]: expectedEntries(log, events, all.outcomes.slice(0, fixed.length)) }),
  }
}

function expectedEntries({ entries }: EventLogDescriptor, events: readonly LoggedEvent[], ruled: readonly Outcome[]) {
  if (!entries) return {}
  const { to, status, words } = entries
  const shown = new Map<string, Document>()
  const show = (event: LoggedEvent, word: string) => {
    const content = isJsonObject(event.content) ? event.content : {}
    if (event.id !== undefined && !shown.has(event.id))
      shown.set(event.id, { ...content, [to]: event.to, [status]: word })
  }
  for (const { event, kind } of ruled) show(event, kind === 'legal' ? words.yes : words.no)
  for (const event of [...events].sort(byStamp)) show(event, words.request)
  return Object.fromEntries(shown)
}

/** What has to be told of what was ruled: `illegal-transition` and `other-content`, of each event by its name. */
export function expectedIncidents(outcomes: readonly Outcome[]): readonly string[] {
  const versions = new Map<string, LoggedEvent>()
  for (const { event } of outcomes) if (event.id !== undefined && !versions.has(event.id)) versions.set(event.id, event)
  return outcomes
    .flatMap(({ event, kind }) => {
      if (kind === 'illegal') return [`illegal-transition ${event.name}`]
      const counts = event.id === undefined ? undefined : versions.get(event.id)
      const isOther = counts && !(counts.to === event.to && jsonEquals(counts.content, event.content))
      return isOther ? [`other-content ${event.name}`] : []
    })
    .sort()
}
