/** What an event log remembers beside its document: every event of every site, and what the home has said of them. */
import { compareStamps, type Stamp } from '../causality/hybrid-logical-clock.ts'
import type { Document, Json } from '../document/json.ts'
import * as z from '../document/schema.ts'
import { createLattice } from './lattice.ts'
import { joinRulings, type Ruling } from './ruling.ts'
import { rulingSchema } from './ruling-schema.ts'

/** An entry that an application added: its id, and what it holds beside target and verdict. */
export type Entry = readonly [id: string, more: Document]

/** One of those that a captured write brought: its dot, its number among them, its stamp, where it leads. */
export type LogEvent = readonly [
  site: string,
  counter: number,
  index: number,
  hlc: number,
  to: string,
  ...entry: [] | Entry,
]

/** `repeat`: it says again what has been said. */
export const verdictKinds = ['legal', 'illegal', 'repeat'] as const

export type EventVerdict = readonly [name: string, kind: (typeof verdictKinds)[number]]

export interface EventBook {
  /** By stamp. */
  readonly events: readonly LogEvent[]
  /** Absent: nobody has decided anything yet. */
  readonly ruling?: Ruling
}

export const emptyEventBook: EventBook = { events: [] }

const count = z.number().check(z.int(), z.minimum(0))
const dotted = [z.string(), count, count, count, z.string()] as const
const event = z.union([
  z.tuple(dotted),
  z.tuple([
    ...dotted,
    z.string(),
    z.record(
      z.string(),
      z.custom<Json>(value => value !== undefined),
    ),
  ]),
])
const book = z.object({
  events: z.array(event),
  ruling: z.optional(rulingSchema(z.tuple([z.string(), z.enum(verdictKinds)]))),
})

export const eventBookType = createLattice<EventBook>({
  join(a, b) {
    const ruling = a.ruling && b.ruling ? joinRulings(a.ruling, b.ruling) : (a.ruling ?? b.ruling)
    return { events: joinEvents(a.events, b.events), ...(ruling && { ruling }) }
  },
  isValue: (value): value is EventBook => book.safeParse(value).success,
})

/** Events are never changed and never removed. */
export function joinEvents(a: readonly LogEvent[], b: readonly LogEvent[]): readonly LogEvent[] {
  const byName = new Map([...a, ...b].map(event => [eventName(event), event]))
  return [...byName.values()].sort(compareEvents)
}

export function eventName([site, counter, index]: LogEvent): string {
  return `${site}:${counter}:${index}`
}

export function entryOf([, , , , , ...entry]: LogEvent): Entry | undefined {
  const [id, more] = entry
  return id === undefined || more === undefined ? undefined : [id, more]
}

/** Checked when it came from outside; made here otherwise. */
export function verdictsIn(log: readonly Json[]): readonly EventVerdict[] {
  return log as readonly Json[] as readonly EventVerdict[]
}

function compareEvents(a: LogEvent, b: LogEvent): number {
  return compareStamps(stampOf(a), stampOf(b)) || a[2] - b[2]
}

function stampOf([site, counter, , hlc]: LogEvent): Stamp {
  return { site, counter, hlc }
}
