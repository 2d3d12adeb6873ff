/** Prune on Azure: a timer, once an hour. */
import { app } from '@azure/functions'
import { pruneAfterMs } from '../../shared/replicate/message-age.ts'
import { prune } from '../../shared/replicate/prune.ts'
import { logPruned } from '../common/log.ts'
import { logFailures } from './failure-log.ts'
import { here, prunePorts } from './site.ts'

logFailures(here().site)

/** As on the other clouds, though Flex Consumption lets a run take half an hour: the next one goes on with the rest. */
const runMsMax = 240_000

app.timer('prune', {
  // Not on the hour, when everybody's timers run.
  schedule: '0 17 * * * *',
  handler: async () => {
    const ports = await prunePorts()
    const pruned = await prune(ports, { olderThanMs: pruneAfterMs, untilMs: ports.clock.now() + runMsMax })
    logPruned(here().site, pruned)
  },
})
