/**
 * An event was ruled illegal, and somebody has acted upon it: who makes up for it, and how is that done once?
 *
 * The home adds an event that is declared for it, under an id made of the rejected one's. So of two homes that both do (one
 * has not heard yet that it is none any more) only one event counts, like one entry that was written at two sites. It goes
 * through the machine like any other, and nothing makes up for it in turn.
 */
import { sameDot } from '../causality/dot.ts'
import type { Stamp } from '../causality/hybrid-logical-clock.ts'
import { type EventBook, entryOf, eventName, type LogEvent } from './event-log-book.ts'
import type { Replayed } from './event-log-replay.ts'

const prefix = 'compensation:'

/** Those that are missing. `replayed`: what is fixed. */
export function compensations(
  replayed: readonly Replayed[],
  { events }: EventBook,
  declared: { readonly [rejected: string]: string },
  { site, counter, hlc }: Stamp,
): readonly LogEvent[] {
  const known = new Set(events.map(event => entryOf(event)?.[0]))
  const first = events.filter(event => sameDot(event, [site, counter])).length
  const missing = replayed.flatMap(({ event, kind }): readonly (readonly [string, LogEvent])[] => {
    const to = Object.hasOwn(declared, event[4]) ? declared[event[4]] : undefined
    const subject = entryOf(event)?.[0] ?? eventName(event)
    const isOne = kind === 'illegal' && !subject.startsWith(prefix) && !known.has(prefix + subject)
    return to !== undefined && isOne ? [[to, event]] : []
  })
  return missing.map(([to, event], index): LogEvent => {
    const subject = entryOf(event)?.[0] ?? eventName(event)
    return [site, counter, first + index, hlc, to, prefix + subject, { compensates: subject }]
  })
}
