/** What an operator is told of and can look at: the alert table in Azure Monitor's terms, and a workbook. */
import { createAlerts } from './alert-rules.ts'
import type { Logs } from './logs.ts'
import type { SiteContext } from './site-context.ts'
import { createWorkbook } from './workbook.ts'

export interface Watched {
  readonly logs: Logs
  readonly cosmosId: string
  readonly frontDoorId: string
}

export function createMonitoring(context: SiteContext, watched: Watched): void {
  createAlerts(context, watched)
  createWorkbook(context, watched)
}
