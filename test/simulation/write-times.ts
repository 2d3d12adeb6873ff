/**
 * When did applications really write what a capture found? By the world's own time, which no site knows. A stamp and what it
 * says of its own lateness must hold that time between them, as far as clocks may be off; and of two concurrent writes that
 * the clocks chose between it is told that their times may overlap, if and only if they may.
 */
import type { Dot, SiteId } from '../../shared/causality/dot.ts'
import { hlcToMs } from '../../shared/causality/hybrid-logical-clock.ts'
import { documentHash } from '../../shared/document/canonical.ts'
import type { Document } from '../../shared/document/json.ts'
import type { Resolution } from '../../shared/replicate/resolution.ts'
import type { SyncRecord } from '../../shared/replicate/sync-record.ts'
import type { Arbitration, CellState, Version } from '../../shared/resolve/merge-type.ts'

/** How far a site's clock is off at most. */
const clockMsMax = 300

/** Closer than this the order of two clocks is chance, and further apart it is not. */
const apartMs = 500

/** A version of a document, and since when it stood. */
interface Stood {
  readonly hash: string
  readonly sinceMs: number
}

/** One captured write: the first and the last moment at which the application may have made a part of it. */
interface Written {
  readonly firstMs: number
  readonly lastMs: number
  /** By which the site's clock was off. */
  readonly skewMs: number
  readonly stampMs: number
  readonly lateMs: number
}

const byTheClock: ReadonlySet<string> = new Set(['latest-write-wins', 'siblings-kept', 'first-write-stays'])

export class WriteTimes {
  /** How often two writes were told apart by the clocks, and how often not: a run without either shows nothing. */
  ordered = 0
  uncertain = 0
  readonly #stood = new Map<string, Stood[]>()
  readonly #written = new Map<string, Written>()
  readonly #skewMs: (site: SiteId) => number

  constructor(skewMs: (site: SiteId) => number) {
    this.#skewMs = skewMs
  }

  noteDocument(site: SiteId, name: string, after: Document | undefined, nowMs: number): void {
    this.#versions(site, name).push({ hash: documentHash(after), sinceMs: nowMs })
  }

  /** `taken`: the hash of the document that was captured. */
  noteCapture(name: string, dot: Dot, taken: string, old: SyncRecord, now: SyncRecord): readonly string[] {
    const late = latenessIn(now.state, dot)
    const stampMs = hlcToMs(now.hlc)
    // What came back later was not what the capture had looked at.
    const versions = this.#versions(dot[0], name).filter(({ sinceMs }) => sinceMs <= stampMs + clockMsMax)
    if (!versions.some(({ hash }) => hash === taken))
      return [`${name}: ${dot.join(':')} is stamped before it was written`]
    const lookedMs = (old.lookedMs ?? Number.POSITIVE_INFINITY) - this.#skewMs(dot[0])
    const written = between(versions, taken, { shadow: old.shadow, lookedMs })
    // No plain value was written, or the document was never as the record says: a merge and a write went in together.
    if (late === undefined || !written) return []
    const lateMs = late === 0 ? 0 : Math.ceil(2 ** (late / 2))
    this.#written.set(nameOf(name, dot), { ...written, skewMs: this.#skewMs(dot[0]), stampMs, lateMs })
    const earliestMs = stampMs - lateMs - clockMsMax
    return written.firstMs >= earliestMs
      ? []
      : [`${name}: ${dot.join(':')} was written from ${written.firstMs} on, and is said to be from after ${earliestMs}`]
  }

  check(name: string, { site, arbitrations }: Resolution): readonly string[] {
    return arbitrations.flatMap(arbitration =>
      this.#checked(name, arbitration).map(fault => `${name} at ${site}: ${fault}`),
    )
  }

  #checked(name: string, { rule, kept, lost = [], ...flags }: Arbitration): readonly string[] {
    const uncertain = flags.uncertain === true
    if (!byTheClock.has(rule)) return uncertain ? [`${rule} asks no clock and is flagged as uncertain`] : []
    const shown = kept && this.#of(name, kept)
    const others = lost.map(version => this.#of(name, version))
    const known = others.filter(other => other !== undefined)
    if (!kept || !shown || known.length < others.length) return []
    const faults = known.flatMap(other => this.#misordered(shown, other, uncertain))
    const expected = known.some(other => mayOverlap(shown, other))
    if (expected) this.uncertain += 1
    else this.ordered += 1
    return expected === uncertain
      ? faults
      : [
          ...faults,
          `${kept.site}:${kept.counter} by ${rule}: ${uncertain ? 'flagged though the times are apart' : 'not flagged though the times overlap'}`,
        ]
  }

  /** What is told as certain is true: the write with the earlier stamp was made before the other one. */
  #misordered(a: Written, b: Written, uncertain: boolean): readonly string[] {
    const [first, last] = a.stampMs <= b.stampMs ? [a, b] : [b, a]
    // Clocks that are further apart than they may be promise nothing.
    const isPromised = Math.max(last.skewMs, 0) - first.skewMs <= apartMs
    if (uncertain || !isPromised || first.lastMs <= last.firstMs) return []
    return [`told in a certain order, and written at ${first.lastMs} and ${last.firstMs}`]
  }

  #of(name: string, { site, counter }: Version): Written | undefined {
    return this.#written.get(nameOf(name, [site, counter]))
  }

  #versions(site: SiteId, name: string): Stood[] {
    const id = `${site} ${name}`
    const known = this.#stood.get(id) ?? [{ hash: documentHash(undefined), sinceMs: 0 }]
    this.#stood.set(id, known)
    return known
  }
}

/**
 * From the last time that the known document was left until the captured one stood. Nothing counts as known where the
 * record's last look may have found it, or something after it: that the document had expired is no write, whoever removed
 * it, and nothing that was written before is in what was written after.
 */
function between(
  versions: readonly Stood[],
  taken: string,
  { shadow, lookedMs }: { readonly shadow: string; readonly lookedMs: number },
): Pick<Written, 'firstMs' | 'lastMs'> | undefined {
  const nothing = documentHash(undefined)
  const end = versions.findLastIndex(({ hash }) => hash === taken)
  const isKnown = ({ hash }: Stood, index: number) =>
    hash === shadow || (hash === nothing && (versions[index + 1]?.sinceMs ?? 0) > lookedMs)
  const start = versions.findLastIndex((version, index) => index < end && isKnown(version, index))
  const [first, last] = [versions[start + 1], versions[end]]
  return start < 0 || !first || !last ? undefined : { firstMs: first.sinceMs, lastMs: last.sinceMs }
}

function mayOverlap(a: Written, b: Written): boolean {
  const [first, last] = a.stampMs <= b.stampMs ? [a, b] : [b, a]
  return last.stampMs - last.lateMs <= first.stampMs + apartMs
}

/** What the state says of this write; undefined: it holds no plain value of it. */
function latenessIn(cell: CellState | null | undefined, dot: Dot): number | undefined {
  if (!cell) return undefined
  if (Array.isArray(cell)) {
    const sibling = cell.find(([site, counter]) => site === dot[0] && counter === dot[1])
    return sibling && (sibling[4] ?? 0)
  }
  if (!('cells' in cell)) return undefined
  for (const below of cell.cells.values) {
    const found = latenessIn(below, dot)
    if (found !== undefined) return found
  }
  return undefined
}

function nameOf(name: string, dot: Dot): string {
  return `${name} ${dot.join(':')}`
}
