/** A loop that polls until it is ended. */
import { setTimeout as sleep } from 'node:timers/promises'

/** Between polls that find nothing. Adds half of itself to the lags that are measured; less would cost the site CPU. */
const idleMs = 8

/**
 * `poll` tells whether it found anything. The answer ends the loop, and throws what the loop had failed with: a
 * watcher that went blind must not look like a site that shows nothing.
 */
export function startPollLoop(poll: () => Promise<boolean>): () => Promise<void> {
  let ended = false
  const looping = (async () => {
    while (!ended) {
      if (!(await poll())) await sleep(idleMs)
    }
  })()
  looping.catch(() => undefined)
  return async () => {
    ended = true
    await looping
  }
}
