/**
 * What Tributary itself has to write with a commit: for types that need decisions and not only joins (see
 * resolve/ruling.ts). It gets a dot of this site like any write, and travels like one.
 */
import { tick } from '../causality/hybrid-logical-clock.ts'
import { advance, counterOf } from '../causality/version-vector.ts'
import { documentHash } from '../document/canonical.ts'
import type { TakingOver } from '../resolve/merge-type.ts'
import type { DataType } from './here.ts'
import type { RecordRef } from './record-ref.ts'
import { holdCapture, type SyncRecord } from './sync-record.ts'
import { writtenIn } from './written-in.ts'

export interface DecidingSite {
  readonly site: string
  readonly nowMs: number
  /** See taken-homes.ts. */
  readonly taking?: TakingOver | undefined
}

/** The counter of this site's next write of the record. */
export function nextCounter({ vector }: SyncRecord, site: string, nowMs: number): number {
  const last = counterOf(vector, site)
  // A record without history starts at the clock, so that one forgotten and made anew never uses a dot twice.
  return last > 0 ? last + 1 : Math.max(Math.floor(nowMs), 1)
}

/** The record with the decision in it, or as it was. Its shadow is the hash of its view, as ever. */
export function decideRecord(
  { key }: RecordRef,
  record: SyncRecord,
  type: DataType,
  { site, nowMs, taking }: DecidingSite,
): SyncRecord {
  const counter = nextCounter(record, site, nowMs)
  const hlc = tick(nowMs, record.hlc)
  const decided = type.record.decide(record.state, {
    site,
    key,
    nowMs,
    stamp: { site, counter, hlc },
    taking,
  })
  if (!decided) return record
  const from = counterOf(record.vector, site)
  return {
    ...record,
    vector: advance(record.vector, [site, counter]),
    written: writtenIn(record),
    hlc,
    shadow: documentHash(type.record.view(decided.state)),
    state: decided.state,
    held: holdCapture(record.held, { from, to: counter, seen: record.vector, touched: decided.touched, decided: true }),
  }
}
