/**
 * What is audited of a merge, asked of the writes alone: exactly one entry for each interval of writes that met some it had
 * not seen, and none where nothing met but the decisions of sites, verdicts and the words that they are stored.
 */
import type { Dot, SiteId } from '../../shared/causality/dot.ts'
import { counterOf, covers, type VersionVector } from '../../shared/causality/version-vector.ts'
import { type Document, jsonEquals } from '../../shared/document/json.ts'
import { type Change, isWhole } from '../../shared/replicate/change.ts'
import type { SyncRecord } from '../../shared/replicate/sync-record.ts'

/** One write of an application. */
interface Wrote {
  readonly dot: Dot
  readonly seen: VersionVector
}

export class MetWrites {
  /** How many merges had an entry, and how many of decisions alone had none. */
  audited = 0
  spared = 0
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

  noteMerge(
    site: SiteId,
    name: string,
    { old, now, cause }: { readonly old: SyncRecord; readonly now: SyncRecord; readonly cause: Change },
  ): readonly string[] {
    const known = new Set(old.resolutions.map(({ id }) => id))
    const fresh = now.resolutions.filter(({ id }) => !known.has(id))
    const writes = this.#writes(name)
    return Object.keys(now.vector).flatMap(origin => {
      const [from, to] = [counterOf(old.vector, origin), counterOf(now.vector, origin)]
      if (origin === site || to <= from) return []
      const entries = fresh.filter(entry => entry.origin === origin && entry.from === from && entry.to === to)
      const arrived = writes.filter(({ dot }) => dot[0] === origin && dot[1] > from && dot[1] <= to)
      const met = (seen: VersionVector) =>
        writes.some(({ dot }) => dot[0] !== origin && covers(old.vector, dot) && !covers(seen, dot))
      const may = arrived.some(({ seen }) => met(seen))
      const must = arrived.length > 0 && (isWhole(cause) ? met(cause.vector) : may)
      if (entries.length > 0) this.audited += 1
      else if (arrived.length === 0) this.spared += 1
      const what = `${name} at ${site}: ${origin}:(${from},${to}]`
      if (must && entries.length !== 1)
        return [`${what} met writes it had not seen and has ${entries.length} audit entries`]
      // An event that a home has made up for another one can be against the machine.
      const isOfDecisions = !may && entries.some(({ arbitrations }) => arbitrations.length === 0)
      return isOfDecisions ? [`${what} is audited, and met no other write`] : []
    })
  }

  #writes(name: string): Wrote[] {
    const known = this.#wrote.get(name) ?? []
    this.#wrote.set(name, known)
    return known
  }
}
