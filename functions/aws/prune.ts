/** Prune on AWS: an hourly schedule. What it did is its result, and a line of its log. */
import middy from '@middy/core'
import { pruneAfterMs } from '../../shared/replicate/message-age.ts'
import { type Pruned, prune } from '../../shared/replicate/prune.ts'
import { logPruned } from '../common/log.ts'
import { failureLog } from './failure-log.ts'
import { prunePorts } from './site.ts'

/** For what is under way when a run has to end. */
const reserveMs = 15_000

export const handler = middy<unknown, Pruned>()
  .use(failureLog())
  .handler(async (_event, context) => {
    const ports = await prunePorts()
    const untilMs = ports.clock.now() + context.getRemainingTimeInMillis() - reserveMs
    const pruned = await prune(ports, { olderThanMs: pruneAfterMs, untilMs })
    logPruned(ports.here.site, pruned)
    return pruned
  })
