/**
 * The alert table (infra/alerts.ts) as alert rules: those of lines as log queries, the rest as metrics of the services.
 * What Azure does not offer has no rule: its place in the table below holds the reason.
 */
import { type Alert, alerts, type CloudMetric, type Destination } from '../alerts.ts'
import { createAlertAddresses } from '../terraform/alert-addresses.ts'
import type { TypedResource } from '../terraform/typed-resource.ts'
import { snakeCase } from '../terraform/variable.ts'
import { azure } from './azure.ts'
import { logQuery } from './log-query.ts'
import type { Watched } from './monitoring.ts'
import { placed, type SiteContext } from './site-context.ts'

export function createAlerts(context: SiteContext, watched: Watched): void {
  const { scope, group, tags } = context
  const addresses = createAlertAddresses(scope)
  const groups = new Map(
    [...addresses].map(([destination, email_address]) => [
      destination,
      azure(scope, snakeCase(destination), 'azurerm_monitor_action_group', {
        name: `tributary-${destination}`,
        resource_group_name: group,
        short_name: shortNames[destination],
        email_receiver: [{ name: destination, email_address, use_common_alert_schema: true }],
        tags,
      }),
    ]),
  )
  for (const alert of alerts) {
    const told = groups.get(alert.to)
    if (told) createAlert(context, watched, alert, told)
  }
}

/** At most twelve characters. */
const shortNames: Readonly<Record<Destination, string>> = {
  channel: 'channel',
  'database-on-call': 'db-on-call',
  security: 'security',
  operations: 'operations',
}

/** 0 is the worst of five. */
const severities = { critical: 1, warning: 2 } as const

function createAlert(context: SiteContext, watched: Watched, alert: Alert, told: TypedResource): void {
  const { metric } = alert
  const source = metric.from === 'log' ? { query: logQuery(metric) } : sources[metric.metric]
  if ('query' in source) createLogAlert(context, watched, alert, source.query, told)
  else if ('metric' in source) createMetricAlert(context, alert, source.metric(watched), told)
}

type Source =
  /** Of what the Functions host itself writes down. */
  | { readonly query: string }
  | { readonly metric: (watched: Watched) => ServiceMetric }
  | { readonly notOffered: string }

const sources: Readonly<Record<CloudMetric, Source>> = {
  'function-error-percent': {
    query: 'requests | summarize value = max_of(0.0, 100.0 * countif(success == false) / count())',
  },
  'function-throttles': {
    notOffered: 'Flex Consumption has no metric of calls that found no instance; the lag shows it',
  },
  'capture-age-ms': {
    notOffered: 'the change feed has no metric of what waits in it; the lag at the peers shows it',
  },
  'forward-age-ms': {
    notOffered: 'a storage account counts the messages of all its queues together, once an hour; the lag shows it',
  },
  'put-off-age-ms': { notOffered: 'the same' },
  'dead-letters': { notOffered: 'the same; each new dead letter is told of by `dead-letter`' },
  // The host's own words when it sets a message aside.
  'given-up': { query: 'traces | where message has "MaxDequeueCount" | summarize value = count()' },
  'store-throttles': {
    metric: ({ cosmosId }) => ({
      scope: cosmosId,
      namespace: 'Microsoft.DocumentDB/databaseAccounts',
      name: 'TotalRequests',
      aggregation: 'Count',
      dimension: 'StatusCode',
      values: ['429'],
    }),
  },
  'ingest-refusals': {
    metric: ({ frontDoorId }) => ({
      scope: frontDoorId,
      namespace: 'Microsoft.Cdn/profiles',
      name: 'RequestCount',
      aggregation: 'Total',
      dimension: 'HttpStatusGroup',
      values: ['4XX'],
    }),
  },
  'backup-failures': { notOffered: 'a continuous backup has no runs that could fail' },
}

export function isOfferedByAzure(metric: CloudMetric): boolean {
  return !('notOffered' in sources[metric])
}

function createLogAlert(
  context: SiteContext,
  { logs }: Watched,
  { id, severity, means, above, windowMinutes }: Alert,
  query: string,
  told: TypedResource,
): void {
  azure(context.scope, snakeCase(id), 'azurerm_monitor_scheduled_query_rules_alert_v2', {
    name: `tributary-${id}`,
    ...placed(context),
    display_name: `tributary-${id}`,
    description: means,
    severity: severities[severity],
    scopes: [logs.insights.id],
    evaluation_frequency: 'PT5M',
    window_duration: windowMinutes === 60 ? 'PT1H' : `PT${windowMinutes}M`,
    auto_mitigation_enabled: true,
    criteria: [
      {
        query,
        time_aggregation_method: 'Maximum',
        metric_measure_column: 'value',
        operator: 'GreaterThan',
        threshold: above,
      },
    ],
    action: { action_groups: [told.id] },
  })
}

interface ServiceMetric {
  readonly scope: string
  readonly namespace: string
  readonly name: string
  readonly aggregation: 'Total' | 'Count'
  readonly dimension: string
  readonly values: readonly string[]
}

function createMetricAlert(
  { scope, group, tags }: SiteContext,
  { id, severity, means, above, windowMinutes }: Alert,
  metric: ServiceMetric,
  told: TypedResource,
): void {
  azure(scope, snakeCase(id), 'azurerm_monitor_metric_alert', {
    name: `tributary-${id}`,
    resource_group_name: group,
    description: means,
    severity: severities[severity],
    scopes: [metric.scope],
    frequency: 'PT1M',
    window_size: windowMinutes === 60 ? 'PT1H' : `PT${windowMinutes}M`,
    criteria: [
      {
        metric_namespace: metric.namespace,
        metric_name: metric.name,
        aggregation: metric.aggregation,
        operator: 'GreaterThan',
        threshold: above,
        dimension: [{ name: metric.dimension, operator: 'Include', values: metric.values }],
      },
    ],
    action: [{ action_group_id: told.id }],
    tags,
  })
}
