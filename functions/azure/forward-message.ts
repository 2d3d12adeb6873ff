/**
 * What lies in a forward queue: the texts of events as they were written, as many as one publish had and a message holds,
 * and beside them how often they were tried. A queue is paid by the message.
 */
import * as z from '../../shared/document/schema.ts'
import { batchChangesMax } from '../../shared/replicate/batches.ts'
import { messageBytesMax } from './message-bytes.ts'
import { fitsMessage } from './queue-client.ts'

/** The count stops here, so that a message that was sent once still fits whenever it is sent again. */
const attemptsMax = 99

const attempts = z.int().check(z.gte(0))
const messageSchema = z.object({ attempts, events: z.array(z.string()) })
/** As it was written when a message held one event: some may still wait. */
const singleSchema = z.object({ attempts, event: z.string() })

export type ForwardMessage = z.output<typeof messageSchema>

/** Whether a message can hold this text, however often it is sent again. */
export function fitsQueue(event: string): boolean {
  return fitsMessage(writeMessage({ attempts: attemptsMax, events: [event] }))
}

/** In their order; each event fits (see `fitsQueue`). */
export function messagesOf(events: readonly string[]): readonly ForwardMessage[] {
  const messages: { attempts: number; events: string[] }[] = []
  let room = 0
  for (const event of events) {
    // As a text in a JSON array, with a comma.
    const bytes = Buffer.byteLength(JSON.stringify(event)) + 1
    const last = messages.at(-1)
    if (last && bytes <= room && last.events.length < batchChangesMax) last.events.push(event)
    else {
      messages.push({ attempts: 0, events: [event] })
      room = messageBytesMax - Buffer.byteLength(writeMessage({ attempts: attemptsMax, events: [] }))
    }
    room -= bytes
  }
  return messages
}

export function nextMessage({ attempts, events }: ForwardMessage): ForwardMessage {
  return { attempts: Math.min(attempts + 1, attemptsMax), events }
}

export function writeMessage(message: ForwardMessage): string {
  return JSON.stringify(message)
}

/** `entry` is the text of a message, or what the library has parsed it to. What is no message is read as an event. */
export function readMessage(entry: unknown): ForwardMessage {
  const message = messageSchema.safeParse(entry)
  if (message.success) return message.data
  const single = singleSchema.safeParse(entry)
  if (single.success) return { attempts: single.data.attempts, events: [single.data.event] }
  return { attempts: 0, events: [typeof entry === 'string' ? entry : JSON.stringify(entry)] }
}
