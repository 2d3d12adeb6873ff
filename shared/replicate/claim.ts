/**
 * What goes onto a bus whose messages cannot hold a change? A claim check (Hohpe and Woolf, Enterprise Integration
 * Patterns, 2003): a small event that names the record. Nothing has to be stored for it, because the content is in this
 * site's sync record already: forward reads it there and sends the present whole state, as it does after a gap.
 *
 * The price: every claim sends all of the record, also what the peer has, and later writes more than once.
 */

import type { Hlc } from '../causality/hybrid-logical-clock.ts'
import type { VersionVector } from '../causality/version-vector.ts'
import { isJsonObject } from '../document/json.ts'
import * as z from '../document/schema.ts'
import { type Change, changeId } from './change.ts'
import { type ChangeEvent, ChangeMalformed, decodeChange } from './change-event.ts'
import { cloudEventText, type EventAbout, eventSource, originOf, parsedJson } from './cloud-event.ts'

/** A record of which more has to travel than a message holds. */
export interface Claim extends EventAbout {
  /** Of the change that the claim stands for, so that whoever looks into a queue sees which write waits there. */
  readonly plan: string
  readonly vector: VersionVector
  readonly hlc: Hlc
}

/** What lies on a bus. */
export type BusMessage =
  | ({ readonly kind: 'change' } & ChangeEvent)
  | { readonly kind: 'claim'; readonly claim: Claim; readonly text: string }

const claimType = 'sync.claim'
const counter = z.int().check(z.gte(0))

const claimSchema = z.object({
  specversion: z.literal('1.0'),
  source: eventSource,
  type: z.literal(claimType),
  data: z.object({
    type: z.string().check(z.minLength(1)),
    key: z.array(z.string().check(z.minLength(1))).check(z.minLength(1)),
    plan: z.string().check(z.minLength(1)),
    vector: z.record(z.string().check(z.minLength(1)), counter),
    hlc: counter,
  }),
})

/** The text of `event` as a bus carries it: itself if a message of that bus can hold it, else a claim. */
export function busText({ change, text }: ChangeEvent, fits: (text: string) => boolean): string {
  return fits(text) ? text : claimText(change)
}

/** For a change that is not worth carrying, however small: what it says will be old when it goes. */
export function claimText(change: Change): string {
  const { type, key, plan, vector, hlc, asOfMs } = change
  const id = `${changeId(change)}/claim`
  return cloudEventText(change, { id, type: claimType, timeMs: asOfMs }, { type, key, plan, vector, hlc })
}

/** Reads what `busText` wrote. Throws `ChangeMalformed`. */
export function readBusMessage(text: string): BusMessage {
  const event = parsedJson(text)
  if (event === undefined) throw new ChangeMalformed('the event is no JSON')
  if (!isJsonObject(event) || event.type !== claimType) return { kind: 'change', change: decodeChange(event), text }
  const parsed = claimSchema.safeParse(event)
  if (!parsed.success) throw new ChangeMalformed(z.prettifyError(parsed.error).replaceAll('\n', ' '))
  const { source, data } = parsed.data
  return { kind: 'claim', claim: { ...data, origin: originOf(source) }, text }
}
