/** Waits until no site has a write that another one has not seen. */
import { setTimeout as sleep } from 'node:timers/promises'
import { readStatus } from '../../tools/cli/commands/status.ts'
import type { RunningClouds } from '../../tools/cli/running-clouds.ts'

export async function untilAtRest(clouds: RunningClouds, signal: AbortSignal): Promise<void> {
  // What was written last must have been captured to be seen as under way.
  await sleep(captureMs)
  while ((await readStatus(clouds)).routes.some(({ backlog }) => backlog > 0)) {
    signal.throwIfAborted()
    await sleep(200)
  }
}

const captureMs = 2000
