/** Counts or measures the lines that a function writes. A line without the number publishes no value. */
import { CfnMetricFilter, type ILogGroup } from 'aws-cdk-lib/aws-logs'
import type { Construct } from 'constructs'
import type { LogMetric } from '../alerts.ts'

export interface LogMetricProps {
  readonly log: ILogGroup
  readonly metric: LogMetric
  readonly namespace: string
  readonly metricName: string
}

export function createLogMetric(scope: Construct, id: string, props: LogMetricProps): void {
  const { log, metric, namespace, metricName } = props
  new CfnMetricFilter(scope, id, {
    logGroupName: log.logGroupName,
    filterPattern: filterPattern(metric),
    metricTransformations: [
      { metricNamespace: namespace, metricName, metricValue: metric.value === undefined ? '1' : `$.${metric.value}` },
    ],
  })
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html */
function filterPattern({ where }: LogMetric): string {
  const terms = Object.entries(where).map(([field, text]) => `$.${field} = ${JSON.stringify(text ?? '*')}`)
  return `{ ${terms.join(' && ')} }`
}
