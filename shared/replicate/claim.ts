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
import { type Change, changeId } from './change.ts'
import { type ChangeEvent, decodeEnvelope } from './change-event.ts'
import { cloudEventText, type EventAbout, originOf, parsedJson, sourceAt } from './cloud-event.ts'
import { ChangeMalformed, fieldsAt, keyAt, numberAt, textAt } from './event-fields.ts'

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
/** The text of `event` as a bus carries it: itself if a message of that bus can hold it, else a claim. */
export function busText({ change, text }: ChangeEvent, fits: (text: string) => boolean): string {
  return fits(text) ? text : claimText(change)
}

/** What is not to be read before it goes. */
export function claimEventOf(change: Change): ChangeEvent {
  return { change, text: claimText(change) }
}

/** For a change that is not worth carrying, however small: what it says will be old when it goes. */
export function claimText(change: Change): string {
  const { type, key, plan, vector, hlc, asOfMs } = change
  const id = `${changeId(change)}/claim`
  return cloudEventText(change, { id, type: claimType, timeMs: asOfMs }, { type, key, plan, vector, hlc })
}

/** Reads what `busText` wrote, a change's state excepted (see `decodeEnvelope`). Throws `ChangeMalformed`. */
export function readBusMessage(text: string): BusMessage {
  const event = parsedJson(text)
  if (event === undefined) throw new ChangeMalformed('the event is no JSON')
  if (!isJsonObject(event) || event.type !== claimType) return { kind: 'change', change: decodeEnvelope(event), text }
  if (event.specversion !== '1.0') throw new ChangeMalformed('Invalid input: expected "1.0" at specversion')
  const { type, key, plan, vector, hlc } = fieldsAt(event.data, 'data')
  const counters = Object.entries(fieldsAt(vector, 'data.vector')).map(
    ([site, counter]) => [textAt(site, 'data.vector'), numberAt(counter, 'data.vector')] as const,
  )
  const claim = {
    type: textAt(type, 'data.type'),
    key: keyAt(key, 'data.key'),
    plan: textAt(plan, 'data.plan'),
    vector: Object.fromEntries(counters),
    hlc: numberAt(hlc, 'data.hlc'),
    origin: originOf(sourceAt(event.source)),
  }
  return { kind: 'claim', claim, text }
}
