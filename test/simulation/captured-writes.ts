/**
 * What sites commit, read from the outside: which commits are merges, and of all others which document stood before and
 * which one the application had left. The models of types that decide are computed from these.
 */
import type { Dot, SiteId } from '../../shared/causality/dot.ts'
import { counterOf, type VersionVector } from '../../shared/causality/version-vector.ts'
import type { Document } from '../../shared/document/json.ts'
import type { RecordStore } from '../../shared/ports/index.ts'
import type { RecordWritten } from '../../shared/ports/memory/memory-database.ts'
import { createHere, dataTypeOf } from '../../shared/replicate/here.ts'
import { type RecordRef, recordName } from '../../shared/replicate/record-ref.ts'
import { decodeRecord, noRecord, type SyncRecord } from '../../shared/replicate/sync-record.ts'
import { plan } from './catalogue.ts'
import { isCapture } from './is-capture.ts'
import { Looked } from './looked.ts'
import { MetWrites } from './met-writes.ts'

/** One capture; also one that captured nothing and only decided. */
export interface CapturedWrite {
  readonly dot: Dot
  readonly seen: VersionVector
  /** As Tributary showed it. */
  readonly before: Document | undefined
  /** As the application left it. */
  readonly after: Document | undefined
}

export interface Committed {
  readonly name: string
  readonly old: SyncRecord
  readonly now: SyncRecord
  /** What the site shows from now on. */
  readonly shown: Document | undefined
  /** Undefined: it was a merge. */
  readonly captured: CapturedWrite | undefined
}

export class CapturedWrites {
  readonly refs = new Map<string, RecordRef>()
  captures = 0
  merges = 0
  readonly met = new MetWrites()
  readonly #looked = new Looked()
  /** Of texts a site shows its own edits before they are fixed. */
  readonly #here = new Map(plan.sites.map(({ id }) => [id, createHere(plan, id)]))
  /** By their text: what is written is the next write's before. */
  readonly #records = new Map<string, SyncRecord>()
  watching(site: SiteId, store: RecordStore): RecordStore {
    return this.#looked.watching(site, store)
  }

  note(site: SiteId, { ref, before, after, cause }: RecordWritten): Committed {
    const name = recordName(ref)
    this.refs.set(name, ref)
    const old = before === undefined ? noRecord : this.#decoded(before)
    const now = this.#decoded(after)
    const here = this.#here.get(site)
    if (!here) throw new RangeError(`no site ${site}`)
    const type = dataTypeOf(here, ref.type).record
    const isMerge = !isCapture(site, old, now)
    if (isMerge) this.merges += 1
    else this.captures += 1
    const captured = isMerge
      ? undefined
      : {
          dot: [site, counterOf(now.vector, site)] as const,
          seen: old.vector,
          before: type.view(old.state),
          after: this.#looked.before(site, ref, now),
        }
    if (captured) this.met.noteCapture(site, name, { old, now }, captured)
    else if (cause) this.met.noteMerge(site, old, now, cause)
    return { name, old, now, shown: type.view(now.state), captured }
  }

  #decoded(text: string): SyncRecord {
    const record = this.#records.get(text) ?? decodeRecord(text)
    this.#records.set(text, record)
    return record
  }
}
