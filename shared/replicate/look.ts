/**
 * What does this site hold of a record right now? The sync record and the document, read so that neither order of
 * commits can pass for a write of the application.
 */
import { documentHash } from '../document/canonical.ts'
import { jsonEquals } from '../document/json.ts'
import type { Clock, RecordStore, StoredDocument, StoredRecord } from '../ports/index.ts'
import { requireDeclared } from './declared-state.ts'
import { hasExpired, storeClockMarginMs } from './expiry.ts'
import type { DataType } from './here.ts'
import type { RecordRef } from './record-ref.ts'
import { noRecord, type SyncRecord } from './sync-record.ts'

export interface Sight {
  /** A moment before the first read, ms by this site's clock. */
  readonly fromMs: number
  readonly record: SyncRecord
  /** Undefined: there is no sync record yet. */
  readonly revision: string | undefined
  readonly document: StoredDocument
  /** The document's hash. */
  readonly hash: string
  /** The document is not the one that the sync record knows of: the application wrote. */
  readonly differs: boolean
  /** Where it differs: the document that the sync record knows of has expired, so that what is there now is another. */
  readonly expired: boolean
}

export interface Looking {
  readonly store: RecordStore
  readonly type: DataType
  readonly clock: Clock
}

/** The first half of a look. */
export interface RecordSight {
  /** A moment before the read, ms by this site's clock. */
  readonly fromMs: number
  readonly stored: StoredRecord | undefined
}

export async function lookAtRecord(
  ref: RecordRef,
  { store, clock }: Pick<Looking, 'store' | 'clock'>,
): Promise<RecordSight> {
  return { fromMs: clock.now(), stored: await store.readRecord(ref) }
}

/** `seen`: a first half that has been done already. `isTold`: somebody has said that the document differs from it. */
export async function look(
  ref: RecordRef,
  looking: Looking,
  seen?: RecordSight,
  isTold = false,
): Promise<Sight | 'raced'> {
  const { store, type, clock } = looking
  // The record first: a merge committed between the two reads then changes the record's revision, and whoever acts
  // on this sight fails to commit. The other way round an old document beside a new record looks like a revert.
  const { fromMs, stored } = seen ?? (await lookAtRecord(ref, looking))
  if (isTold && store.readBoth) return lookAtBoth(ref, looking, fromMs)
  const document = await store.readDocument(ref)
  // The time after the reads, however long they took: what a store was seen to have removed had expired by then.
  const sight = sightOf(ref, stored, document, { type, fromMs, nowMs: clock.now() })
  if (sight.hash === sight.record.shadow || !store.readBoth) return sight
  // Two reads can see a transaction half done. Equal documents need no proof; a difference does, also one that passes
  // for an expiry.
  return lookAtBoth(ref, looking, fromMs, sight)
}

/** `before`: what was seen of the document already, for its hash. */
async function lookAtBoth(
  ref: RecordRef,
  { store, type, clock }: Looking,
  fromMs: number,
  before?: Sight,
): Promise<Sight | 'raced'> {
  const both = (await store.readBoth?.(ref)) ?? 'raced'
  if (both === 'raced') return both
  const isSame = before && jsonEquals(both.document.document, before.document.document)
  const hash = isSame ? before.hash : undefined
  return sightOf(ref, both.stored, both.document, { type, fromMs, nowMs: clock.now(), hash })
}

interface Seeing {
  readonly type: DataType
  readonly fromMs: number
  readonly nowMs: number
  /** The document's hash, where it is known. */
  readonly hash?: string | undefined
}

function sightOf(
  ref: RecordRef,
  stored: StoredRecord | undefined,
  document: StoredDocument,
  { type, fromMs, nowMs, hash: known }: Seeing,
): Sight {
  const record = stored?.record ?? noRecord
  const hash = known ?? documentHash(document.document)
  const other = hash !== record.shadow
  const isGone = document.document === undefined
  const byMs = isGone ? nowMs + storeClockMarginMs : nowMs
  const { expires } = type.plan
  if (other && expires !== undefined) requireDeclared(ref, record, type, nowMs)
  const expired = other && expires !== undefined && hasExpired(type.record.view(record.state), expires, byMs)
  return { fromMs, record, revision: stored?.revision, document, hash, differs: other && !(isGone && expired), expired }
}
