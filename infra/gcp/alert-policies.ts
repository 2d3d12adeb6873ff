/**
 * The alert table (infra/alerts.ts) as alert policies. What Google Cloud does not offer has no policy: its place in the
 * table below holds the reason.
 */
import { deadLettersName } from '../../shared/declare/resource-names.ts'
import { type Alert, alerts, type CloudMetric, type LogMetric } from '../alerts.ts'
import { createAlertAddresses } from '../terraform/alert-addresses.ts'
import { snakeCase } from '../terraform/variable.ts'
import { subscriptionIdOf } from './document-triggers.ts'
import { google } from './google.ts'
import type { AlertCondition } from './google-types.ts'
import type { LogMetrics } from './log-metrics.ts'
import type { Watched } from './monitoring.ts'
import { seconds } from './retention.ts'
import type { SiteContext } from './site-context.ts'

export function createAlerts(context: SiteContext, watched: Watched, logMetrics: LogMetrics): void {
  const { scope, labels } = context
  const addresses = createAlertAddresses(scope)
  const channels = new Map(
    [...addresses].map(([destination, email_address]) => [
      destination,
      google(scope, snakeCase(destination), 'google_monitoring_notification_channel', {
        display_name: `Tributary: ${destination}`,
        type: 'email',
        labels: { email_address },
      }),
    ]),
  )
  for (const alert of alerts) {
    const conditions = conditionsOf(alert, watched, logMetrics)
    const channel = channels.get(alert.to)
    if (conditions.length === 0 || !channel) continue
    const logMetric = logMetrics.get(alert.id)?.metric
    google(
      scope,
      snakeCase(alert.id),
      'google_monitoring_alert_policy',
      {
        display_name: `tributary-${alert.id}`,
        severity: alert.severity === 'critical' ? 'CRITICAL' : 'WARNING',
        combiner: 'OR',
        conditions,
        notification_channels: [channel.id],
        documentation: { content: alert.means, mime_type: 'text/markdown' },
        user_labels: labels,
      },
      // A policy on a metric that is not there yet is refused.
      logMetric ? { dependsOn: [logMetric] } : {},
    )
  }
}

function conditionsOf(alert: Alert, watched: Watched, logMetrics: LogMetrics): readonly AlertCondition[] {
  const { metric } = alert
  if (metric.from === 'log') return [logCondition({ ...alert, metric }, logMetrics.get(alert.id)?.name ?? '')]
  const conditions = cloudConditions[metric.metric]
  return typeof conditions === 'string' ? [] : conditions(alert, watched)
}

export function isOfferedByGoogle(metric: CloudMetric): boolean {
  return typeof cloudConditions[metric] !== 'string'
}

function logCondition(
  { id, metric, above, windowMinutes }: Alert & { metric: LogMetric },
  name: string,
): AlertCondition {
  if (metric.value !== undefined && metric.statistic === 'sum') {
    // Only the query language adds up what a distribution holds.
    const series = `logging_googleapis_com:user_${name.replaceAll(/[^a-z0-9]/g, '_')}_sum`
    const query = `sum(increase(${series}{monitored_resource="cloud_run_revision"}[${windowMinutes}m])) > ${above}`
    return {
      display_name: id,
      condition_prometheus_query_language: { query, duration: seconds(0), evaluation_interval: seconds(60) },
    }
  }
  const filter = `metric.type="logging.googleapis.com/user/${name}" AND resource.type="cloud_run_revision"`
  if (metric.statistic === 'p95') {
    return threshold(id, filter, above, windowMinutes, 'ALIGN_DELTA', 'REDUCE_PERCENTILE_95')
  }
  // Of a highest value only the lines beyond it are counted.
  return threshold(id, filter, metric.statistic === 'maximum' ? 0 : above, windowMinutes, 'ALIGN_DELTA', 'REDUCE_SUM')
}

const run = 'resource.type="cloud_run_revision" AND resource.labels.service_name=starts_with("tributary-")'
const requests = `${run} AND metric.type="run.googleapis.com/request_count"`
/** Forward hands a change back by failing: while its peer is away that is no error. */
const noForward = 'NOT resource.labels.service_name=starts_with("tributary-forward-")'
const oldest =
  'resource.type="pubsub_subscription" AND metric.type="pubsub.googleapis.com/subscription/oldest_unacked_message_age"'

type Conditions = (alert: Alert, watched: Watched) => readonly AlertCondition[]

/** A text: why there is none. */
const cloudConditions: Readonly<Record<CloudMetric, Conditions | string>> = {
  'function-error-percent': ({ id, above, windowMinutes }) => {
    const aggregations = [
      {
        alignment_period: seconds(windowMinutes * 60),
        per_series_aligner: 'ALIGN_DELTA',
        cross_series_reducer: 'REDUCE_SUM',
        group_by_fields: ['resource.labels.service_name'],
      },
    ]
    const all = `${requests} AND ${noForward}`
    return [
      {
        display_name: id,
        condition_threshold: {
          filter: `${all} AND metric.labels.response_code_class="5xx"`,
          denominator_filter: all,
          comparison: 'COMPARISON_GT',
          threshold_value: above / 100,
          duration: seconds(0),
          aggregations,
          denominator_aggregations: aggregations,
        },
      },
    ]
  },
  // Cloud Run answers 429 where no instance is free and no more may be started.
  'function-throttles': ({ id, above, windowMinutes }) => [
    threshold(
      id,
      `${requests} AND metric.labels.response_code="429"`,
      above,
      windowMinutes,
      'ALIGN_DELTA',
      'REDUCE_SUM',
    ),
  ],
  'capture-age-ms': ({ id, above, windowMinutes }, { triggers }) =>
    triggers.map(trigger => oldestMessage(id, subscriptionIdOf(trigger), above, windowMinutes)),
  'forward-age-ms': ({ id, above, windowMinutes }, { forwards }) =>
    forwards.map(subscription => oldestMessage(id, subscription.get('name'), above, windowMinutes)),
  'dead-letters': ({ id, above, windowMinutes }) => [
    threshold(
      id,
      `resource.type="pubsub_subscription" AND resource.labels.subscription_id="${deadLettersName}" AND ` +
        'metric.type="pubsub.googleapis.com/subscription/num_undelivered_messages"',
      above,
      windowMinutes,
      'ALIGN_MAX',
    ),
  ],
  'put-off-age-ms': 'what forward puts off stays in the subscription of its peer: `forward-age`',
  'given-up': 'Eventarc drops an event after 24 hours without a word; `capture-age` tells long before',
  'store-throttles': ({ id, above, windowMinutes }) => [
    threshold(
      id,
      'resource.type="firestore.googleapis.com/Database" AND metric.type="firestore.googleapis.com/api/request_count" ' +
        'AND metric.labels.response_code="RESOURCE_EXHAUSTED"',
      above,
      windowMinutes,
      'ALIGN_DELTA',
      'REDUCE_SUM',
    ),
  ],
  'ingest-refusals': ({ id, above, windowMinutes }) => [
    threshold(
      id,
      'resource.type="http_external_regional_lb_rule" AND resource.labels.url_map_name="tributary-ingest" AND ' +
        'metric.type="loadbalancing.googleapis.com/https/external/regional/request_count" AND ' +
        'metric.labels.response_code_class=400',
      above,
      windowMinutes,
      'ALIGN_DELTA',
      'REDUCE_SUM',
    ),
  ],
  'backup-failures': 'Firestore has no metric of its backups',
}

/** Pub/Sub counts in seconds. */
function oldestMessage(id: string, subscription: string, aboveMs: number, windowMinutes: number): AlertCondition {
  const filter = `${oldest} AND resource.labels.subscription_id="${subscription}"`
  return threshold(id, filter, aboveMs / 1000, windowMinutes, 'ALIGN_MAX')
}

function threshold(
  display_name: string,
  filter: string,
  threshold_value: number,
  windowMinutes: number,
  per_series_aligner: string,
  cross_series_reducer?: string,
): AlertCondition {
  return {
    display_name,
    condition_threshold: {
      filter,
      comparison: 'COMPARISON_GT',
      threshold_value,
      duration: seconds(0),
      aggregations: [
        {
          alignment_period: seconds(windowMinutes * 60),
          per_series_aligner,
          ...(cross_series_reducer === undefined ? {} : { cross_series_reducer }),
        },
      ],
    },
  }
}
