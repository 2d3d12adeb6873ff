/**
 * The functions' lines, as Application Insights keeps them: each is the message of a trace.
 * (https://learn.microsoft.com/azure/azure-monitor/reference/tables/traces)
 */
import type { LogMetric } from '../alerts.ts'

/** Which lines, and what of them. */
export type Lines = Pick<LogMetric, 'where' | 'value' | 'statistic'>

const lines = 'traces | where message startswith "{" | extend line = parse_json(message)'

/** One row with one column, `value`. */
export function logQuery({ where, value, statistic }: Lines): string {
  return [lines, ...conditionsOf({ where, value }), `summarize value = ${summary({ value, statistic })}`].join(' | ')
}

/** The same over time, in steps of `step` (`5m`). */
export function logSeries({ where, value, statistic }: Lines, step: string): string {
  const summarize = `summarize value = ${summary({ value, statistic })} by bin(timestamp, ${step})`
  return [lines, ...conditionsOf({ where, value }), summarize].join(' | ')
}

function conditionsOf({ where, value }: Pick<Lines, 'where' | 'value'>): readonly string[] {
  const fields = Object.entries(where).map(([field, equals]) => {
    return `where ${equals === null ? `isnotnull(line.${field})` : `tostring(line.${field}) == ${JSON.stringify(equals)}`}`
  })
  return value === undefined ? fields : [...fields, `where isnotnull(line.${value})`]
}

const summaries = {
  sum: (number: string) => `sum(${number})`,
  maximum: (number: string) => `max(${number})`,
  p95: (number: string) => `percentile(${number}, 95)`,
} as const

function summary({ value, statistic }: Pick<Lines, 'value' | 'statistic'>): string {
  return value === undefined ? 'count()' : summaries[statistic](`todouble(line.${value})`)
}
