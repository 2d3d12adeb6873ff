/** What an operator does with a site's dead letters: look at them, and put one back on its way. */

import type { Bus } from '../../shared/ports/index.ts'
import { readChangeEvent } from '../../shared/replicate/change-event.ts'
import type { DeadLetter } from '../../shared/replicate/dead-letter.ts'
import { captureEvent, type EventPorts } from '../../shared/replicate/note.ts'

/** One message of the queue, held by us until it is removed or released. */
export interface TakenLetter {
  readonly letter: DeadLetter
  remove(): Promise<void>
  /** Hands it back: others see it again. */
  release(): Promise<void>
}

/**
 * Takes the messages that are there: all of them, or as many as `takingMsMax` allows. What was taken first shows itself again
 * soon after, so that a longer look would go round in circles.
 */
export type TakeLetters = () => Promise<readonly TakenLetter[]>

/** Less than what is taken is held. */
export const takingMsMax = 45_000

export interface ReplayPorts extends EventPorts {
  readonly bus: Bus
}

/** Every letter once, though a repeated failure may have put it several times. */
export async function listLetters(take: TakeLetters): Promise<readonly DeadLetter[]> {
  const taken = await take()
  await Promise.all(taken.map(message => message.release()))
  return [...new Map(taken.map(({ letter }) => [letter.id, letter])).values()]
}

export type Replayed = 'captured' | 'unchanged' | 'refused again' | 'on the bus again'

/**
 * A document is captured as it is now; a change goes onto the bus again, for every peer (those that have it answer
 * `duplicate`). Rejects if there is no such letter, or it cannot be replayed; then it stays.
 */
export async function replayLetter(id: string, take: TakeLetters, ports: ReplayPorts): Promise<Replayed> {
  const taken = await take()
  const mine = taken.filter(({ letter }) => letter.id === id)
  await Promise.all(taken.filter(({ letter }) => letter.id !== id).map(message => message.release()))
  const [first] = mine
  if (!first) throw new Error(`no dead letter '${id}'`)
  try {
    const result = await replay(first.letter, ports)
    await Promise.all(mine.map(message => message.remove()))
    return result
  } catch (error) {
    await Promise.all(mine.map(message => message.release()))
    throw error
  }
}

async function replay(letter: DeadLetter, ports: ReplayPorts): Promise<Replayed> {
  switch (letter.kind) {
    case 'document': {
      // What is refused again is put into the queue again, as a message of its own.
      const result = await captureEvent(letter.ref, undefined, ports)
      return result === 'refused' ? 'refused again' : result
    }
    case 'change':
      await ports.bus.publish([readChangeEvent(letter.event)])
      return 'on the bus again'
    case 'message':
      throw new Error('an unreadable message cannot be replayed; the next write of its record sends all it knows')
  }
}
