/**
 * What one site does for an adoption: looks at records, notes what was there before, brings record and document to what
 * the sites agreed on, captures what was written meanwhile. Every step may be repeated, at any time, by anybody.
 * The order of the steps, and what the sites agree on, is in adopt.ts.
 */

import type { SiteId } from '../causality/dot.ts'
import { joinedParts } from '../declare/merge-descriptor.ts'
import { documentHash } from '../document/canonical.ts'
import { type Document, jsonEquals } from '../document/json.ts'
import { withoutFields } from '../document/portable.ts'
import {
  type Adoption,
  type AuditStore,
  type Commit,
  Contended,
  type DocumentScan,
  type StoredDocument,
  type StoredRecord,
  ValueRefused,
} from '../ports/index.ts'
import type { Version } from '../resolve/merge-type.ts'
import { rebaseDocument } from '../resolve/rebase.ts'
import { baselineCounter, baselineRecord, baselineSite, isBaseline } from './baseline.ts'
import { attemptsMax, capture } from './capture.ts'
import { type DataType, dataTypeOf } from './here.ts'
import { createLimit } from './limit.ts'
import type { EventPorts } from './note.ts'
import type { RecordRef } from './record-ref.ts'
import { type Resolution, resolutionId } from './resolution.ts'
import { fitsIntoRecord } from './resolution-retention.ts'
import type { SyncRecord } from './sync-record.ts'

/** How a record stands at a site. */
export type Standing =
  /** What was there before is written down. `shadow`: its hash. `audited`: it was settled against other sites' documents. */
  | { readonly is: 'noted'; readonly shadow: string; readonly audited: boolean }
  /** Not yet for sure; ask again when the feed has surely passed. `noted`: an event told of it. `hash`: of the document. */
  | { readonly is: 'open'; readonly noted: boolean; readonly hash: string }
  /** Nothing was there before. */
  | { readonly is: 'absent' }
  /** It has history: it was replicated before. */
  | { readonly is: 'known' }
  /** A document stands there that cannot be carried. */
  | { readonly is: 'refused'; readonly reason: string }

/** What was there before, whole. */
export interface Noted {
  readonly document: Document | undefined
  /** How it was settled, if it was. */
  readonly settled?: { readonly baseline: Document; readonly versions: readonly Version[] }
}

export interface Settlement {
  /** What was there before, as all sites agree from now on. */
  readonly baseline: Document
  /** What each site held, where that was not the same; goes into the audit. */
  readonly versions?: readonly Version[]
}

/** A site as an adoption sees it. Lists are answered in their order. */
export interface AdoptingSite {
  readonly site: SiteId
  adoption(type: string): Promise<Adoption | undefined>
  /** `sinceMs`: by this site's clock, in so many ms from now. */
  begin(type: string, inMs: number): Promise<void>
  advance(type: string, phase: Adoption['phase']): Promise<void>
  readonly scan: DocumentScan
  look(refs: readonly RecordRef[]): Promise<readonly Standing[]>
  /** Notes records that were seen as `open` before: `hashes` as they were then, null for one that an event had noted. */
  note(refs: readonly RecordRef[], hashes: readonly (string | null)[]): Promise<readonly Standing[]>
  read(ref: RecordRef): Promise<Noted>
  /** Undefined, or why this site cannot hold what was agreed on. */
  settle(ref: RecordRef, settlement: Settlement): Promise<string | undefined>
  /** How many of them had been written since. */
  capture(refs: readonly RecordRef[]): Promise<number>
}

export interface AdoptingPorts extends EventPorts {
  readonly audit: AuditStore
  readonly scan: DocumentScan
}

/** At a time: what the applications and the functions do meanwhile comes first. */
const recordsMax = 16

export function createAdoptingSite(ports: AdoptingPorts): AdoptingSite {
  const { here, clock, adoptions, scan } = ports
  const limit = createLimit(recordsMax)
  return {
    site: here.site,
    scan,
    adoption: type => adoptions.read(type),
    async begin(type, inMs) {
      const begun = await adoptions.read(type)
      if (!begun) await adoptions.write(type, { phase: 'noting', sinceMs: clock.now() + inMs })
    },
    async advance(type, phase) {
      const { sinceMs = clock.now() } = (await adoptions.read(type)) ?? {}
      await adoptions.write(type, { phase, sinceMs })
    },
    look: refs => Promise.all(refs.map(ref => limit(() => orRefused(look(ref, ports))))),
    note: (refs, hashes) =>
      Promise.all(refs.map((ref, index) => limit(() => orRefused(noteSeen(ref, hashes[index] ?? undefined, ports))))),
    read: ref => limit(() => read(ref, ports)),
    settle: (ref, settlement) => limit(() => settle(ref, settlement, ports)),
    async capture(refs) {
      const results = await Promise.all(refs.map(ref => limit(() => capture(ref, ports))))
      return results.filter(result => result === 'captured').length
    },
  }
}

async function orRefused(standing: Promise<Standing>): Promise<Standing> {
  try {
    return await standing
  } catch (error) {
    if (error instanceof ValueRefused) return { is: 'refused', reason: error.message }
    throw error
  }
}

async function look(ref: RecordRef, { here, store }: AdoptingPorts): Promise<Standing> {
  const stored = await store.readRecord(ref)
  const known = stored && standingOf(stored.record, dataTypeOf(here, ref.type))
  if (known) return known
  if (stored) return { is: 'open', noted: true, hash: '' }
  const { document } = await store.readDocument(ref)
  return { is: 'open', noted: false, hash: documentHash(document) }
}

/** Undefined: noted from an event that may not have been the first; an earlier one may be on its way. */
function standingOf(record: SyncRecord, type: DataType): Standing | undefined {
  if (!isBaseline(record, type)) return { is: 'known' }
  return record.notedUs === undefined ? notedAs(record) : undefined
}

function notedAs({ shadow, resolutions, state }: SyncRecord): Standing {
  if (state === undefined) return { is: 'absent' }
  return { is: 'noted', shadow, audited: resolutions.length > 0 }
}

async function noteSeen(
  ref: RecordRef,
  hash: string | undefined,
  { here, store, clock }: AdoptingPorts,
): Promise<Standing> {
  const type = dataTypeOf(here, ref.type)
  const stored = await store.readRecord(ref)
  if (stored) {
    // It has stood there for as long as an earlier event could have been under way.
    if (hash === undefined) return standingOf(stored.record, type) ?? notedAs(stored.record)
    return standingOf(stored.record, type) ?? { is: 'open', noted: true, hash: '' }
  }
  const lookedMs = clock.now()
  const { document } = await store.readDocument(ref)
  // It was written since: the event of that tells what stood there, and is on its way.
  if (documentHash(document) !== hash) return { is: 'open', noted: false, hash: documentHash(document) }
  if (document === undefined) return { is: 'absent' }
  const record = { ...baselineRecord(ref, type, document), lookedMs }
  const result = await store.commit({ ref, record, expected: undefined })
  return result === 'committed' ? notedAs(record) : { is: 'open', noted: true, hash: '' }
}

async function read(ref: RecordRef, { here, store }: AdoptingPorts): Promise<Noted> {
  const stored = await store.readRecord(ref)
  if (!stored) return { document: undefined }
  const document = dataTypeOf(here, ref.type).record.view(stored.record.state)
  const [entry] = stored.record.resolutions
  if (!entry || !document) return { document }
  return { document, settled: { baseline: document, versions: entry.arbitrations[0]?.lost ?? [] } }
}

async function settle(ref: RecordRef, settlement: Settlement, ports: AdoptingPorts): Promise<string | undefined> {
  const { store } = ports
  try {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const stored = await store.readRecord(ref)
      const document = await readable(ref, ports)
      const commit = await settlingCommit(ref, settlement, stored, document, ports)
      if (!commit || (await store.commit(commit)) === 'committed') return undefined
    }
  } catch (error) {
    if (error instanceof ValueRefused) return error.message
    throw error
  }
  throw new Contended(ref, attemptsMax)
}

/** Undefined: it cannot be carried; it stays as it is, and is a write on top of the baseline once it is mended. */
async function readable(ref: RecordRef, { store }: AdoptingPorts): Promise<StoredDocument | undefined> {
  try {
    return await store.readDocument(ref)
  } catch (error) {
    if (error instanceof ValueRefused) return undefined
    throw error
  }
}

/** Record and document change together; what the application made of the document since stays on top. */
async function settlingCommit(
  ref: RecordRef,
  { baseline, versions }: Settlement,
  stored: StoredRecord | undefined,
  read: StoredDocument | undefined,
  { here, clock, audit }: AdoptingPorts,
): Promise<Commit | undefined> {
  const type = dataTypeOf(here, ref.type)
  const { plan, record: recordType, indivisible, declared } = type
  const from = stored && recordType.view(stored.record.state)
  const audited = stored !== undefined && stored.record.resolutions.length > 0
  if (jsonEquals(from, baseline) && (audited || !versions)) return undefined
  const entry =
    versions && !audited ? resolutionOf(ref, type, here.site, from, baseline, versions, clock.now()) : undefined
  if (entry && !fitsIntoRecord([entry])) await audit.put([entry])
  const lookedMs = stored?.record.lookedMs
  const record: SyncRecord = {
    ...baselineRecord(ref, type, baseline),
    // What is left on top was written since the noted document stood.
    ...(read && lookedMs !== undefined && { lookedMs }),
    resolutions: [...(stored?.record.resolutions ?? []), ...(entry && fitsIntoRecord([entry]) ? [entry] : [])],
  }
  const commit: Commit = { ref, record, expected: stored?.revision }
  if (!read) return commit
  const rebased = rebaseDocument(joinedParts(plan.merge), { from, to: read.document, onto: baseline })
  const after = rebased && withoutFields(rebased, plan.omit)
  if (jsonEquals(after, read.document)) return commit
  return { ...commit, document: { read, after, indivisible, declared } }
}

function resolutionOf(
  { type: name, key }: RecordRef,
  type: DataType,
  site: SiteId,
  local: Document | undefined,
  outcome: Document,
  lost: readonly Version[],
  atMs: number,
): Resolution {
  const origin = baselineSite(type)
  const interval = { site, type: name, key, origin, from: 0, to: baselineCounter }
  return {
    id: resolutionId(interval),
    ...interval,
    atMs,
    vectors: { local: {}, remote: {}, merged: { [origin]: baselineCounter } },
    clocks: { local: 0, remote: 0 },
    ...(local === undefined ? {} : { local }),
    outcome,
    arbitrations: [{ path: [], rule: 'baselines-differ', lost }],
  }
}
