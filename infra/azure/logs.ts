/** Where the functions' lines go: a workspace in the site's region, for 30 days. It takes what an identity sends, no keys. */
import type { TypedResource } from '../terraform/typed-resource.ts'
import { azure } from './azure.ts'
import { placed, type SiteContext } from './site-context.ts'

const retentionDays = 30

export interface Logs {
  readonly workspace: TypedResource
  readonly insights: TypedResource
  /** Sends what a service tells of itself to the same place. */
  collect(name: string, targetId: string, categories: readonly string[]): void
}

export function createLogs(context: SiteContext): Logs {
  const { scope } = context
  const workspace = azure(scope, 'tributary', 'azurerm_log_analytics_workspace', {
    name: 'tributary',
    ...placed(context),
    sku: 'PerGB2018',
    retention_in_days: retentionDays,
    local_authentication_enabled: false,
  })
  const insights = azure(scope, 'tributary', 'azurerm_application_insights', {
    name: 'tributary',
    ...placed(context),
    workspace_id: workspace.id,
    application_type: 'Node.JS',
    retention_in_days: retentionDays,
    local_authentication_disabled: true,
  })
  return {
    workspace,
    insights,
    collect: (name, targetId, categories) => {
      azure(scope, name, 'azurerm_monitor_diagnostic_setting', {
        name: 'tributary',
        target_resource_id: targetId,
        log_analytics_workspace_id: workspace.id,
        enabled_log: categories.map(category => ({ category })),
      })
    },
  }
}
