/**
 * A change as a CloudEvent 1.0, the form in which it waits on a bus and travels between sites. Its state is in the
 * compact form of state-encoding.ts, its vectors are counters beside one list of sites.
 */

import type { Json } from '../document/json.ts'
import * as z from '../document/schema.ts'
import { StampTable, StampTableWriter, seenOf, vectorOf } from '../resolve/stamp-table.ts'
import { decodeCells, encodeState } from '../resolve/state-encoding.ts'
import { type Change, changeId, type Operation } from './change.ts'
import { cloudEventText, eventSource, originOf, parsedJson } from './cloud-event.ts'

const eventTypes = { create: 'data.create', update: 'data.update', delete: 'data.delete' } as const satisfies Record<
  Operation,
  string
>

const counter = z.int().check(z.gte(0))

/** The year 2200: a stamp from beyond would leave no room for the ones after it. */
const hlcMax = Date.UTC(2200, 0) * 1000

/** The sites that a change may name: more than any plan has would only be there to cost time. */
const sitesMax = 100

const changeEventSchema = z.object({
  specversion: z.literal('1.0'),
  source: eventSource,
  type: z.enum(['data.create', 'data.update', 'data.delete']),
  time: z.iso.datetime(),
  data: z.object({
    type: z.string().check(z.minLength(1), z.maxLength(40)),
    // How many parts it must have is said by its declared type, where the change is applied.
    key: z.array(z.string().check(z.minLength(1))).check(z.minLength(1)),
    plan: z.string().check(z.minLength(1)),
    sites: z.array(z.string().check(z.minLength(1), z.maxLength(40))).check(z.maxLength(sitesMax)),
    vector: z.array(counter).check(z.maxLength(sitesMax)),
    hlc: counter.check(z.lte(hlcMax)),
    intervals: z
      .array(
        z.tuple([counter, z.int().check(z.gte(1)), z.array(z.int().check(z.gte(-1))).check(z.maxLength(sitesMax))]),
      )
      .check(z.maxLength(10)),
    // Lists of names, numbers for each write, and a state that speaks of them: all are checked while the state is read.
    shapes: z.custom<readonly (readonly string[])[]>(Array.isArray, { error: 'lists of names' }),
    stamps: z.custom<readonly number[]>(areNumbers, { error: 'a list of numbers' }),
    // Whether it is one of the declared type is checked where the change is applied.
    state: z.custom<Json>(value => value !== undefined),
  }),
})

function areNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(Number.isFinite)
}

/** A change together with the text it travels as, so that it is written once and passed on as it is. */
export interface ChangeEvent {
  readonly change: Change
  readonly text: string
}

export function changeEventOf(change: Change): ChangeEvent {
  return { change, text: encodeChange(change) }
}

/** Not a change event: `message` says what is wrong with it. */
export class ChangeMalformed extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'ChangeMalformed'
  }
}

function encodeChange(change: Change): string {
  const { type, key, plan, operation, hlc, asOfMs } = change
  const table = new StampTableWriter(change)
  const vector = table.counters(change.vector)
  const intervals = change.intervals.map(({ from, to, seen }) => [from, to, table.behind(seen)])
  const state = encodeState(change.state ?? null, table)
  return cloudEventText(
    change,
    { id: changeId(change), type: eventTypes[operation], timeMs: asOfMs },
    {
      type,
      key,
      plan,
      sites: table.sites,
      vector,
      hlc,
      intervals,
      shapes: table.shapes,
      stamps: table.stamps(),
      state,
    },
  )
}

/** Reads the text of an event. Throws `ChangeMalformed`. */
export function readChangeEvent(text: string): ChangeEvent {
  const event = parsedJson(text)
  if (event === undefined) throw new ChangeMalformed('the event is no JSON')
  return { change: decodeChange(event), text }
}

/** `event` is the parsed JSON. Throws `ChangeMalformed`. */
export function decodeChange(event: unknown): Change {
  const parsed = changeEventSchema.safeParse(event)
  if (!parsed.success) throw new ChangeMalformed(z.prettifyError(parsed.error).replaceAll('\n', ' '))
  const { source, type, time, data } = parsed.data
  const { sites, shapes, stamps, ...rest } = data
  try {
    const vector = vectorOf(sites, data.vector)
    const table = new StampTable(sites, { vector, hlc: data.hlc }, { shapes, stamps })
    return {
      ...rest,
      origin: originOf(source),
      operation: operationOf(type),
      asOfMs: Date.parse(time),
      vector,
      intervals: data.intervals.map(([from, to, seen]) => ({ from, to, seen: seenOf(sites, { vector }, seen) })),
      state: decodeCells(data.state, table),
    }
  } catch (error) {
    throw new ChangeMalformed(error instanceof Error ? error.message : String(error))
  }
}

function operationOf(eventType: z.output<typeof changeEventSchema>['type']): Operation {
  return eventType === 'data.create' ? 'create' : eventType === 'data.delete' ? 'delete' : 'update'
}
