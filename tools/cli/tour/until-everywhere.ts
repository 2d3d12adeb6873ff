/** Waits until official clients read the same document. */
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { ApplicationClient, Item } from '../../local/official-clients/application-client.ts'

const patienceMs = 20_000
const pollMs = 5

/** True as soon as every client reads `expected` (undefined: no document); false when patience ends. */
export async function untilEverywhere(
  clients: readonly ApplicationClient[],
  type: string,
  key: readonly string[],
  expected: Item | undefined,
): Promise<boolean> {
  const deadline = Date.now() + patienceMs
  for (;;) {
    const read = await Promise.all(clients.map(client => client.read(type, key)))
    if (read.every(document => isDeepStrictEqual(document, expected))) return true
    if (Date.now() > deadline) return false
    await sleep(pollMs)
  }
}

export async function sameEverywhere(
  clients: readonly ApplicationClient[],
  type: string,
  key: readonly string[],
): Promise<boolean> {
  const [first, ...others] = await Promise.all(clients.map(client => client.read(type, key)))
  return others.every(document => isDeepStrictEqual(document, first))
}
