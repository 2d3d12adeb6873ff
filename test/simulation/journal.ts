/**
 * What really happened, noted from the outside: every document that ever stood in a table, every captured write with
 * the documents before and after it, every merge. The oracle and the invariants read this, never the merge code.
 */
import { type SiteId, sameDot } from '../../shared/causality/dot.ts'
import {
  counterOf,
  covers,
  emptyVector,
  joinVectors,
  type VersionVector,
} from '../../shared/causality/version-vector.ts'
import { isOneValue } from '../../shared/declare/merge-descriptor.ts'
import { documentHash } from '../../shared/document/canonical.ts'
import type { Document } from '../../shared/document/json.ts'
import { changedFields } from '../../shared/ports/document-conditions.ts'
import type { RecordStore } from '../../shared/ports/index.ts'
import type { DocumentWritten, RecordRemoved, RecordWritten } from '../../shared/ports/memory/memory-database.ts'
import type { Change } from '../../shared/replicate/change.ts'
import { type RecordRef, recordName } from '../../shared/replicate/record-ref.ts'
import type { Resolution } from '../../shared/replicate/resolution.ts'
import { decodeRecord, noRecord, type SyncRecord } from '../../shared/replicate/sync-record.ts'
import type { Captured } from './captured.ts'
import { plan } from './catalogue.ts'
import { expiresAtMs } from './expires-at.ts'
import { isCapture } from './is-capture.ts'
import { Looked } from './looked.ts'
import { expectedDocument, readings } from './oracle.ts'
import { WriteTimes } from './write-times.ts'

/** One commit of a merge at a site. */
export interface Merge {
  readonly site: SiteId
  readonly change: Change
  readonly before: VersionVector
  readonly after: VersionVector
  readonly resolutions: readonly Resolution[]
  /** All that the site had ever seen of the record, pruned or not. */
  readonly known: VersionVector
  /** It kept something of it, more than a vector. */
  readonly hadContent: boolean
}

/** How long a merge may take, with all that can stall it. */
const mergeMsMax = 12_000

/** How far a store's clock may be ahead of that of its site's functions, and two sites' clocks apart, at most. */
const storeAheadMsMax = 2000
const skewMaxMs = 300

/** Their documents are one value each: nothing may be written beside what a merge has seen. */
const indivisibleTypes: ReadonlySet<string> = new Set(
  plan.types.flatMap(({ name, merge }) => (isOneValue(merge) || merge.kind === 'appendOnly' ? [name] : [])),
)

export class Journal {
  readonly violations: string[] = []
  readonly captures = new Map<string, Captured[]>()
  readonly merges = new Map<string, Merge[]>()
  /** What captures told of writes that they did not let stand, by record. */
  readonly undone = new Map<string, Resolution[]>()
  readonly refs = new Map<string, RecordRef>()
  /** Records that were stripped of their content somewhere, and those that were forgotten somewhere. */
  readonly stripped = new Set<string>()
  readonly removed = new Set<string>()
  /** How many sync records were forgotten, documents removed by their store, and put back because they live elsewhere. */
  removals = 0
  expiries = 0
  renewals = 0
  /** By site and record: what the site had seen of it when it forgot it. */
  readonly #forgotten = new Map<string, VersionVector>()
  /** All documents that a record's row ever held at a site, by hash. */
  readonly #documents = new Map<string, Map<string, Document | undefined>>()

  /** By site and record: the table's present document, and how many writes of the application no capture accounts for. */
  readonly #present = new Map<string, string>()
  readonly #uncaptured = new Map<string, number>()
  /** By site and record, where the store removed the document and nobody wrote since: the hash of what it removed. */
  readonly #expired = new Map<string, string>()
  /** By site and record, when its sync record was written last; and each document of it, by hash, for the first time. */
  readonly #recordMs = new Map<string, number>()
  readonly #documentMs = new Map<string, number>()
  /** By site and record, where the latest commit was a capture: the document that it took. */
  readonly #taken = new Map<string, Document | undefined>()
  readonly #looked = new Looked()
  /** By which each site's clock is off. */
  readonly #skewMs = new Map<SiteId, number>()
  readonly times = new WriteTimes(site => this.#skewMs.get(site) ?? 0)
  #isExpiry = false
  readonly #nowMs: () => number

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  noteClock(site: SiteId, skewMs: number): void {
    this.#skewMs.set(site, skewMs)
  }

  violation(text: string): void {
    this.violations.push(text)
  }

  watching(site: SiteId, store: RecordStore): RecordStore {
    return this.#looked.watching(site, store)
  }

  /** What `remove` takes away was removed by its store, because its time had come. */
  noteExpiry(remove: () => void): void {
    this.#isExpiry = true
    try {
      remove()
    } finally {
      this.#isExpiry = false
    }
  }

  noteDocument(site: SiteId, { ref, before, after, merged }: DocumentWritten): void {
    const name = recordName(ref)
    this.refs.set(name, ref)
    this.times.noteDocument(site, name, after, this.#nowMs())
    const known = this.#known(site, name)
    known.set(documentHash(before), before)
    known.set(documentHash(after), after)
    const id = `${site} ${name}`
    const hash = documentHash(after)
    this.#present.set(id, hash)
    if (!this.#documentMs.has(`${id} ${hash}`)) this.#documentMs.set(`${id} ${hash}`, this.#nowMs())
    if (this.#isExpiry) {
      this.#expired.set(id, documentHash(before))
      this.expiries += 1
      return
    }
    if (merged) this.#notePutBack(id, after)
    this.#expired.delete(id)
    if (!merged) {
      this.#uncaptured.set(id, (this.#uncaptured.get(id) ?? 0) + 1)
      return
    }
    this.#noteOverwrite(site, ref, before, after)
    // What the merge meant to leave, without what the application had changed beside it.
    const record = this.#recordBefore.get(`${site} ${name}`)
    const meant = withChanges(this.#knew(site, ref, record), before, after)
    known.set(documentHash(meant), meant)
  }

  /** The sync record of a merge is written with or just before its document: it must have known what it replaces. */
  readonly #recordBefore = new Map<string, SyncRecord>()

  noteRecord(site: SiteId, { ref, before, after, cause }: RecordWritten): void {
    const name = recordName(ref)
    this.refs.set(name, ref)
    const old = before === undefined ? noRecord : decodeRecord(before)
    const now = decodeRecord(after)
    this.#recordBefore.set(`${site} ${name}`, old)
    this.#taken.delete(`${site} ${name}`)
    const to = counterOf(now.vector, site)
    const from = counterOf(old.vector, site)
    if (isCapture(site, old, now)) {
      const taken = this.#looked.before(site, ref, now)
      const hash = documentHash(taken)
      this.#taken.set(`${site} ${name}`, taken)
      this.#noteCause(`${site} ${name}`, hash)
      this.violations.push(...this.times.noteCapture(name, [site, to], hash, old, now))
      this.#noteUndone(name, old, now)
      if (now.shadow === documentHash(undefined) && this.#expired.get(`${site} ${name}`) === old.shadow) {
        this.violation(`${site} ${name}: what its store removed was captured as a deletion`)
      }
      const write = { dot: [site, to] as const, from, seen: this.known(site, ref, old.vector), hlc: now.hlc }
      const documents = {
        ...this.#standing(`${site} ${name}`, this.#document(site, ref, old), hash),
        after: taken,
      }
      if (taken && !this.#known(site, name).has(hash))
        this.violation(`${site} ${name}: captured a document nobody wrote`)
      const all = this.captures.get(name) ?? []
      for (const earlier of all) {
        if (covers(write.seen, earlier.dot) && earlier.hlc >= write.hlc) {
          this.violation(`${name}: ${site}:${to} is stamped before ${earlier.dot.join(':')}, which it had seen`)
        }
      }
      if (all.some(({ dot }) => sameDot(dot, write.dot))) this.violation(`${name}: dot ${site}:${to} was used twice`)
      this.captures.set(name, [...all, { ...write, ...documents }])
    } else if (cause) {
      const resolutions = newResolutions(old, now)
      const known = this.known(site, ref, old.vector)
      const hadContent = old.state !== undefined
      const merge = { site, change: cause, before: old.vector, after: now.vector, resolutions, known, hadContent }
      this.merges.set(name, [...(this.merges.get(name) ?? []), merge])
    } else if (old.state !== undefined && now.state === undefined) this.stripped.add(name)
    this.#recordMs.set(`${site} ${name}`, this.#nowMs())
  }

  noteRemoved(site: SiteId, { ref, before }: RecordRemoved): void {
    const name = recordName(ref)
    this.removed.add(name)
    this.removals += 1
    this.#forgotten.set(`${site} ${name}`, this.known(site, ref, decodeRecord(before).vector))
  }

  /** All that a site has ever seen of a record, pruned or not. */
  known(site: SiteId, ref: RecordRef, vector: VersionVector): VersionVector {
    return joinVectors(this.#forgotten.get(`${site} ${recordName(ref)}`) ?? emptyVector, vector)
  }

  #noteUndone(name: string, old: SyncRecord, now: SyncRecord): void {
    const resolutions = newResolutions(old, now)
    if (resolutions.length > 0) this.undone.set(name, [...(this.undone.get(name) ?? []), ...resolutions])
  }

  /** Only an application's write makes a capture: what a merge wrote must never pass for one. */
  #noteCause(id: string, shadow: string): void {
    const open = this.#uncaptured.get(id) ?? 0
    if (open === 0) this.violation(`${id}: a write was captured that no application made`)
    this.#uncaptured.set(id, this.#present.get(id) === shadow ? 0 : Math.max(open - 1, 0))
  }

  /**
   * What a captured write changed: nothing that had expired when it was looked at. That was after the sync record had
   * last been written, and with the captured document (`hash`) in place.
   */
  #standing(id: string, before: Document | undefined, hash: string): Pick<Captured, 'before' | 'isDoubtful'> {
    const expiresMs = expiresAtMs(before) ?? Number.POSITIVE_INFINITY
    const sinceMs = Math.max(this.#recordMs.get(id) ?? 0, this.#documentMs.get(`${id} ${hash}`) ?? 0)
    if (expiresMs < sinceMs - skewMaxMs) return { before: undefined, isDoubtful: false }
    return { before, isDoubtful: expiresMs <= this.#nowMs() + skewMaxMs }
  }

  /** A merge decides by the clock before it reads. */
  #notePutBack(id: string, after: Document | undefined): void {
    if (after === undefined || !this.#expired.has(id)) return
    this.renewals += 1
    const forMs = this.#nowMs() - (expiresAtMs(after) ?? Number.POSITIVE_INFINITY)
    if (forMs > mergeMsMax + skewMaxMs) this.violation(`${id}: a merge put back what had expired`)
  }

  /** Invariant 9: a merge replaced only what it had seen. Fields that it left alone may differ. */
  #noteOverwrite(site: SiteId, ref: RecordRef, before: Document | undefined, after: Document | undefined): void {
    const name = recordName(ref)
    const record = this.#recordBefore.get(`${site} ${name}`)
    const found = this.#knew(site, ref, record)
    // What its store has removed need not be seen.
    const leftMs = (expiresAtMs(found) ?? Number.POSITIVE_INFINITY) - this.#nowMs()
    const known = before === undefined && leftMs <= storeAheadMsMax + skewMaxMs ? undefined : found
    const indivisible = indivisibleTypes.has(ref.type)
    const names = new Set([before, after, known].flatMap(document => Object.keys(document ?? {})))
    for (const field of names) {
      const wrote = documentHash(part(before, field)) !== documentHash(part(after, field))
      const saw = documentHash(part(before, field)) === documentHash(part(known, field))
      if ((wrote || indivisible || after === undefined) && !saw) {
        this.violation(`${site} ${name}: a merge overwrote '${field}' of a document it had not seen`)
      }
    }
  }

  /** What the writer of the latest commit knew to stand in the table: a capture that puts right has just looked at it. */
  #knew(site: SiteId, ref: RecordRef, record: SyncRecord | undefined): Document | undefined {
    const id = `${site} ${recordName(ref)}`
    return this.#taken.has(id) ? this.#taken.get(id) : record && this.#document(site, ref, record)
  }

  /** The document that a sync record knows of. */
  #document(site: SiteId, ref: RecordRef, record: SyncRecord): Document | undefined {
    const name = recordName(ref)
    const { shadow } = record
    const known = this.#known(site, name)
    if (shadow === documentHash(undefined) || known.has(shadow)) return known.get(shadow)
    const unwritten = this.#unwritten(site, ref, record)
    if (!unwritten) this.violation(`${site} ${name}: captured a document nobody wrote`)
    return unwritten
  }

  /** What a merge made and did not write, because it had expired: told from the captured writes that it had seen. */
  #unwritten(site: SiteId, ref: RecordRef, { vector, shadow }: SyncRecord): Document | undefined {
    const seen = this.known(site, ref, vector)
    const captures = (this.captures.get(recordName(ref)) ?? []).filter(({ dot }) => covers(seen, dot))
    for (const reading of readings(captures)) {
      const document = expectedDocument(ref, reading)
      const expiresMs = expiresAtMs(document) ?? Number.POSITIVE_INFINITY
      if (documentHash(document) === shadow && expiresMs <= this.#nowMs() + skewMaxMs) return document
    }
    return undefined
  }

  #known(site: SiteId, name: string): Map<string, Document | undefined> {
    const id = `${site} ${name}`
    const known = this.#documents.get(id) ?? new Map<string, Document | undefined>()
    this.#documents.set(id, known)
    return known
  }
}

function newResolutions(old: SyncRecord, now: SyncRecord): readonly Resolution[] {
  const known = new Set(old.resolutions.map(({ id }) => id))
  return now.resolutions.filter(({ id }) => !known.has(id))
}

function withChanges(
  seen: Document | undefined,
  before: Document | undefined,
  after: Document | undefined,
): Document | undefined {
  if (seen === undefined || before === undefined || after === undefined) return after
  const changed = changedFields(before, after)
  const kept = Object.entries(seen).filter(([name]) => !changed.includes(name))
  const written = Object.entries(after).filter(([name]) => changed.includes(name))
  return Object.fromEntries([...kept, ...written])
}

function part(document: Document | undefined, field: string): Document | undefined {
  if (document === undefined || !Object.hasOwn(document, field)) return undefined
  return { value: document[field] ?? null }
}
