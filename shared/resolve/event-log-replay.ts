/**
 * Where a state machine stands after a log's events, and what its home says of the new ones.
 *
 * The order of stamps alone would be the same everywhere too, but a late event with an early stamp then changes what was
 * shown long ago, and what others have acted upon. So the home's order comes first, and what it has fixed is never
 * looked at again.
 */
import { sameDot } from '../causality/dot.ts'
import type { StateMachine } from '../declare/merge-descriptor.ts'
import type { Json } from '../document/json.ts'
import { jsonEquals } from '../document/json.ts'
import { type EventBook, type EventVerdict, entryOf, eventName, type LogEvent, verdictsIn } from './event-log-book.ts'

/** An event with what became of it. */
export interface Replayed {
  readonly event: LogEvent
  readonly kind: EventVerdict[1]
  /** The status that it met. */
  readonly from: string
}

/** What a log of verdicts says, event by event. */
export function replayVerdicts(log: readonly Json[], { events }: EventBook, { initial }: StateMachine) {
  const byName = new Map(events.map(event => [eventName(event), event]))
  const replayed: Replayed[] = []
  let status = initial
  for (const [name, kind] of verdictsIn(log)) {
    const event = byName.get(name)
    // The book that brought the verdict brought the event as well.
    if (!event) continue
    replayed.push({ event, kind, from: status })
    if (kind === 'legal') status = event[4]
  }
  return { status, replayed }
}

/** The ruled events first, and behind them all others by stamp. */
export function replayAll(log: readonly Json[], book: EventBook, machine: StateMachine) {
  const { status: ruled, replayed } = replayVerdicts(log, book, machine)
  const ids = new Set(replayed.flatMap(({ event }) => entryOf(event)?.[0] ?? []))
  let status = ruled
  for (let open = openEvents(log, book); open.length > 0; ) {
    const event = nextOf(open, status, machine)
    const id = entryOf(event)?.[0]
    const kind = id !== undefined && ids.has(id) ? 'repeat' : kindOf(machine, status, event)
    replayed.push({ event, kind, from: status })
    if (kind === 'legal') status = event[4]
    if (id !== undefined) ids.add(id)
    open = open.filter(other => other !== event)
  }
  return { status, replayed }
}

/** What the home adds to its log. */
export function eventVerdicts(log: readonly Json[], book: EventBook, machine: StateMachine): readonly EventVerdict[] {
  const ruled = new Set(verdictsIn(log).map(([name]) => name))
  return replayAll(log, book, machine)
    .replayed.map(({ event, kind }): EventVerdict => [eventName(event), kind])
    .filter(([name]) => !ruled.has(name))
}

/** Entries that one write brought have no order among them: first comes one that the machine allows. */
function nextOf(open: readonly LogEvent[], status: string, machine: StateMachine): LogEvent {
  const [first] = open
  if (!first) throw new RangeError('no event is open')
  const together = entryOf(first) ? open.filter(event => sameDot(event, first)) : [first]
  return together.find(event => kindOf(machine, status, event) === 'legal') ?? first
}

function openEvents(log: readonly Json[], { events }: EventBook): readonly LogEvent[] {
  const ruled = new Set(verdictsIn(log).map(([name]) => name))
  return events.filter(event => !ruled.has(eventName(event)))
}

/** An entry is an act of its own: of two captures of one payment the second is none. A status is a wish: it is fulfilled. */
function kindOf({ transitions }: StateMachine, status: string, event: LogEvent): EventVerdict[1] {
  const to = event[4]
  const allowed = Object.hasOwn(transitions, status) ? transitions[status] : undefined
  if (allowed?.includes(to)) return 'legal'
  return to === status && !entryOf(event) ? 'repeat' : 'illegal'
}

/** Under each id the version that counts: the one that was ruled, else the first. */
export function versionsById(
  replayed: readonly Replayed[],
  events: readonly LogEvent[],
): ReadonlyMap<string, LogEvent> {
  const versions = new Map<string, LogEvent>()
  for (const event of [...replayed.map(each => each.event), ...events]) {
    const id = entryOf(event)?.[0]
    if (id !== undefined && !versions.has(id)) versions.set(id, event)
  }
  return versions
}

/** The same id with another content: one of the two was never an event. */
export function isOtherContent(event: LogEvent, counts: LogEvent | undefined): boolean {
  const [mine, other] = [entryOf(event), counts && entryOf(counts)]
  return !!mine && !!other && !!counts && !(event[4] === counts[4] && jsonEquals(mine[1], other[1]))
}
