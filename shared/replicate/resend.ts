/**
 * Resend: what a peer should have and lacks, and nobody will write again, is put onto the bus once more. A peer lacks
 * something if it was away for longer than a bus keeps messages, lost some of its store, or came later than the writes.
 *
 * What goes is a claim, whatever the size: the present whole state is read when it is sent, and a peer that has it by then
 * says so.
 */
import { hlcToMs } from '../causality/hybrid-logical-clock.ts'
import { includes, type VersionVector } from '../causality/version-vector.ts'
import type { Bus, Clock, RecordStore } from '../ports/index.ts'
import { claimEventOf } from './claim.ts'
import type { Here } from './here.ts'
import { wholeChange } from './make-change.ts'
import type { RecordRef } from './record-ref.ts'

export interface ResendPorts {
  readonly here: Here
  readonly clock: Clock
  readonly store: RecordStore
  readonly bus: Bus
}

/** Answers with how many of the records there are. Rejects as the store and the bus do: all of it can be repeated. */
export async function resend(refs: readonly RecordRef[], { here, clock, store, bus }: ResendPorts): Promise<number> {
  const atMs = clock.now()
  const stored = await Promise.all(refs.map(async ref => ({ ref, found: await store.readRecord(ref) })))
  const events = stored.flatMap(({ ref, found }) =>
    found ? [claimEventOf(wholeChange(ref, found.record, here, atMs))] : [],
  )
  if (events.length > 0) await bus.publish(events)
  return events.length
}

/** A sync record in short, as one site has it. */
export interface KnownRecord {
  readonly name: string
  readonly vector: VersionVector
  readonly hlc: number
  readonly deleted: boolean
}

interface Holder {
  readonly site: string
  readonly record: KnownRecord
}

/**
 * By site the names of the records to resend, so that every site that holds the type gets what another one has: each write
 * from one site only. What was written after `untilMs` is left out: it may be on its way.
 */
export function lackingRecords(
  bySite: ReadonlyMap<string, readonly KnownRecord[]>,
  untilMs: number,
): ReadonlyMap<string, readonly string[]> {
  const known = new Map<string, Holder[]>()
  for (const [site, records] of bySite) {
    for (const record of records) {
      const there = known.get(record.name)
      if (there) there.push({ site, record })
      else known.set(record.name, [{ site, record }])
    }
  }
  const sending = new Map<string, string[]>()
  for (const [name, holders] of known) {
    for (const site of sendersOf(holders, [...bySite.keys()], untilMs)) {
      const names = sending.get(site)
      if (names) names.push(name)
      else sending.set(site, [name])
    }
  }
  return sending
}

/** Sites that together know all that any site lacks of a record; none that another one of them knows as much as. */
function sendersOf(holders: readonly Holder[], sites: readonly string[], untilMs: number): readonly string[] {
  let senders: readonly Holder[] = []
  for (const holder of holders) {
    const { vector, hlc, deleted } = holder.record
    const isLackedAt = (site: string) => {
      const there = holders.find(other => other.site === site)
      // What has forgotten the record, or never had it, has no document to delete.
      return there ? !includes(there.record.vector, vector) : !deleted
    }
    if (hlcToMs(hlc) > untilMs || !sites.some(isLackedAt)) continue
    if (senders.some(({ record }) => includes(record.vector, vector))) continue
    senders = [...senders.filter(({ record }) => !includes(vector, record.vector)), holder]
  }
  return senders.map(({ site }) => site)
}
