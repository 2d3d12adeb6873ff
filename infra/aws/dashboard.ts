/** What is looked at when an alarm rings: is data coming, how late, what fails, what waits. */
import { Duration } from 'aws-cdk-lib'
import { AlarmStatusWidget, Dashboard, GraphWidget, type IMetric, type Metric } from 'aws-cdk-lib/aws-cloudwatch'
import type { Construct } from 'constructs'
import { alerts, arrivals } from '../alerts.ts'
import { type Alarms, logSeries, type Watched } from './alarms.ts'

const width = 12
const period = Duration.minutes(5)

export function createDashboard(scope: Construct, watched: Watched, { alarms }: Alarms): void {
  const { site, functions, letters, givenUp } = watched
  const arrived = logSeries('arrived', arrivals, watched, scope).with({ period, label: 'changes that arrived' })
  const graph = (title: string, left: readonly IMetric[]) => new GraphWidget({ title, left: [...left], width })
  const each = (metricOf: (watchedFunction: (typeof functions)[number]['fn']) => Metric) =>
    functions.map(({ fn }) => metricOf(fn).with({ period }))
  new Dashboard(scope, 'Dashboard', {
    dashboardName: `tributary-${site}`,
    widgets: [
      [new AlarmStatusWidget({ title: `Tributary at ${site}`, alarms: [...alarms], width: 24, height: 6 })],
      [
        graph('Changes', [arrived]),
        graph('Replication lag, p95 in ms', logged('lag-tier-1', 'lag-tier-2', 'lag-tier-3')),
      ],
      [
        graph(
          'Age of the oldest that waits, ms',
          functions
            .filter(({ bundle }) => ['capture', 'publish', 'forward'].includes(bundle))
            .map(({ fn }) => fn.metric('IteratorAge', { statistic: 'Maximum', period })),
        ),
        graph(
          'Failed invocations',
          each(fn => fn.metricErrors()),
        ),
      ],
      [
        graph(
          'Duration, p95',
          each(fn => fn.metricDuration({ statistic: 'p95' })),
        ),
        graph('Latency between sites, p95 in ms; clocks ahead', logged('latency-between-sites', 'clock-ahead')),
      ],
      [
        graph('Dead letters and given up', [
          letters.metricApproximateNumberOfMessagesVisible({ period }),
          givenUp.metricApproximateNumberOfMessagesVisible({ period }),
        ]),
        graph('Bytes sent, before compression', logged('egress')),
      ],
    ],
  })

  /** The metrics that alarms read already. */
  function logged(...names: readonly string[]): readonly IMetric[] {
    return names.flatMap(name => {
      const alert = alerts.find(row => row.watched === name)
      const alarm = alarms.find(({ node }) => node.id === alert?.id)
      return alarm ? [alarm.metric] : []
    })
  }
}
