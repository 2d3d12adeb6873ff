/**
 * What really happened, noted from the outside: every document that ever stood in a table, every captured write with
 * the documents before and after it, every merge. The oracle and the invariants read this, never the merge code.
 */
import { type Dot, type SiteId, sameDot } from '../../shared/causality/dot.ts'
import {
  counterOf,
  covers,
  emptyVector,
  joinVectors,
  type VersionVector,
} from '../../shared/causality/version-vector.ts'
import { documentHash } from '../../shared/document/canonical.ts'
import type { Document } from '../../shared/document/json.ts'
import { changedFields } from '../../shared/ports/document-conditions.ts'
import type { DocumentWritten, RecordRemoved, RecordWritten } from '../../shared/ports/memory/memory-database.ts'
import type { Change } from '../../shared/replicate/change.ts'
import { type RecordRef, recordName } from '../../shared/replicate/record-ref.ts'
import type { Resolution } from '../../shared/replicate/resolution.ts'
import { decodeRecord, noRecord } from '../../shared/replicate/sync-record.ts'

/** One captured write. */
export interface Captured {
  readonly dot: Dot
  readonly from: number
  readonly seen: VersionVector
  readonly hlc: number
  readonly before: Document | undefined
  readonly after: Document | undefined
}

/** One commit of a merge at a site. */
export interface Merge {
  readonly site: SiteId
  readonly change: Change
  readonly before: VersionVector
  readonly after: VersionVector
  readonly resolutions: readonly Resolution[]
}

export class Journal {
  readonly violations: string[] = []
  readonly captures = new Map<string, Captured[]>()
  readonly merges = new Map<string, Merge[]>()
  readonly refs = new Map<string, RecordRef>()
  /** Records that were stripped of their content somewhere, and those that were forgotten somewhere. */
  readonly stripped = new Set<string>()
  readonly removed = new Set<string>()
  /** By site and record: what the site had seen of it when it forgot it. */
  readonly #forgotten = new Map<string, VersionVector>()
  /** All documents that a record's row ever held at a site, by hash. */
  readonly #documents = new Map<string, Map<string, Document | undefined>>()

  /** By site and record: the table's present document, and how many writes of the application no capture accounts for. */
  readonly #present = new Map<string, string>()
  readonly #uncaptured = new Map<string, number>()

  violation(text: string): void {
    this.violations.push(text)
  }

  noteDocument(site: SiteId, { ref, before, after, merged }: DocumentWritten): void {
    const name = recordName(ref)
    this.refs.set(name, ref)
    const known = this.#known(site, name)
    known.set(documentHash(before), before)
    known.set(documentHash(after), after)
    const id = `${site} ${name}`
    this.#present.set(id, documentHash(after))
    if (!merged) {
      this.#uncaptured.set(id, (this.#uncaptured.get(id) ?? 0) + 1)
      return
    }
    this.#noteOverwrite(site, name, before, after)
    // What the merge meant to leave, without what the application had changed beside it.
    const shadow = this.#shadowBefore.get(`${site} ${name}`)
    const meant = withChanges(shadow === undefined ? undefined : known.get(shadow), before, after)
    known.set(documentHash(meant), meant)
  }

  /** The sync record of a merge is written with or just before its document: it must have known what it replaces. */
  readonly #shadowBefore = new Map<string, string>()

  noteRecord(site: SiteId, { ref, before, after, cause }: RecordWritten): void {
    const name = recordName(ref)
    this.refs.set(name, ref)
    const old = before === undefined ? noRecord : decodeRecord(before)
    const now = decodeRecord(after)
    this.#shadowBefore.set(`${site} ${name}`, old.shadow)
    const to = counterOf(now.vector, site)
    const from = counterOf(old.vector, site)
    // A merge can bring this site's own dots back (after pruning); a capture holds the one it made.
    const captured = now.held.at(-1)?.to === to && old.held.at(-1)?.to !== to
    if (captured) {
      this.#noteCause(`${site} ${name}`, now.shadow)
      const write = { dot: [site, to] as const, from, seen: this.known(site, ref, old.vector), hlc: now.hlc }
      const documents = {
        before: this.#document(site, name, old.shadow),
        after: this.#document(site, name, now.shadow),
      }
      const all = this.captures.get(name) ?? []
      for (const earlier of all) {
        if (covers(write.seen, earlier.dot) && earlier.hlc >= write.hlc) {
          this.violation(`${name}: ${site}:${to} is stamped before ${earlier.dot.join(':')}, which it had seen`)
        }
      }
      if (all.some(({ dot }) => sameDot(dot, write.dot))) this.violation(`${name}: dot ${site}:${to} was used twice`)
      this.captures.set(name, [...all, { ...write, ...documents }])
    } else if (cause) {
      const known = new Set(old.resolutions.map(({ id }) => id))
      const resolutions = now.resolutions.filter(({ id }) => !known.has(id))
      const merge = { site, change: cause, before: old.vector, after: now.vector, resolutions }
      this.merges.set(name, [...(this.merges.get(name) ?? []), merge])
    } else if (old.state !== undefined && now.state === undefined) this.stripped.add(name)
  }

  noteRemoved(site: SiteId, { ref, before }: RecordRemoved): void {
    const name = recordName(ref)
    this.removed.add(name)
    this.#forgotten.set(`${site} ${name}`, this.known(site, ref, decodeRecord(before).vector))
  }

  /** All that a site has ever seen of a record, pruned or not. */
  known(site: SiteId, ref: RecordRef, vector: VersionVector): VersionVector {
    return joinVectors(this.#forgotten.get(`${site} ${recordName(ref)}`) ?? emptyVector, vector)
  }

  /** Only an application's write makes a capture: what a merge wrote must never pass for one. */
  #noteCause(id: string, shadow: string): void {
    const open = this.#uncaptured.get(id) ?? 0
    if (open === 0) this.violation(`${id}: a write was captured that no application made`)
    this.#uncaptured.set(id, this.#present.get(id) === shadow ? 0 : Math.max(open - 1, 0))
  }

  /** Invariant 9: a merge replaced only what it had seen. Fields that it left alone may differ. */
  #noteOverwrite(site: SiteId, name: string, before: Document | undefined, after: Document | undefined): void {
    const shadow = this.#shadowBefore.get(`${site} ${name}`)
    const known = shadow === undefined ? undefined : this.#document(site, name, shadow)
    const indivisible = name.startsWith('products#')
    const names = new Set([before, after, known].flatMap(document => Object.keys(document ?? {})))
    for (const field of names) {
      const wrote = documentHash(part(before, field)) !== documentHash(part(after, field))
      const saw = documentHash(part(before, field)) === documentHash(part(known, field))
      if ((wrote || indivisible || after === undefined) && !saw) {
        this.violation(`${site} ${name}: a merge overwrote '${field}' of a document it had not seen`)
      }
    }
  }

  #document(site: SiteId, name: string, shadow: string): Document | undefined {
    const known = this.#known(site, name)
    if (shadow !== 'absent' && !known.has(shadow)) this.violation(`${site} ${name}: captured a document nobody wrote`)
    return known.get(shadow)
  }

  #known(site: SiteId, name: string): Map<string, Document | undefined> {
    const id = `${site} ${name}`
    const known = this.#documents.get(id) ?? new Map<string, Document | undefined>()
    this.#documents.set(id, known)
    return known
  }
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

/** `earlier` had been seen where `later` was captured. */
export function happenedBefore(earlier: Captured, later: Captured): boolean {
  return covers(later.seen, earlier.dot)
}
