/**
 * One line of JSON on stdout for each failure, dead letter and incident, and for each batch that passes between two
 * sites, where every cloud's log search finds it by its fields. The alerts count and measure these lines
 * (infra/alerts.ts).
 */
import { skewWarnMs } from '../../shared/causality/clock-skew.ts'
import type { BatchReport, ReportBatch } from '../../shared/replicate/batch-report.ts'
import type { DeadLetter } from '../../shared/replicate/dead-letter.ts'
import type { IncidentEntry } from '../../shared/replicate/incident-entry.ts'
import type { Pruned } from '../../shared/replicate/prune.ts'
import { type RecordRef, recordName } from '../../shared/replicate/record-ref.ts'

export interface Failure {
  readonly site: string
  /** The function's name: `capture`, `forward-azure-eastus`. */
  readonly function: string
  /** Absent: the failure is of the whole invocation. */
  readonly record?: RecordRef
  readonly error: unknown
}

export function logFailure({ site, function: name, record, error }: Failure): void {
  const { name: kind, message } = error instanceof Error ? error : { name: 'Error', message: String(error) }
  const line = { level: 'error', site, function: name, record: record && recordName(record), error: kind, message }
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

export function logDeadLetter({ kind, id, site, reason }: DeadLetter): void {
  process.stdout.write(`${JSON.stringify({ level: 'error', site, deadLetter: kind, id, reason })}\n`)
}

export interface PutOff {
  readonly site: string
  /** The function's name. */
  readonly function: string
  /** How many came back from where they wait and have to wait on. */
  readonly changes: number
  /** How long the oldest of them has waited, ms. */
  readonly oldestMs: number
}

/** No metric of a queue tells it: SQS leaves a message out of its oldest one's age once it was received three times. */
export function logPutOff({ site, function: name, changes, oldestMs }: PutOff): void {
  const line = { level: 'info', site, function: name, putOff: 'waits on', changes, oldestMs }
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

/** Without its data, which is the application's: the audit has it under the same id. */
export function logIncident({ site, name, id, subject, ...ref }: IncidentEntry): void {
  const line = { level: 'warn', site, incident: name, id, record: recordName(ref), subject }
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

/** One line for each run: a schedule has nobody to answer to. */
export function logPruned(site: string, pruned: Pruned): void {
  process.stdout.write(`${JSON.stringify({ level: 'info', site, function: 'prune', ...pruned })}\n`)
}

/** A warning where the peer's clock is further ahead than clocks may be. `name`: the function's. */
export function batchLog(site: string, name: string): ReportBatch {
  return (report: BatchReport) => {
    const level = (report.aheadMs ?? 0) > skewWarnMs ? 'warn' : 'info'
    process.stdout.write(`${JSON.stringify({ level, site, function: name, ...report })}\n`)
  }
}
