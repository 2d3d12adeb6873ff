/**
 * The alert table (../alerts.ts) as CloudWatch alarms. A row that watches a resource of which there are several, such as
 * every function, makes an alarm for each, so that the alarm's name says where.
 *
 * One SNS topic for each destination of the table; who listens to it is subscribed by the deployer.
 */
import { Aws, Duration } from 'aws-cdk-lib'
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { Key } from 'aws-cdk-lib/aws-kms'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import type { ILogGroup } from 'aws-cdk-lib/aws-logs'
import { Topic } from 'aws-cdk-lib/aws-sns'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import type { FunctionName } from '../../tools/build/bundle-functions.ts'
import { type Alert, alerts, type CloudMetric, type Destination, type LogMetric } from '../alerts.ts'
import { createLogMetric } from './log-metric.ts'
import { putOffAge } from './put-off-age.ts'

export interface WatchedFunction {
  readonly bundle: FunctionName
  readonly fn: LambdaFunction
  readonly log: ILogGroup
}

export interface Watched {
  readonly site: string
  readonly functions: readonly WatchedFunction[]
  /** Names. */
  readonly tables: readonly string[]
  readonly letters: IQueue
  readonly givenUp: IQueue
  readonly ingestMetrics: Readonly<Record<string, string>>
  readonly backupVault: string
  readonly dataKey: Key
}

export interface Alarms {
  readonly alarms: readonly Alarm[]
  readonly topics: ReadonlyMap<Destination, Topic>
}

/** What an alarm is about beside its row: a function, a table. */
interface Series {
  readonly of?: string
  readonly metric: IMetric
}

export function createAlarms(scope: Construct, watched: Watched): Alarms {
  const home = new Construct(scope, 'Alarms')
  const topics = createTopics(home, watched.dataKey)
  const logged = createLogSeries(watched, home)
  const putOff = createPutOffAges(watched, home)
  const alarms = alerts.flatMap(alert =>
    seriesOf(alert, { ...watched, putOff }, logged).map(series => {
      const alarm = createAlarm(home, alert, series)
      const topic = topics.get(alert.to)
      if (topic) alarm.addAlarmAction(new SnsAction(topic))
      return alarm
    }),
  )
  return { alarms, topics }
}

function createTopics(home: Construct, masterKey: Key): ReadonlyMap<Destination, Topic> {
  const destinations = [...new Set(alerts.map(({ to }) => to))]
  return new Map(
    destinations.map(to => {
      const topic = new Topic(home, `Topic-${to}`, { topicName: `tributary-${to}`, masterKey, enforceSSL: true })
      // A topic with a policy of its own, as the one that wants TLS, admits nobody that it does not name.
      topic.addToResourcePolicy(
        new PolicyStatement({
          principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
          actions: ['sns:Publish'],
          resources: [topic.topicArn],
          conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
        }),
      )
      return [to, topic]
    }),
  )
}

function createAlarm(home: Construct, alert: Alert, { of, metric }: Series): Alarm {
  const name = [alert.id, ...(of === undefined ? [] : [of])].join('-')
  return new Alarm(home, name, {
    alarmName: `tributary-${name}`,
    alarmDescription: `${alert.severity.toUpperCase()}: ${alert.means}`,
    metric,
    threshold: alert.above,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods: 1,
    // Nothing happened, so nothing was late or failed.
    treatMissingData: TreatMissingData.NOT_BREACHING,
  })
}

/** By what is watched: a warning and its critical alert read the same metric. */
function createLogSeries(watched: Watched, home: Construct): ReadonlyMap<string, Metric> {
  const metrics = new Map(
    alerts.flatMap(row => (row.metric.from === 'log' ? [[row.watched, row.metric] as const] : [])),
  )
  return new Map([...metrics].map(([name, metric]) => [name, logSeries(name, metric, watched, home)]))
}

function seriesOf(
  alert: Alert,
  watched: Parameters<NativeSeries>[0],
  logged: ReadonlyMap<string, Metric>,
): readonly Series[] {
  const period = Duration.minutes(alert.windowMinutes)
  if (alert.metric.from === 'cloud') return nativeSeries[alert.metric.metric](watched, period)
  const metric = logged.get(alert.watched)
  return metric ? [{ metric: metric.with({ period }) }] : []
}

const statistics: Readonly<Record<LogMetric['statistic'], string>> = { sum: 'Sum', maximum: 'Maximum', p95: 'p95' }

/** One metric for all functions that write such a line. */
export function logSeries(name: string, metric: LogMetric, { site, functions }: Watched, home: Construct): Metric {
  const logs = functions.filter(({ bundle }) => metric.by.includes(bundle))
  const place = { namespace: `Tributary/${site}`, metricName: name }
  for (const { log, fn } of logs) createLogMetric(home, `${name}-${fn.node.scope?.node.id}`, { log, metric, ...place })
  return new Metric({ ...place, statistic: statistics[metric.statistic] })
}

/** By forward's name: each peer by itself. */
function createPutOffAges({ site, functions }: Watched, home: Construct): ReadonlyMap<string, Metric> {
  const forwards = functions.filter(({ bundle }) => putOffAge.by.includes(bundle))
  return new Map(
    forwards.map(({ fn, log }) => {
      const place = { namespace: `Tributary/${site}`, metricName: `put-off-age-${nameOf(fn)}` }
      createLogMetric(home, `put-off-age-${fn.node.scope?.node.id}`, { log, metric: putOffAge, ...place })
      return [nameOf(fn), new Metric({ ...place, statistic: statistics[putOffAge.statistic] })]
    }),
  )
}

type NativeSeries = (
  watched: Watched & { readonly putOff: ReadonlyMap<string, Metric> },
  period: Duration,
) => readonly Series[]

const nativeSeries: Readonly<Record<CloudMetric, NativeSeries>> = {
  'function-error-percent': ({ functions }, period) =>
    functions.map(({ fn }) => ({
      of: nameOf(fn),
      metric: new MathExpression({
        expression: '100 * errors / MAX([calls, 1])',
        usingMetrics: { errors: fn.metricErrors(), calls: fn.metricInvocations() },
        period,
      }),
    })),
  'function-throttles': ({ functions }, period) =>
    functions.map(({ fn }) => ({ of: nameOf(fn), metric: fn.metricThrottles({ period }) })),
  'capture-age-ms': ({ functions }, period) => iteratorAges(functions, ['capture', 'publish'], period),
  'forward-age-ms': ({ functions }, period) => iteratorAges(functions, ['forward'], period),
  'put-off-age-ms': ({ putOff }, period) =>
    [...putOff].map(([of, metric]) => ({ of, metric: metric.with({ period }) })),
  'dead-letters': ({ letters }, period) => [{ metric: letters.metricApproximateNumberOfMessagesVisible({ period }) }],
  'given-up': ({ givenUp }, period) => [{ metric: givenUp.metricApproximateNumberOfMessagesVisible({ period }) }],
  'store-throttles': ({ tables }, period) =>
    tables.map(table => ({
      of: table,
      metric: new MathExpression({
        expression: 'reads + writes',
        usingMetrics: {
          reads: tableMetric(table, 'ReadThrottleEvents'),
          writes: tableMetric(table, 'WriteThrottleEvents'),
        },
        period,
      }),
    })),
  'ingest-refusals': ({ ingestMetrics }, period) => [
    {
      metric: new Metric({
        namespace: 'AWS/ApiGateway',
        metricName: '4XXError',
        dimensionsMap: { ...ingestMetrics },
        statistic: 'Sum',
        period,
      }),
    },
  ],
  'backup-failures': ({ backupVault }, period) => [
    {
      metric: new MathExpression({
        expression: 'FILL(failed, 0) + FILL(expired, 0)',
        usingMetrics: {
          failed: backupMetric(backupVault, 'NumberOfBackupJobsFailed'),
          expired: backupMetric(backupVault, 'NumberOfBackupJobsExpired'),
        },
        period,
      }),
    },
  ],
}

function iteratorAges(
  functions: readonly WatchedFunction[],
  bundles: readonly FunctionName[],
  period: Duration,
): readonly Series[] {
  return functions
    .filter(({ bundle }) => bundles.includes(bundle))
    .map(({ fn }) => ({ of: nameOf(fn), metric: fn.metric('IteratorAge', { statistic: 'Maximum', period }) }))
}

/** As it was given: the construct around it carries the function's name. */
function nameOf(fn: LambdaFunction): string {
  return fn.node.scope?.node.id.replace(/^tributary-/, '') ?? Aws.NO_VALUE
}

function tableMetric(TableName: string, metricName: string): Metric {
  return new Metric({ namespace: 'AWS/DynamoDB', metricName, dimensionsMap: { TableName }, statistic: 'Sum' })
}

function backupMetric(BackupVaultName: string, metricName: string): Metric {
  return new Metric({ namespace: 'AWS/Backup', metricName, dimensionsMap: { BackupVaultName }, statistic: 'Sum' })
}
