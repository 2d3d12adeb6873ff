/** What is told of an event log: which events a meeting of two sites left out, and which of them were never legal. */
import type { Json } from '../document/json.ts'
import { type EventBook, entryOf, eventName, type LogEvent } from './event-log-book.ts'
import { isOtherContent, type Replayed, versionsById } from './event-log-replay.ts'
import type { Incident, Path, Report, Version } from './merge-type.ts'

export interface Meeting {
  readonly a: EventBook
  readonly b: EventBook
  /** All events of both. */
  readonly replayed: readonly Replayed[]
  readonly path: Path
}

/** Both sites had moved on without the other, and the machine does not allow both. */
export function reportReplay({ a, b, replayed, path }: Meeting, report: Report): void {
  const [onlyA, onlyB] = [without(a, b), without(b, a)]
  if (onlyA.size === 0 || onlyB.size === 0) return
  const isNew = ({ event }: Replayed) => onlyA.has(eventName(event)) || onlyB.has(eventName(event))
  const lost = replayed.filter(each => each.kind === 'illegal' && isNew(each)).map(versionOf)
  const kept = replayed.findLast(({ kind }) => kind === 'legal')
  if (lost.length > 0) report({ path, rule: 'event-replay', ...(kept && { kept: versionOf(kept) }), lost })
}

function without({ events }: EventBook, other: EventBook): ReadonlySet<string> {
  const known = new Set(other.events.map(eventName))
  return new Set(events.map(eventName).filter(name => !known.has(name)))
}

function versionOf({ event: [site, counter, , hlc, to] }: Replayed): Version {
  return { site, counter, hlc, value: to }
}

/** Of events that were ruled: those that the machine forbids, and those that were another one under the same id. */
export function illegalTransitions(replayed: readonly Replayed[]): readonly Incident[] {
  const versions = versionsById(replayed, [])
  return replayed.flatMap(({ event, kind, from }): readonly Incident[] => {
    const counts = versions.get(entryOf(event)?.[0] ?? '')
    if (kind === 'illegal') return [incident('illegal-transition', event, { from })]
    return kind === 'repeat' && isOtherContent(event, counts)
      ? [incident('other-content', event, { kept: counts ? contentOf(counts) : null })]
      : []
  })
}

function incident(name: string, event: LogEvent, more: { readonly [name: string]: Json }): Incident {
  return { name, id: eventName(event), review: true, data: { ...contentOf(event), ...more } }
}

/** Where it leads, at which site it was written and when (a stamp), and the entry if it is one. */
function contentOf(event: LogEvent): { readonly [name: string]: Json } {
  const [site, , , hlc, to] = event
  const entry = entryOf(event)
  return { to, at: site, hlc, ...(entry && { entry: entry[0], content: entry[1] }) }
}
