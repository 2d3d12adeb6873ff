/** Publish on Azure: the change feeds of the same containers, one function for each data type. */
import { app } from '@azure/functions'
import { publish } from '../../shared/replicate/publish.ts'
import { logFailures } from './failure-log.ts'
import { versionsIn } from './feed-events.ts'
import { feedTrigger } from './feed-trigger.ts'
import { here, publishPorts } from './site.ts'

logFailures(here().site)

for (const { plan } of here().types.values()) {
  const name = `publish-${plan.name}`
  app.cosmosDB(name, {
    ...feedTrigger(plan, name),
    handler: (feed: unknown[]) => publish(versionsIn(feed, plan), publishPorts()),
  })
}
