/**
 * What lies in a forward queue: a change event as it was written, and beside it how often it was tried.
 *
 * An event too large for a message stays where its state is, in the sync record: the message names the record, and
 * forward sends its present whole state, which a peer can merge whatever it has missed. Nothing is put aside, copied
 * to another store or cut in pieces.
 */
import * as z from 'zod'
import type { RecordStore } from '../../shared/ports/index.ts'
import { type ChangeEvent, changeEventOf } from '../../shared/replicate/change-event.ts'
import type { Here } from '../../shared/replicate/here.ts'
import { wholeChange } from '../../shared/replicate/publish.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { fitsMessage } from './queue-client.ts'

/** The count stops here, so that a message that was sent once still fits whenever it is sent again. */
const attemptsMax = 99

const attempts = z.int().min(0)
const messageSchema = z.union([
  z.object({ attempts, event: z.string() }),
  z.object({ attempts, record: z.object({ type: z.string(), key: z.array(z.string()).min(1) }) }),
])

export type ForwardMessage =
  | { readonly attempts: number; readonly event: string }
  | { readonly attempts: number; readonly record: RecordRef }

export function firstMessage({ change, text }: ChangeEvent): ForwardMessage {
  const largest = writeMessage({ attempts: attemptsMax, event: text })
  if (fitsMessage(largest)) return { attempts: 0, event: text }
  return { attempts: 0, record: { type: change.type, key: change.key } }
}

export function nextMessage(message: ForwardMessage): ForwardMessage {
  return { ...message, attempts: Math.min(message.attempts + 1, attemptsMax) }
}

export function writeMessage(message: ForwardMessage): string {
  return JSON.stringify(message)
}

/** `entry` is the text of a message, or what the library has parsed it to. What is no message is read as an event. */
export function readMessage(entry: unknown): ForwardMessage {
  const parsed = messageSchema.safeParse(entry)
  if (parsed.success) return parsed.data
  return { attempts: 0, event: typeof entry === 'string' ? entry : JSON.stringify(entry) }
}

/** The text of the event to deliver; undefined: the record was pruned, its deletion is at every site already. */
export async function eventText(
  message: ForwardMessage,
  here: Here,
  store: Pick<RecordStore, 'readRecord'>,
): Promise<string | undefined> {
  if ('event' in message) return message.event
  const stored = await store.readRecord(message.record)
  return stored && changeEventOf(wholeChange(message.record, stored.record, here)).text
}
