/**
 * A change as a CloudEvent 1.0, the form in which it waits on a bus and travels between sites. Its state is in the
 * compact form of state-encoding.ts, its vectors are counters beside one list of sites.
 */

import type { SiteId } from '../causality/dot.ts'
import type { VersionVector } from '../causality/version-vector.ts'
import type { Json } from '../document/json.ts'
import type { CellsState } from '../resolve/merge-type.ts'
import { type Latest, nothingSeen, StampTable, StampTableWriter, seenOf, vectorOf } from '../resolve/stamp-table.ts'
import { decodeCells, encodeState } from '../resolve/state-encoding.ts'
import { type Change, changeId, type Interval, type Operation } from './change.ts'
import { cloudEventText, originOf, parsedJson, sourceAt } from './cloud-event.ts'
import { ChangeMalformed, fieldsAt, keyAt, listAt, numberAt, numbersAt, textAt } from './event-fields.ts'

const eventTypes = { create: 'data.create', update: 'data.update', delete: 'data.delete' } as const satisfies Record<
  Operation,
  string
>

const operations: ReadonlyMap<unknown, Operation> = new Map([
  ['data.create', 'create'],
  ['data.update', 'update'],
  ['data.delete', 'delete'],
])

/** The year 2200: a stamp from beyond would leave no room for the ones after it. */
const hlcMax = Date.UTC(2200, 0) * 1000

/** The sites that a change may name: more than any plan has would only be there to cost time. */
const sitesMax = 100

const nameLengthMax = 40

const intervalsMax = 10

/** A change together with the text it travels as, so that it is written once and passed on as it is. */
export interface ChangeEvent {
  readonly change: Change
  readonly text: string
}

export function changeEventOf(change: Change): ChangeEvent {
  return { change, text: encodeChange(change) }
}

function encodeChange(change: Change): string {
  const { type, key, plan, operation, hlc, asOfMs } = change
  const table = new StampTableWriter(change)
  const vector = table.counters(change.vector)
  const intervals = change.intervals.map(({ from, to, seen, decided }) => {
    return [from, to, table.behind(seen), ...(decided ? [1] : [])]
  })
  const written = change.written && table.behind(change.written)
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
      ...(written && { written }),
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
  const { envelope, readState } = partsOf(event)
  return { ...envelope, state: readState() }
}

/**
 * The same for whoever passes the event on as it is: the state is not read before somebody asks for it, and only then does
 * `ChangeMalformed` tell what is wrong with it.
 */
export function decodeEnvelope(event: unknown): Change {
  const { envelope, readState } = partsOf(event)
  return {
    ...envelope,
    get state() {
      return readState()
    },
  }
}

function partsOf(event: unknown) {
  const { specversion, source, type: eventType, time, data: content } = fieldsAt(event, 'event')
  const data = fieldsAt(content, 'data')
  const operation = operations.get(eventType)
  if (specversion !== '1.0') throw new ChangeMalformed('Invalid input: expected "1.0" at specversion')
  if (operation === undefined) throw new ChangeMalformed('Invalid option: expected a change at type')
  const sites = listAt(data.sites, 'data.sites', sitesMax).map(site => textAt(site, 'data.sites', nameLengthMax))
  const hlc = numberAt(data.hlc, 'data.hlc', 0, hlcMax)
  const intervals = listAt(data.intervals, 'data.intervals', intervalsMax)
  const counters = numbersAt(data.vector, 'data.vector', sitesMax)
  return reported(() => {
    const vector = vectorOf(sites, counters)
    const envelope = {
      type: textAt(data.type, 'data.type', nameLengthMax),
      // How many parts it must have is said by its declared type, where the change is applied.
      key: keyAt(data.key, 'data.key'),
      plan: textAt(data.plan, 'data.plan'),
      origin: originOf(sourceAt(source)),
      operation,
      asOfMs: timeAt(time),
      vector,
      ...(data.written !== undefined && {
        written: seenOf(sites, { vector }, numbersAt(data.written, 'data.written', sitesMax, nothingSeen)),
      }),
      hlc,
      intervals: intervals.map(interval => intervalAt(interval, sites, vector)),
    }
    return { envelope, readState: () => reported(() => stateAt(data, sites, { vector, hlc })) }
  })
}

/** What is wrong with tables and states is told by those who read them. */
function reported<Result>(read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    if (error instanceof ChangeMalformed) throw error
    throw new ChangeMalformed(error instanceof Error ? error.message : String(error))
  }
}

/** Whether it is one of the declared type is checked where the change is applied. */
function stateAt(data: ReturnType<typeof fieldsAt>, sites: readonly SiteId[], latest: Latest): CellsState | undefined {
  const { shapes, stamps, state } = data
  if (!areNumbers(stamps)) throw new ChangeMalformed('Invalid input: expected a list of numbers at data.stamps')
  const table = new StampTable(sites, latest, { shapes: listAt(shapes, 'data.shapes'), stamps })
  if (!table.isWithin(latest))
    throw new ChangeMalformed('data.stamps tells of writes that data.vector or data.hlc does not')
  // It came out of JSON.
  return decodeCells(state as Json | undefined, table)
}

function intervalAt(value: unknown, sites: readonly SiteId[], vector: VersionVector): Interval {
  const at = 'data.intervals'
  const [from, to, seen, decided] = listAt(value, at, 4)
  return {
    from: numberAt(from, at),
    to: numberAt(to, at, 1),
    seen: seenOf(sites, { vector }, numbersAt(seen, at, sitesMax, nothingSeen)),
    ...(decided === 1 && { decided: true }),
  }
}

const timeForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z$/

function timeAt(value: unknown): number {
  const ms = typeof value === 'string' && timeForm.test(value) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(ms)) throw new ChangeMalformed('Invalid ISO datetime at time')
  return ms
}

function areNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(Number.isFinite)
}
