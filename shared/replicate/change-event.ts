/** A change as a CloudEvent 1.0, the form in which it waits on a bus and travels between sites. */
import * as z from 'zod'
import { hlcToMs } from '../causality/hybrid-logical-clock.ts'
import type { CellsState } from '../resolve/merge-type.ts'
import { type Change, changeId, type Operation } from './change.ts'
import { keyText } from './record-ref.ts'

const eventTypes = { create: 'data.create', update: 'data.update', delete: 'data.delete' } as const satisfies Record<
  Operation,
  string
>

/** Names of sites as keys: an object from outside may hold any. */
const vector = z.record(z.string().min(1).max(40), z.int().min(0))

const changeEventSchema = z.object({
  specversion: z.literal('1.0'),
  source: z.string().startsWith('/sites/'),
  type: z.enum(['data.create', 'data.update', 'data.delete']),
  data: z.object({
    type: z.string().min(1).max(40),
    key: z.array(z.string().min(1)).min(1).max(2),
    plan: z.string().min(1),
    vector,
    hlc: z.int().min(0),
    intervals: z.array(z.object({ from: z.int().min(0), to: z.int().min(1), seen: vector })).max(10),
    // Checked against the declared type where the change is applied.
    state: z.unknown(),
  }),
})

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
  const { type, key, origin, plan, operation, vector, hlc, intervals, state } = change
  return JSON.stringify({
    specversion: '1.0',
    id: changeId(change),
    source: `/sites/${origin}`,
    type: eventTypes[operation],
    subject: `${type}/${keyText(key)}`,
    time: new Date(hlcToMs(hlc)).toISOString(),
    datacontenttype: 'application/json',
    data: { type, key, plan, vector, hlc, intervals, state: state ?? null },
  })
}

/** Reads the text of an event. Throws `ChangeMalformed`. */
export function readChangeEvent(text: string): ChangeEvent {
  let event: unknown
  try {
    event = JSON.parse(text)
  } catch {
    throw new ChangeMalformed('the event is no JSON')
  }
  return { change: decodeChange(event), text }
}

/** `event` is the parsed JSON. Throws `ChangeMalformed`. */
export function decodeChange(event: unknown): Change {
  const parsed = changeEventSchema.safeParse(event)
  if (!parsed.success) throw new ChangeMalformed(z.prettifyError(parsed.error).replaceAll('\n', ' '))
  const { source, type, data } = parsed.data
  const { state, ...rest } = data
  return {
    ...rest,
    origin: source.slice('/sites/'.length),
    operation: operationOf(type),
    state: state === null ? undefined : (state as CellsState),
  }
}

function operationOf(eventType: z.output<typeof changeEventSchema>['type']): Operation {
  return eventType === 'data.create' ? 'create' : eventType === 'data.delete' ? 'delete' : 'update'
}
