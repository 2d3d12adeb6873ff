/** Lag, batches, errors and dead letters over the last day, on one page. */
import { createHash } from 'node:crypto'
import { azure } from './azure.ts'
import { type Lines, logSeries } from './log-query.ts'
import type { Watched } from './monitoring.ts'
import { placed, type SiteContext } from './site-context.ts'

const received = (value: string, statistic: Lines['statistic']): Lines => {
  return { where: { batch: 'received' }, value, statistic }
}
const step = '5m'

const charts: readonly (readonly [title: string, query: string])[] = [
  ...([1, 2, 3] as const).map(
    tier =>
      [
        `Lag of what arrived, tier ${tier}, p95, ms`,
        logSeries(received(`lagMsByTier.tier${tier}`, 'p95'), step),
      ] as const,
  ),
  ['Changes that arrived', logSeries(received('changes', 'sum'), step)],
  ['Until a peer answered, p95, ms', logSeries({ where: { batch: 'sent' }, value: 'tookMs', statistic: 'p95' }, step)],
  ['Errors', logSeries({ where: { level: 'error' }, statistic: 'sum' }, step)],
  ['Dead letters', logSeries({ where: { deadLetter: null }, statistic: 'sum' }, step)],
  [
    'Duration of a call, p95, ms, by function',
    `requests | summarize value = percentile(duration, 95) by bin(timestamp, ${step}), operation_Name`,
  ],
]

const queryItem = 3
const lastDayMs = 24 * 3600 * 1000

export function createWorkbook(context: SiteContext, { logs }: Watched): void {
  const { site, scope } = context
  const items = charts.map(([title, query]) => ({
    type: queryItem,
    content: {
      version: 'KqlItem/1.0',
      title,
      query,
      size: 0,
      timeContext: { durationMs: lastDayMs },
      queryType: 0,
      resourceType: 'microsoft.insights/components',
      visualization: 'timechart',
    },
    customWidth: '33',
    name: title,
  }))
  azure(scope, 'tributary', 'azurerm_application_insights_workbook', {
    ...placed(context),
    name: uuidOf(site.id),
    display_name: `Tributary: ${site.id}`,
    // In lower case, as the service gives it back.
    source_id: `\${lower(${logs.insights.expression('id')})}`,
    data_json: JSON.stringify({ version: 'Notebook/1.0', items, isLocked: false }),
  })
}

/** A workbook is named by a UUID: the same for a site every time. (RFC 9562, version 8) */
function uuidOf(site: string): string {
  const hex = createHash('sha256').update(`tributary workbook ${site}`).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  )
}
