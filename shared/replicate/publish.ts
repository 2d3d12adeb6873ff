/**
 * Publish: a sync record was committed; its local writes go onto the bus, its resolutions and the evidence of
 * blind writes into the audit store.
 *
 * Driven by the stream of sync records, so that no function ever has to write in two places. A feed may skip
 * versions: what travels is everything that the record still holds and the feed may not have carried yet.
 */
import { counterOf } from '../causality/version-vector.ts'
import type { AuditStore, Bus, Clock, DeadLetters } from '../ports/index.ts'
import type { AuditEntry } from './audit-entry.ts'
import { type ChangeEvent, changeEventOf } from './change-event.ts'
import { claimEventOf } from './claim.ts'
import { type UnreadableMessage, unreadableMessage } from './dead-letter.ts'
import { isForSuccessor } from './declared-state.ts'
import type { Here } from './here.ts'
import { incidentsIn } from './incident-entry.ts'
import { deltaOf, wholeChange } from './make-change.ts'
import type { RecordRef } from './record-ref.ts'
import { decodeRecord, type SyncRecord } from './sync-record.ts'

export interface PublishPorts {
  readonly here: Here
  readonly clock: Clock
  readonly bus: Bus
  readonly audit: AuditStore
  readonly deadLetters: DeadLetters
}

/** One version of a sync record, as the feed carried it: encoded. */
export interface RecordVersion {
  readonly ref: RecordRef
  readonly text: string
  /** The version before, if the feed carries it too; undefined: it may have skipped any number of versions. */
  readonly previous: string | undefined
}

/** What one version has for the bus and for the audit store, or why it could not be read. */
interface News {
  readonly event: ChangeEvent | undefined
  readonly entries: readonly AuditEntry[]
}

/** Rejects if the bus, the audit store or the dead letters cannot be written: the trigger delivers the versions again. */
export async function publish(versions: readonly RecordVersion[], ports: PublishPorts): Promise<void> {
  const { bus, audit, deadLetters } = ports
  const readings = versions.map(version => read(version, ports))
  for (const reading of readings) if ('kind' in reading) await deadLetters.put(reading)
  const news = readings.flatMap(reading => ('kind' in reading ? [] : [reading]))
  const events = news.flatMap(({ event }) => event ?? [])
  if (events.length > 0) await bus.publish(events)
  const entries = news.flatMap(version => version.entries)
  if (entries.length > 0) await audit.put(entries)
}

/** A version that cannot be read is put aside: it must not hold up its neighbours. */
function read({ ref, text, previous }: RecordVersion, { here, clock }: PublishPorts): News | UnreadableMessage {
  try {
    const record = decodeRecord(text)
    const before = previous === undefined ? undefined : readable(previous)
    const event = eventIn(ref, record, before, { here, nowMs: clock.now() })
    const incidents = incidentsIn(ref, record, before, { here, nowMs: clock.now() })
    return { event, entries: [...newEntries(record, before), ...incidents] }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return unreadableMessage({ site: here.site, reason, atMs: clock.now(), text })
  }
}

/** An older version that cannot be read is one that the feed skipped: more is sent than needed, and nothing is lost. */
function readable(text: string): SyncRecord | undefined {
  try {
    return decodeRecord(text)
  } catch {
    return undefined
  }
}

function newEntries(record: SyncRecord, previous: SyncRecord | undefined): readonly AuditEntry[] {
  const known = new Set(previous && entriesIn(previous).map(({ id }) => id))
  return entriesIn(record).filter(({ id }) => !known.has(id))
}

function entriesIn({ resolutions, writeBacks = [] }: SyncRecord): readonly AuditEntry[] {
  return [...resolutions, ...writeBacks]
}

function eventIn(
  ref: RecordRef,
  record: SyncRecord,
  previous: SyncRecord | undefined,
  { here, nowMs }: { readonly here: Here; readonly nowMs: number },
): ChangeEvent | undefined {
  const carried = previous ? counterOf(previous.vector, here.site) : 0
  const pending = record.held.filter(({ to }) => to > carried)
  if (pending.length === 0) return undefined
  // Forward's successor reads there what this function cannot.
  if (isForSuccessor(record, here.types.get(ref.type), nowMs))
    return claimEventOf(wholeChange(ref, record, here, nowMs))
  return changeEventOf(deltaOf(ref, record, pending, here))
}
