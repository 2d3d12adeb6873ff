/** From an entry of the change feed to capture, or to the dead letters where no later attempt can change anything. */
import { type CapturePorts, capture } from '../../shared/replicate/capture.ts'
import { refusedDocument } from '../../shared/replicate/dead-letter.ts'
import type { Hint } from './feed-events.ts'

/** Rejects as `capture` does. */
export async function captureHint({ ref, misfit }: Hint, ports: CapturePorts): Promise<void> {
  if (!misfit) {
    await capture(ref, ports)
    return
  }
  const { here, clock, deadLetters } = ports
  await deadLetters.put(refusedDocument({ site: here.site, ref, ...misfit, atMs: clock.now() }))
}
