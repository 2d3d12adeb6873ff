/** Capture on Azure: the change feeds of the application's containers, one function for each data type. */
import { app } from '@azure/functions'
import { sideBySide } from '../../shared/replicate/side-by-side.ts'
import { logFailure } from '../common/log.ts'
import { captureHint } from './capture-hint.ts'
import { logFailures } from './failure-log.ts'
import { hintsIn } from './feed-events.ts'
import { feedTrigger } from './feed-trigger.ts'
import { leftIn } from './left-in.ts'
import { capturePorts, expressLane, here } from './site.ts'
import { stepsIn } from './steps-in.ts'
import { stoodBefore } from './stood-before.ts'

logFailures(here().site)

for (const { plan } of here().types.values()) {
  const name = `capture-${plan.name}`
  app.cosmosDB(name, {
    ...feedTrigger(plan, name),
    handler: async (feed: unknown[]) => {
      const express = (await expressLane())()
      const ports = { ...capturePorts(), captured: express.captured }
      const hints = hintsIn(feed, plan)
      const results = await sideBySide(hints, hint =>
        captureHint(hint, () => stoodBefore(feed, hint.ref, plan), {
          ...ports,
          steps: () => stepsIn(feed, hint.ref, plan),
          left: () => leftIn(feed, hint.ref, plan),
        }),
      )
      await express.send()
      const failed = hints.filter(({ ref }, index) => {
        const result = results[index]
        if (result?.status !== 'rejected') return false
        logFailure({ site: ports.here.site, function: name, record: ref, error: result.reason })
        return true
      })
      // The host knows whole batches only. When this one comes again, what was captured finds itself unchanged.
      if (failed.length > 0) throw new Error(`${failed.length} of ${hints.length} hints failed`)
    },
  })
}
