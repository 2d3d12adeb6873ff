/** In accounts a command stamps what it writes by the clock of the machine that it runs on. */
import { type Clouds, CommandFailed } from './clouds.ts'
import { duration } from './output.ts'

/** Finer than this nobody tells the time. */
export const aheadMsMax = 2_000

/** Throws `CommandFailed` if this machine's clock is off, or nobody can tell. On the local clouds there is one clock. */
export async function requireClock(clouds: Clouds, site: string): Promise<void> {
  if (clouds.place === 'local') return
  const aheadMs = await clouds.aheadMsOf(site)
  if (aheadMs === undefined) {
    throw new CommandFailed(
      `nobody tells what time it is at ${site}, and what is written is stamped by this machine's clock: let an HTTPS request (HEAD) to its store through`,
    )
  }
  if (Math.abs(aheadMs) <= aheadMsMax) return
  throw new CommandFailed(
    `the clock of ${site} is ${duration(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's: set this machine's clock right, and run it again`,
  )
}
