/** What an operator is told of and can look at: the alert table in Cloud Monitoring's terms, and a dashboard. */

import type { TypedResource } from '../terraform/typed-resource.ts'
import { createAlerts } from './alert-policies.ts'
import { createDashboard } from './dashboard.ts'
import { createLogMetrics } from './log-metrics.ts'
import type { SiteContext } from './site-context.ts'

export interface Watched {
  /** Eventarc's triggers of capture and publish. */
  readonly triggers: readonly TypedResource[]
  /** The peers' subscriptions. */
  readonly forwards: readonly TypedResource[]
}

export function createMonitoring(context: SiteContext, watched: Watched): void {
  const logMetrics = createLogMetrics(context)
  createAlerts(context, watched, logMetrics)
  createDashboard(context)
}
