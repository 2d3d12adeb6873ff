/**
 * Capture: something says that a document may have changed; find out what changed and commit it to the sync record.
 *
 * Level-triggered: the event is only a hint. Capture compares the document as it is now with the one the sync record
 * knows of, so that lost, repeated, reordered and stale events do no harm, and the echo of our own writes ends here.
 */
import { tick } from '../causality/hybrid-logical-clock.ts'
import { advance, counterOf } from '../causality/version-vector.ts'
import { joinedParts } from '../declare/merge-descriptor.ts'
import { documentHash } from '../document/canonical.ts'
import { type Document, jsonEquals } from '../document/json.ts'
import { withoutFields } from '../document/portable.ts'
import {
  type Clock,
  type Commit,
  Contended,
  type DeadLetters,
  mayPass,
  type RecordStore,
  ShadowMismatch,
  ValueRefused,
} from '../ports/index.ts'
import type { TellBefore } from './before.ts'
import { refusedDocument } from './dead-letter.ts'
import { type DecidingSite, decideRecord, nextCounter } from './decide-record.ts'
import { requireDeclared } from './declared-state.ts'
import { documentWrite } from './document-write.ts'
import { hear, isEcho, isWholeEcho, type TellLeft, tellsOfMore } from './echo.ts'
import { evidenceAfterCapture } from './evidence.ts'
import { goneAtMs } from './gone.ts'
import { type DataType, dataTypeOf, type Here } from './here.ts'
import { look, lookAtRecord, type Sight } from './look.ts'
import type { RecordRef } from './record-ref.ts'
import { recentResolutions } from './resolution-retention.ts'
import { type TellSteps, versionsBetween } from './steps.ts'
import { holdCapture, noRecord, type SyncRecord } from './sync-record.ts'
import type { TakenHomes } from './taken-homes.ts'
import { undoneWrite } from './undone-write.ts'
import { writtenWith } from './written-in.ts'
import { latenessSince } from './written-since.ts'

export interface CapturePorts {
  readonly here: Here
  readonly clock: Clock
  readonly store: RecordStore
  readonly deadLetters: DeadLetters
  /** Absent: this site takes nobody's part. */
  readonly homes?: TakenHomes
  /** Told of every sync record that was committed (see express-lane.ts). */
  readonly captured?: (ref: RecordRef, record: SyncRecord) => void
  /** What the hint tells of the writes since; asked only where every version counts. */
  readonly steps?: TellSteps
  /** What the hint tells of what stood before; asked only where something has changed. */
  readonly before?: TellBefore
  /** What the hint tells that its own writes left. */
  readonly left?: TellLeft
}

export type CaptureResult = 'unchanged' | 'captured' | 'refused'

/** How often a flow starts over when others change the record meanwhile; then its trigger tries again. */
export const attemptsMax = 10

/** A failure that nobody foresaw is tried so often, with growing pauses, before it is put aside. */
const failureAttemptsMax = 4
const failureBackoffMs = 100

/**
 * Rejects with `Contended`, `OtherDeclaration` or `StoreUnavailable`: the trigger delivers the hint again. Whatever else
 * fails becomes a dead letter: one bad document must not hold up its neighbours for ever.
 */
export async function capture(ref: RecordRef, ports: CapturePorts): Promise<CaptureResult> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await captureUntilClean(ref, ports)
    } catch (error) {
      if (mayPass(error)) throw error
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
  const heard = hear(ports.left)
  if (isWholeEcho(heard, { site: here.site, type })) return result
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const seen = await lookAtRecord(ref, { store, clock })
    const { record } = seen.stored ?? { record: noRecord }
    if (isEcho(record, heard, { site: here.site, type })) return result
    const sight = await look(ref, { store, type, clock }, seen, tellsOfMore(record, heard))
    if (sight === 'raced') continue
    if (!sight.differs) return result
    const captured = await captureOnce(ref, sight, ports)
    if (captured === 'raced') continue
    result = 'captured'
    // The application may have taken its write back before the commit, and the hint of that found all as it was.
    const { document } = await store.readDocument(ref)
    if (jsonEquals(document, captured.document)) return result
  }
  throw new Contended(ref, attemptsMax)
}

/** What a capture left in the store. */
interface Captured {
  readonly document: Document | undefined
}

/** Commits what `sight` shows to have changed. Throws `OtherDeclaration`, `ValueRefused` and `ShadowMismatch`. */
export async function captureOnce(
  ref: RecordRef,
  sight: Sight,
  { here, clock, store, captured, homes, steps, before }: Omit<CapturePorts, 'deadLetters' | 'left'>,
): Promise<Captured | 'raced'> {
  const type = dataTypeOf(here, ref.type)
  requireDeclared(ref, sight.record, type, clock.now())
  const taking = type.record.decides ? await homes?.of(ref.type) : undefined
  const between = type.record.stepwise ? versionsBetween(steps, sight.record.shadow, sight.document.document) : []
  const record = recordAfter(ref, sight, type, { site: here.site, nowMs: clock.now(), taking, between, tell: before })
  const written = sight.document.document
  const commit: Commit = { ref, record, expected: sight.revision }
  const document = type.record.corrects ? putRight(record, sight, type) : written
  const result = await store.commit(
    jsonEquals(document, written)
      ? commit
      : { ...commit, document: documentWrite(sight, document && withoutFields(document, type.plan.omit), type) },
  )
  if (result === 'raced') return result
  captured?.(ref, record)
  return { document }
}

/** What stands where part of a write, or all of it, was not the application's to write. */
function putRight(record: SyncRecord, sight: Sight, type: DataType): Document | undefined {
  // Nothing came in the place of a document that has expired: it need not be brought back.
  return sight.expired && record.shadow === sight.record.shadow ? undefined : type.record.view(record.state)
}

interface CapturingSite extends DecidingSite {
  /** The versions before the present one that are to be captured with it. */
  readonly between: readonly Document[]
  readonly tell: TellBefore | undefined
}

function recordAfter(ref: RecordRef, sight: Sight, type: DataType, at: CapturingSite): SyncRecord {
  const { site, nowMs } = at
  const { record } = sight
  const after = sight.document.document
  const before = type.record.view(record.state)
  if (documentHash(before) !== record.shadow) throw new ShadowMismatch(ref)
  refuseMisfit(ref, type, after)

  const from = counterOf(record.vector, site)
  const to = nextCounter(record, site, nowMs)
  const hlc = tick(nowMs, record.hlc)
  const late = latenessSince(record, at.tell, { hlc, nowMs })
  const standing = sight.expired ? undefined : before
  const written = type.record.write(record.state, standing, after, { site, counter: to, hlc, late }, at.between)
  // A write of nothing but what is not the application's changes no cell, and is undone.
  const { state, touched } = written ?? { state: record.state, touched: {} }
  const view = type.record.view(state)
  if (!type.record.corrects && (!written || !jsonEquals(view, after))) {
    throw new Error(`${ref.type}: its merge type broke the put-get law: the captured document reads differently`)
  }
  const vector = advance(record.vector, [site, to])
  const write = { ref, type, site, from, to, nowMs, before: standing }
  const undone = type.record.corrects && undoneWrite({ ...write, written: after, outcome: view, record, hlc, vector })
  const evidence = evidenceAfterCapture(record, { ...write, merge: joinedParts(type.plan.merge), after })
  const captured = {
    vector,
    ...writtenWith(record, [site, to]),
    hlc,
    lookedMs: sight.fromMs,
    shadow: type.record.corrects ? documentHash(view) : sight.hash,
    state,
    held: holdCapture(record.held, { from, to, seen: record.vector, touched }),
    resolutions: [...recentResolutions(record.resolutions, nowMs), ...(undone ? [undone] : [])],
    ...evidence,
  }
  const decided = decideRecord(ref, captured, type, at)
  const goneMs = goneAtMs(type.record.corrects ? type.record.view(decided.state) : after, type, nowMs)
  return goneMs === undefined ? decided : { ...decided, goneAtMs: goneMs }
}

function refuseMisfit(ref: RecordRef, type: DataType, document: Document | undefined): void {
  if (!document) return
  const misfit = type.record.misfit(document)
  if (misfit) throw new ValueRefused(ref, misfit.path, misfit.reason)
}
