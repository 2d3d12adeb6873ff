/** Lag, events, errors, what waits and what is read, on one page. */
import { google } from './google.ts'
import type { SiteContext } from './site-context.ts'

interface Chart {
  readonly title: string
  readonly filter: string
  readonly aligner: string
  readonly reducer?: string
  readonly groupBy?: string
}

const run = 'resource.type="cloud_run_revision" AND resource.labels.service_name=starts_with("tributary-")'
const lag = (tier: number) => `metric.type="logging.googleapis.com/user/tributary/lag-tier-${tier}"`

const charts: readonly Chart[] = [
  ...[1, 2, 3].map(tier => ({
    title: `Lag of what arrived, tier ${tier}, p95, ms`,
    filter: lag(tier),
    aligner: 'ALIGN_DELTA',
    reducer: 'REDUCE_PERCENTILE_95',
  })),
  {
    title: 'Calls a second, by function',
    filter: `${run} AND metric.type="run.googleapis.com/request_count"`,
    aligner: 'ALIGN_RATE',
    reducer: 'REDUCE_SUM',
    groupBy: 'resource.labels.service_name',
  },
  {
    title: 'Failed calls a second, by function',
    filter: `${run} AND metric.type="run.googleapis.com/request_count" AND metric.labels.response_code_class="5xx"`,
    aligner: 'ALIGN_RATE',
    reducer: 'REDUCE_SUM',
    groupBy: 'resource.labels.service_name',
  },
  {
    title: 'Duration of a call, p95, ms, by function',
    filter: `${run} AND metric.type="run.googleapis.com/request_latencies"`,
    aligner: 'ALIGN_DELTA',
    reducer: 'REDUCE_PERCENTILE_95',
    groupBy: 'resource.labels.service_name',
  },
  {
    title: 'Age of the oldest message, s, by subscription',
    filter:
      'resource.type="pubsub_subscription" AND metric.type="pubsub.googleapis.com/subscription/oldest_unacked_message_age"',
    aligner: 'ALIGN_MAX',
  },
  {
    title: 'Documents read a second',
    filter: 'metric.type="firestore.googleapis.com/document/read_count"',
    aligner: 'ALIGN_RATE',
    reducer: 'REDUCE_SUM',
  },
  {
    title: 'Documents written a second',
    filter: 'metric.type="firestore.googleapis.com/document/write_count"',
    aligner: 'ALIGN_RATE',
    reducer: 'REDUCE_SUM',
  },
]

const chartsInRow = 3
const columns = 12
const height = 4

export function createDashboard({ scope, site, services }: SiteContext): void {
  const width = columns / chartsInRow
  const tiles = charts.map((chart, index) => ({
    xPos: (index % chartsInRow) * width,
    yPos: Math.floor(index / chartsInRow) * height,
    width,
    height,
    widget: widgetOf(chart),
  }))
  const dashboard = { displayName: `Tributary: ${site.id}`, mosaicLayout: { columns, tiles } }
  const args = { dashboard_json: JSON.stringify(dashboard) }
  google(scope, 'tributary', 'google_monitoring_dashboard', args, { dependsOn: services })
}

function widgetOf({ title, filter, aligner, reducer, groupBy }: Chart) {
  const aggregation = {
    alignmentPeriod: '60s',
    perSeriesAligner: aligner,
    ...(reducer === undefined ? {} : { crossSeriesReducer: reducer }),
    ...(groupBy === undefined ? {} : { groupByFields: [groupBy] }),
  }
  const dataSets = [{ plotType: 'LINE', timeSeriesQuery: { timeSeriesFilter: { filter, aggregation } } }]
  return { title, xyChart: { dataSets } }
}
