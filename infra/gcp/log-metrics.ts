/**
 * Metrics from the lines that the functions write, one for each thing that an alert watches.
 *
 * A highest value cannot be asked of Cloud Monitoring's distributions. So an alert on one counts the lines beyond its
 * threshold: any such line is a value beyond it.
 */
import { type Alert, alerts, type LogMetric } from '../alerts.ts'
import type { TypedResource } from '../terraform/typed-resource.ts'
import { snakeCase } from '../terraform/variable.ts'
import { google } from './google.ts'
import { functionLogs } from './logs.ts'
import type { SiteContext } from './site-context.ts'

type LogAlert = Alert & { readonly metric: LogMetric }

/** The metric that an alert reads, by the alert's id. */
export type LogMetrics = ReadonlyMap<string, { readonly name: string; readonly metric: TypedResource }>

/** From 1 ms or byte to beyond any of the thresholds, each 1.2 times the one before. */
const buckets = { exponential_buckets: { num_finite_buckets: 140, growth_factor: 1.2, scale: 1 } }

export function createLogMetrics({ scope, services }: SiteContext): LogMetrics {
  const made = new Map<string, TypedResource>()
  const create = (alert: LogAlert, name: string) => {
    const { value, statistic } = alert.metric
    const isMeasured = value !== undefined && statistic !== 'maximum'
    return google(
      scope,
      snakeCase(name.replace('tributary/', '')),
      'google_logging_metric',
      {
        name,
        description: alert.means,
        filter: filterOf(alert),
        metric_descriptor: { metric_kind: 'DELTA', value_type: isMeasured ? 'DISTRIBUTION' : 'INT64', unit: '1' },
        ...(isMeasured ? { value_extractor: `EXTRACT(jsonPayload.${value})`, bucket_options: buckets } : {}),
      },
      { dependsOn: services },
    )
  }
  return new Map(
    alerts.flatMap(({ metric, ...alert }) => {
      if (metric.from !== 'log') return []
      const logAlert = { ...alert, metric }
      const name = metricName(logAlert)
      // Warning and critical look at the same values.
      const created = made.get(name) ?? create(logAlert, name)
      made.set(name, created)
      return [[alert.id, { name, metric: created }] as const]
    }),
  )
}

function metricName({ id, watched, metric }: LogAlert): string {
  return `tributary/${metric.statistic === 'maximum' ? id : watched}`
}

function filterOf({ metric: { where, value, statistic }, above }: LogAlert): string {
  const fields = Object.entries(where).map(([field, equals]) => {
    return equals === null ? `jsonPayload.${field}:*` : `jsonPayload.${field}=${JSON.stringify(equals)}`
  })
  const beyond = value === undefined ? [] : [`jsonPayload.${value}${statistic === 'maximum' ? `>${above}` : ':*'}`]
  return [functionLogs, ...fields, ...beyond].join(' AND ')
}
