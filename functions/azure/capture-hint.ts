/** From an entry of the change feed to capture, or to the dead letters where no later attempt can change anything. */

import type { TellBefore } from '../../shared/replicate/before.ts'
import { refusedDocument } from '../../shared/replicate/dead-letter.ts'
import { captureEvent, type EventPorts } from '../../shared/replicate/note.ts'
import type { Hint } from './feed-events.ts'

/** Rejects as `capture` does. */
export async function captureHint({ ref, misfit }: Hint, before: TellBefore, ports: EventPorts): Promise<void> {
  if (!misfit) {
    await captureEvent(ref, before, ports)
    return
  }
  const { here, clock, deadLetters } = ports
  await deadLetters.put(refusedDocument({ site: here.site, ref, ...misfit, atMs: clock.now() }))
}
