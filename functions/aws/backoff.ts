/** What a batch request did not take is sent again, after growing pauses: the services throttle item by item. */
import type { Clock } from '../../shared/ports/index.ts'

const attemptsMax = 4
const backoffMs = 50

/** `send` answers what was not taken. Resolves with what was left in the end. */
export async function sendUntilTaken<Item>(
  items: readonly Item[],
  send: (items: readonly Item[]) => Promise<readonly Item[]>,
  clock: Clock,
): Promise<readonly Item[]> {
  let left = items
  for (let attempt = 0; attempt < attemptsMax && left.length > 0; attempt++) {
    if (attempt > 0) await clock.sleep(backoffMs * 2 ** attempt)
    left = await send(left)
  }
  return left
}
