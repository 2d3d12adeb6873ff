/**
 * Where a change waits for its next attempt: at the end of its own queue, as a new message that shows itself later.
 *
 * A message that fails is tried five times at once and then moved aside by the host (poison queue), however innocent
 * the change is. So forward never fails: it sends a copy and lets the host delete the original. A crash in between
 * leaves both, and the second is a duplicate at the peer.
 */
import type { QueueClient } from '@azure/storage-queue'
import { EnvironmentInvalid, type Variables } from '../common/environment.ts'
import { type ForwardMessage, nextMessage, writeMessage } from './forward-message.ts'
import { sendText } from './queue-client.ts'

const defaultDelayMs = 1_000

/** The delay doubles up to so many times the first one: a minute. */
const growthMax = 60

/** The delay before the second attempt. The local clouds set it, so that nobody waits for it. */
export function retryDelayFrom(variables: Variables): number {
  const name = 'TRIBUTARY_RETRY_DELAY_MS'
  const text = variables[name]
  if (text === undefined || text === '') return defaultDelayMs
  const delayMs = Number(text)
  if (!(delayMs >= 0)) throw new EnvironmentInvalid(name, 'is a number of milliseconds')
  return delayMs
}

/** Seconds, in which a queue counts, until the attempt after so many. */
export function retryDelayS(attempts: number, firstDelayMs: number): number {
  return Math.round((firstDelayMs * Math.min(2 ** attempts, growthMax)) / 1000)
}

/** `firstDelayMs`: see `retryDelayFrom`. */
export async function sendAgain(queue: QueueClient, message: ForwardMessage, firstDelayMs: number): Promise<void> {
  await sendText(queue, writeMessage(nextMessage(message)), retryDelayS(message.attempts, firstDelayMs))
}
