/** HTTP: Cloud Scheduler asks for a run every hour. Who may call is the platform's to decide: nothing in the request counts. */
import { http } from '@google-cloud/functions-framework'
import { pruneAfterMs } from '../../shared/replicate/message-age.ts'
import { prune } from '../../shared/replicate/prune.ts'
import { logFailure, logPruned } from '../common/log.ts'
import { prunePorts } from './site.ts'

/** The scheduler gives up after three minutes unless it is told otherwise. */
const runMsMax = 150_000

http('prune', async (_request, response) => {
  const ports = await prunePorts()
  const { site } = ports.here
  try {
    const pruned = await prune(ports, { olderThanMs: pruneAfterMs, untilMs: ports.clock.now() + runMsMax })
    logPruned(site, pruned)
    response.status(200).json(pruned)
  } catch (error) {
    logFailure({ site, function: 'prune', error })
    throw error
  }
})
