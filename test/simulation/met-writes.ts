/**
 * What is audited of a merge, asked of the writes alone: exactly one entry for each interval of writes that met some it had
 * not seen, and none where nothing met but the decisions of sites, verdicts and the words that they are stored.
 */
import type { Dot, SiteId } from '../../shared/causality/dot.ts'
import { counterOf, covers, type VersionVector } from '../../shared/causality/version-vector.ts'
import { type Document, jsonEquals } from '../../shared/document/json.ts'
import { isResolution } from '../../shared/replicate/audit-entry.ts'
import { type Change, isWhole } from '../../shared/replicate/change.ts'
import { recordName } from '../../shared/replicate/record-ref.ts'
import { resolutionId } from '../../shared/replicate/resolution.ts'
import type { SyncRecord } from '../../shared/replicate/sync-record.ts'
import type { SimulatedSite } from './site.ts'

/** One write of an application. */
interface Wrote {
  readonly dot: Dot
  readonly seen: VersionVector
}

/** Writes of one origin that came with one merge. */
interface Interval {
  readonly site: SiteId
  /** Of the entry that tells of it, if there is one. */
  readonly id: string
  readonly must: boolean
  readonly may: boolean
  readonly text: string
}

export class MetWrites {
  readonly #intervals: Interval[] = []
  readonly #wrote = new Map<string, Wrote[]>()

  /** A capture whose application had left the document as `after` where it stood as `before`. */
  noteCapture(
    site: SiteId,
    name: string,
    { old, now }: { readonly old: SyncRecord; readonly now: SyncRecord },
    { before, after }: { readonly before: Document | undefined; readonly after: Document | undefined },
  ): void {
    if (jsonEquals(before, after)) return
    const from = counterOf(old.vector, site)
    const to = counterOf(now.vector, site)
    // What was decided in the same commit has a dot of its own, behind that of the write.
    const dots = from > 0 ? to - from : now.held.filter(capture => capture.to <= to).length
    this.#writes(name).push({ dot: [site, to - dots + 1], seen: old.vector })
  }

  noteMerge(site: SiteId, old: SyncRecord, now: SyncRecord, cause: Change): void {
    const { type, key } = cause
    const writes = this.#writes(recordName(cause))
    for (const origin of Object.keys(now.vector)) {
      const [from, to] = [counterOf(old.vector, origin), counterOf(now.vector, origin)]
      if (origin === site || to <= from) continue
      const arrived = writes.filter(({ dot }) => dot[0] === origin && dot[1] > from && dot[1] <= to)
      const met = (seen: VersionVector) =>
        writes.some(({ dot }) => dot[0] !== origin && covers(old.vector, dot) && !covers(seen, dot))
      const may = arrived.some(({ seen }) => met(seen))
      const must = arrived.length > 0 && (isWhole(cause) ? met(cause.vector) : may)
      const id = resolutionId({ site, type, key, origin, from, to })
      this.#intervals.push({ site, id, must, may, text: `${recordName(cause)} at ${site}: ${origin}:(${from},${to}]` })
    }
  }

  /** When all has been copied into the audit stores; of each interval there is at most one entry, as its id says. */
  check(sites: readonly SimulatedSite[]): readonly string[] {
    const stores = new Map(sites.map(({ id, auditStore }) => [id, auditStore.entries]))
    return this.#intervals.flatMap(({ site, id, must, may, text }) => {
      const entry = stores.get(site)?.get(id)
      if (must && !entry) return [`${text} met writes that it had not seen, and has no audit entry`]
      // An event that a home has made up for another one can be against the machine.
      const isOfDecisions = entry && isResolution(entry) && !may && entry.arbitrations.length === 0
      return isOfDecisions ? [`${text} is audited, and met no other write`] : []
    })
  }

  #writes(name: string): Wrote[] {
    const known = this.#wrote.get(name) ?? []
    this.#wrote.set(name, known)
    return known
  }
}
