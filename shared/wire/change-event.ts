/** A change as a CloudEvent 1.0, the form in which it waits on a bus and travels between sites. */
import { z } from 'zod'
import { hlcToMs } from '../causality/hybrid-logical-clock.ts'
import { type Change, changeId, type Operation } from '../replicate/change.ts'
import { keyText } from '../replicate/record-ref.ts'
import type { CellsState } from '../resolve/merge-type.ts'

const eventTypes = { create: 'data.create', update: 'data.update', delete: 'data.delete' } as const satisfies Record<
  Operation,
  string
>

/** Names of sites as keys: an object from outside may hold any. */
const vector = z.record(z.string().min(1).max(40), z.int().min(0))

const changeEvent = z.object({
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

/** Not a change event: `message` says what is wrong with it. */
export class ChangeMalformed extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'ChangeMalformed'
  }
}

export function encodeChange(change: Change): string {
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

/** `event` is the parsed JSON. Throws `ChangeMalformed`. */
export function decodeChange(event: unknown): Change {
  const parsed = changeEvent.safeParse(event)
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

function operationOf(eventType: z.output<typeof changeEvent>['type']): Operation {
  return eventType === 'data.create' ? 'create' : eventType === 'data.delete' ? 'delete' : 'update'
}
