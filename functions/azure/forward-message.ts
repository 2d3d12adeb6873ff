/** What lies in a forward queue: the text of an event as it was written, and beside it how often it was tried. */
import * as z from '../../shared/document/schema.ts'
import { fitsMessage } from './queue-client.ts'

/** The count stops here, so that a message that was sent once still fits whenever it is sent again. */
const attemptsMax = 99

const messageSchema = z.object({ attempts: z.int().check(z.gte(0)), event: z.string() })

export type ForwardMessage = z.output<typeof messageSchema>

/** Whether a message can hold this text, however often it is sent again. */
export function fitsQueue(event: string): boolean {
  return fitsMessage(writeMessage({ attempts: attemptsMax, event }))
}

export function firstMessage(event: string): ForwardMessage {
  return { attempts: 0, event }
}

export function nextMessage({ attempts, event }: ForwardMessage): ForwardMessage {
  return { attempts: Math.min(attempts + 1, attemptsMax), event }
}

export function writeMessage(message: ForwardMessage): string {
  return JSON.stringify(message)
}

/** `entry` is the text of a message, or what the library has parsed it to. What is no message is read as an event. */
export function readMessage(entry: unknown): ForwardMessage {
  const parsed = messageSchema.safeParse(entry)
  if (parsed.success) return parsed.data
  return firstMessage(typeof entry === 'string' ? entry : JSON.stringify(entry))
}
