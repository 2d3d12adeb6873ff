/**
 * Capture: something says that a document may have changed; find out what changed and commit it to the sync record.
 *
 * Level-triggered: the event is only a hint. Capture compares the document as it is now with the one the sync record
 * knows of, so that lost, repeated, reordered and stale events do no harm, and the echo of our own writes ends here.
 */
import { tick } from '../causality/hybrid-logical-clock.ts'
import { advance, counterOf } from '../causality/version-vector.ts'
import { documentHash } from '../document/canonical.ts'
import { type Document, jsonEquals } from '../document/json.ts'
import {
  type Clock,
  type CommitResult,
  Contended,
  type DeadLetters,
  type RecordStore,
  ShadowMismatch,
  StoreUnavailable,
  ValueRefused,
} from '../ports/index.ts'
import { refusedDocument } from './dead-letter.ts'
import { evidenceAfterCapture } from './evidence.ts'
import { goneAtMs } from './gone.ts'
import { type DataType, dataTypeOf, type Here } from './here.ts'
import { look, type Sight } from './look.ts'
import type { RecordRef } from './record-ref.ts'
import { recentResolutions } from './resolution-retention.ts'
import { holdCapture, type SyncRecord } from './sync-record.ts'

export interface CapturePorts {
  readonly here: Here
  readonly clock: Clock
  readonly store: RecordStore
  readonly deadLetters: DeadLetters
  /** Told of every sync record that was committed (see express-lane.ts). */
  readonly captured?: (ref: RecordRef, record: SyncRecord) => void
}

export type CaptureResult = 'unchanged' | 'captured' | 'refused'

/** How often a flow starts over when others change the record meanwhile; then its trigger tries again. */
export const attemptsMax = 10

/** A failure that nobody foresaw is tried so often, with growing pauses, before it is put aside. */
const failureAttemptsMax = 4
const failureBackoffMs = 100

/**
 * Rejects with `Contended` or `StoreUnavailable`: the trigger delivers the hint again. Whatever else fails becomes a
 * dead letter: one bad document must not hold up its neighbours for ever.
 */
export async function capture(ref: RecordRef, ports: CapturePorts): Promise<CaptureResult> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await captureUntilClean(ref, ports)
    } catch (error) {
      if (error instanceof StoreUnavailable || error instanceof Contended) throw error
      const final = error instanceof ValueRefused || error instanceof ShadowMismatch || attempt === failureAttemptsMax
      if (final) return putAside(ref, error, ports)
      await ports.clock.sleep(failureBackoffMs * 2 ** (attempt - 1))
    }
  }
}

async function putAside(
  ref: RecordRef,
  error: unknown,
  { here, clock, deadLetters }: CapturePorts,
): Promise<CaptureResult> {
  const { field, reason } =
    error instanceof ValueRefused
      ? error
      : { field: '', reason: error instanceof Error ? `${error.name}: ${error.message}` : String(error) }
  await deadLetters.put(refusedDocument({ site: here.site, ref, field, reason, atMs: clock.now() }))
  return 'refused'
}

async function captureUntilClean(ref: RecordRef, ports: CapturePorts): Promise<CaptureResult> {
  const { here, clock, store } = ports
  const type = dataTypeOf(here, ref.type)
  let result: CaptureResult = 'unchanged'
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const sight = await look(ref, { store, type, nowMs: clock.now() })
    if (sight === 'raced') continue
    if (!sight.differs) return result
    if ((await captureOnce(ref, sight, ports)) === 'raced') continue
    result = 'captured'
    // The application may have taken its write back before the commit, and the hint of that found all as it was.
    const { document } = await store.readDocument(ref)
    if (jsonEquals(document, sight.document.document)) return result
  }
  throw new Contended(ref, attemptsMax)
}

/** Commits what `sight` shows to have changed. Throws `ValueRefused` and `ShadowMismatch`. */
export async function captureOnce(
  ref: RecordRef,
  sight: Sight,
  { here, clock, store, captured }: Omit<CapturePorts, 'deadLetters'>,
): Promise<CommitResult> {
  const type = dataTypeOf(here, ref.type)
  const record = recordAfter(ref, sight, type, here.site, clock.now())
  const result = await store.commit({ ref, record, expected: sight.revision })
  if (result === 'committed') captured?.(ref, record)
  return result
}

function recordAfter(ref: RecordRef, sight: Sight, type: DataType, site: string, nowMs: number): SyncRecord {
  const { record } = sight
  const after = sight.document.document
  const before = type.record.view(record.state)
  if (documentHash(before) !== record.shadow) throw new ShadowMismatch(ref)
  refuseMisfit(ref, type, after)

  const from = counterOf(record.vector, site)
  // A record without history starts at the clock, so that one forgotten and made anew never uses a dot twice.
  const to = from > 0 ? from + 1 : Math.max(Math.floor(nowMs), 1)
  const hlc = tick(nowMs, record.hlc)
  const stamp = { site, counter: to, hlc }
  const standing = sight.expired ? undefined : before
  const written = type.record.write(record.state, standing, after, stamp)
  if (!written || !jsonEquals(type.record.view(written.state), after)) {
    throw new Error(`${ref.type}: its merge type broke the put-get law: the captured document reads differently`)
  }
  const goneMs = goneAtMs(after, type, nowMs)
  const { merge } = type.plan
  const evidence = evidenceAfterCapture(record, { ref, site, from, to, merge, before: standing, after, nowMs })
  return {
    vector: advance(record.vector, [site, to]),
    hlc,
    shadow: sight.hash,
    state: written.state,
    held: holdCapture(record.held, { from, to, seen: record.vector, touched: written.touched }),
    resolutions: recentResolutions(record.resolutions, nowMs),
    ...(goneMs === undefined ? {} : { goneAtMs: goneMs }),
    ...evidence,
  }
}

function refuseMisfit(ref: RecordRef, type: DataType, document: Document | undefined): void {
  if (!document) return
  const misfit = type.record.misfit(document)
  if (misfit) throw new ValueRefused(ref, misfit.path, misfit.reason)
}
