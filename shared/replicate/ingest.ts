/**
 * Ingest: changes of another site are merged into this one, each on its own, with an answer for each.
 *
 * A merge is only made into a document that the sync record knows of: if the application wrote meanwhile, its write
 * is captured first. `applied` is said only after the commit; a crash before that makes the next delivery a duplicate.
 */
import { skewMaxMs } from '../causality/clock-skew.ts'
import type { SiteId } from '../causality/dot.ts'
import { ResolverFailed } from '../declare/resolver.ts'
import { jsonEquals } from '../document/json.ts'
import { withoutFields } from '../document/portable.ts'
import {
  type AuditStore,
  type Clock,
  type Commit,
  Contended,
  mayPass,
  type RecordStore,
  ShadowMismatch,
  ValueRefused,
} from '../ports/index.ts'
import type { Answer, RefusalReason } from './answer.ts'
import { applyChange, type Merged } from './apply-change.ts'
import { aheadMsOf } from './batch-report.ts'
import { attemptsMax, captureOnce } from './capture.ts'
import type { Change } from './change.ts'
import { decideRecord } from './decide-record.ts'
import { requireDeclared } from './declared-state.ts'
import { documentWrite } from './document-write.ts'
import { evidenceAfterMerge } from './evidence.ts'
import { hasExpired } from './expiry.ts'
import { goneAtMs } from './gone.ts'
import { type DataType, dataTypeOf, type Here } from './here.ts'
import { look, type Sight } from './look.ts'
import { quarantineEntry } from './quarantine-entry.ts'
import { recordName } from './record-ref.ts'
import { fitsIntoRecord } from './resolution-retention.ts'
import { sideBySide } from './side-by-side.ts'
import type { SyncRecord } from './sync-record.ts'
import type { TakenHomes } from './taken-homes.ts'

export interface IngestPorts {
  readonly here: Here
  readonly clock: Clock
  readonly store: RecordStore
  readonly audit: AuditStore
  /** Absent: this site takes nobody's part. */
  readonly homes?: TakenHomes
}

/**
 * Changes of one record are applied in their order, of different records side by side, so many at a time. Never rejects.
 * `sentAtMs`: when they were sent, by the sender's clock, as far as that is known.
 */
export async function ingest(
  changes: readonly Change[],
  sender: SiteId,
  ports: IngestPorts,
  sentAtMs = 0,
): Promise<readonly Answer[]> {
  const answers: Answer[] = changes.map(() => ({ answer: 'busy', reason: 'not tried' }))
  const rows = new Map<string, number[]>()
  changes.forEach((change, index) => {
    const name = recordName(change)
    const row = rows.get(name)
    if (row) row.push(index)
    else rows.set(name, [index])
  })
  await sideBySide([...rows.values()], async row => {
    for (const index of row) {
      const change = changes[index]
      if (change) answers[index] = await ingestOne(change, sender, ports, sentAtMs)
    }
  })
  return answers
}

async function ingestOne(change: Change, sender: SiteId, ports: IngestPorts, sentAtMs: number): Promise<Answer> {
  try {
    const refusal = inadmissible(change, sender, ports.here)
    if (refusal) return refusal
    return (await quarantine(change, ports, sentAtMs)) ?? (await merge(change, ports))
  } catch (error) {
    return answerFor(error)
  }
}

/**
 * A stamp from a clock that is far ahead would win over everything until real time has caught up, and every later write of
 * the record would be stamped after it. So nothing of it is taken in.
 */
async function quarantine(change: Change, { here, clock, audit }: IngestPorts, sentAtMs: number) {
  const aheadMs = aheadMsOf(change, sentAtMs, clock.now())
  if (aheadMs <= skewMaxMs) return undefined
  await audit.put([quarantineEntry(change, here.site, aheadMs)])
  return { answer: 'quarantined', aheadMs } as const
}

/** What is wrong with a change before any store is touched. */
function inadmissible(change: Change, sender: SiteId, here: Here): Answer | undefined {
  if (change.origin !== sender) return refused('wrong_origin', `${sender} sent a change of ${change.origin}`)
  if (change.plan !== here.plan.hash) return { answer: 'held' }
  const known = here.plan.types.find(({ name }) => name === change.type)
  if (!known) return refused('unknown_type', `the plan has no data type '${change.type}'`)
  if (!here.types.has(change.type)) return refused('not_resident', `'${change.type}' may not be at ${here.site}`)
  const { record, plan } = dataTypeOf(here, change.type)
  if (!plan.sites.includes(sender)) return refused('not_resident', `'${change.type}' may not be at ${sender}`)
  if (change.key.length !== plan.key.length)
    return refused('malformed', `a key of '${change.type}' is ${plan.key.join(', ')}`)
  const strangers = sitesIn(change).filter(site => !here.plan.sites.some(({ id }) => id === site))
  if (strangers.length > 0) return refused('malformed', `a vector names ${strangers.join(', ')}, no site of the plan`)
  if (change.state && !record.isState(change.state)) return refused('malformed', `no state of '${change.type}'`)
  return undefined
}

function sitesIn({ vector, written, intervals }: Change): readonly string[] {
  return [vector, written ?? {}, ...intervals.map(({ seen }) => seen)].flatMap(Object.keys)
}

function refused(reason: RefusalReason, detail: string): Answer {
  return { answer: 'refused', reason, detail }
}

function answerFor(error: unknown): Answer {
  if (mayPass(error)) return { answer: 'busy', reason: error.message }
  if (error instanceof ValueRefused) return refused('local_document_refused', error.message)
  if (error instanceof ResolverFailed) return refused('resolver_failed', error.message)
  if (error instanceof ShadowMismatch) return refused('shadow_mismatch', error.message)
  return refused('internal', error instanceof Error ? `${error.name}: ${error.message}` : String(error))
}

async function merge(change: Change, ports: IngestPorts): Promise<Answer> {
  const { here, clock, store, homes } = ports
  const type = dataTypeOf(here, change.type)
  const taking = type.record.decides ? await homes?.of(change.type) : undefined
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const nowMs = clock.now()
    const sight = await look(change, { store, type, clock })
    if (sight === 'raced') continue
    if (sight.differs) {
      await captureOnce(change, sight, ports)
      continue
    }
    requireDeclared(change, sight.record, type, nowMs)
    const merged = applyChange(sight.record, change, type.record, {
      site: here.site,
      nowMs,
      messageAgeMaxMs: here.messageAgeMaxMs,
    })
    if (merged === 'duplicate' || merged === 'gap') return { answer: merged }
    const decided = decideRecord(change, merged.record, type, { site: here.site, nowMs, taking })
    const view = decided === merged.record ? merged.view : type.record.view(decided.state)
    const record = await withoutOverflow(decided, sight, ports)
    const answer = await commitMerge(commitOf(change, sight, { record, view }, type, nowMs), store)
    if (answer !== 'raced') return answer
  }
  throw new Contended(change, attemptsMax)
}

async function commitMerge(commit: Commit, store: RecordStore): Promise<Answer | 'raced'> {
  try {
    const result = await store.commit(commit)
    return result === 'raced' ? result : { answer: 'applied' }
  } catch (error) {
    if (error instanceof ValueRefused) return refused('not_storable', error.message)
    throw error
  }
}

function commitOf(change: Change, sight: Sight, { record, view }: Merged, type: DataType, nowMs: number): Commit {
  const goneMs = goneAtMs(view, type, nowMs)
  const before = sight.document.document
  const after = view && withoutFields(view, type.plan.omit)
  const evidence = evidenceAfterMerge(sight.record, { change, type, before, after, nowMs })
  const commit: Commit = {
    ref: { type: change.type, key: change.key },
    record: { ...record, lookedMs: sight.fromMs, ...(goneMs === undefined ? {} : { goneAtMs: goneMs }), ...evidence },
    expected: sight.revision,
  }
  if (jsonEquals(after, before)) return commit
  // Nothing would be gained by putting back what its store has removed, or is about to.
  if (before === undefined && hasExpired(after, type.plan.expires, nowMs)) return commit
  return {
    ...commit,
    document: documentWrite(sight, after, type),
  }
}

/**
 * Resolutions ride in the sync record. When they are many, those already committed are put into the audit store and
 * leave it. A new one that is too large by itself is put there before the commit: if the commit then loses a race, the
 * merge is made again and writes the same entry, unless yet another change came in between; then this one stays, and
 * tells of a merge that was never shown. That is better than a record that no store can hold.
 */
async function withoutOverflow(record: SyncRecord, sight: Sight, { audit }: IngestPorts) {
  if (fitsIntoRecord(record.resolutions)) return record
  const carried = sight.record.resolutions
  const committed = new Set(carried.map(({ id }) => id))
  const fresh = record.resolutions.filter(({ id }) => !committed.has(id))
  const kept = fitsIntoRecord(fresh) ? fresh : []
  const leaving = kept.length > 0 ? carried : [...carried, ...fresh]
  if (leaving.length > 0) await audit.put(leaving)
  return { ...record, resolutions: kept }
}
