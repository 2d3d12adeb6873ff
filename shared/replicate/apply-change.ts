/**
 * The merge itself, without any store: what a site knows of a record after a change of another site.
 *
 * A delta is applied where all that it builds on has arrived, and only there: then the record's one version vector is
 * true for every cell. A whole state brings its own past along and is applied anywhere.
 */
import { mayOverlap } from '../causality/clock-skew.ts'
import type { SiteId } from '../causality/dot.ts'
import { counterOf, includes, joinVectors, type VersionVector } from '../causality/version-vector.ts'
import { documentHash } from '../document/canonical.ts'
import type { Document, Json } from '../document/json.ts'
import type { Arbitration, CellsState, Rule } from '../resolve/merge-type.ts'
import type { RecordType } from '../resolve/record-type.ts'
import { touchedBy } from '../resolve/touched.ts'
import { type Change, isWhole, lastCounter } from './change.ts'
import { type Resolution, resolutionId } from './resolution.ts'
import { recentResolutions } from './resolution-retention.ts'
import type { SyncRecord } from './sync-record.ts'
import { writtenAfter, writtenBy, writtenIn } from './written-in.ts'

export interface Merged {
  readonly record: SyncRecord
  readonly view: Document | undefined
}

export interface Site {
  readonly site: SiteId
  readonly nowMs: number
  /** A change whose content is older is answered `gap`: its sender then delivers what is true now. */
  readonly messageAgeMaxMs: number
}

export function applyChange(
  record: SyncRecord,
  change: Change,
  type: RecordType,
  at: Site,
): Merged | 'duplicate' | 'gap' {
  const standing = standingOf(record.vector, change, at)
  if (standing !== 'new') return standing

  const arbitrations: Arbitration[] = []
  const state = type.join(record.state, change.state, {
    a: { seen: record.vector, whole: true },
    b: { seen: change.vector, whole: isWhole(change) },
    path: [],
    report: arbitration => arbitrations.push(withUncertainty(arbitration)),
  })
  const vector = joinVectors(record.vector, change.vector)
  const view = type.view(state)
  const resolutions = resolutionsOf({ record, change, state, vector, type, arbitrations, at })
  return {
    view,
    record: {
      vector,
      ...writtenAfter(record, change, vector),
      hlc: Math.max(record.hlc, change.hlc),
      shadow: documentHash(view),
      state,
      held: record.held,
      resolutions: [...recentResolutions(record.resolutions, at.nowMs), ...resolutions],
    },
  }
}

/** Where one of several values is shown because it was written last, or first. */
const byTheClock: ReadonlySet<Rule> = new Set(['latest-write-wins', 'siblings-kept', 'first-write-stays'])

/** The order is the same everywhere, and for some of the values it is chance. */
function withUncertainty(arbitration: Arbitration): Arbitration {
  const { rule, kept, lost = [] } = arbitration
  const isUncertain = byTheClock.has(rule) && kept && lost.some(version => mayOverlap(kept, version))
  return isUncertain ? { ...arbitration, uncertain: true } : arbitration
}

function standingOf(seen: VersionVector, change: Change, at: Site): 'new' | 'duplicate' | 'gap' {
  const last = counterOf(seen, change.origin)
  if (isWhole(change) ? includes(seen, change.vector) : lastCounter(change) <= last) return 'duplicate'
  // Whoever has forgotten a deletion must not take an old message for the beginning of something.
  if (at.nowMs - change.asOfMs > at.messageAgeMaxMs) return 'gap'
  if (isWhole(change)) return 'new'
  const from = change.intervals[0]?.from ?? 0
  const others = { ...change.vector, [change.origin]: 0 }
  return from <= last && includes(seen, others) ? 'new' : 'gap'
}

interface Merging {
  readonly record: SyncRecord
  readonly change: Change
  readonly state: CellsState | undefined
  readonly vector: VersionVector
  readonly type: RecordType
  readonly arbitrations: readonly Arbitration[]
  readonly at: Site
}

/** One for each origin of which applications' writes are new here, if they met any that they had not seen. */
function resolutionsOf(merging: Merging): readonly Resolution[] {
  const { record, change, vector, arbitrations, at } = merging
  // Where nothing is kept, nothing was met: a record begun anew elsewhere, after its deletion had been forgotten there.
  if (record.state === undefined) return []
  const written = writtenBy(change)
  const isArbitrated = (origin: SiteId) => wasArbitrated(origin, record.vector, arbitrations)
  const arrived = Object.keys(vector).filter(
    origin =>
      origin !== at.site &&
      counterOf(vector, origin) > counterOf(record.vector, origin) &&
      (counterOf(written, origin) > counterOf(record.vector, origin) || isArbitrated(origin)),
  )
  // A whole state does not tell what each of its writes had seen; that one of them had to be arbitrated does. And what was
  // decided is no write, unless it made an event that had to be.
  const origins = metSomething(record.vector, writtenIn(record), change) ? arrived : arrived.filter(isArbitrated)
  if (origins.length === 0) return []
  const parts = touchedParts(merging)
  return origins.sort().map(origin => {
    const interval = {
      site: at.site,
      type: change.type,
      key: change.key,
      origin,
      from: counterOf(record.vector, origin),
      to: counterOf(vector, origin),
    }
    return {
      id: resolutionId(interval),
      ...interval,
      atMs: at.nowMs,
      vectors: { local: record.vector, remote: change.vector, merged: vector },
      clocks: { local: record.hlc, remote: change.hlc },
      ...parts,
      arbitrations,
    }
  })
}

/** Was anything `met` here that the newly arrived writes had not seen? Asked of the oldest of them: it had seen least. */
function metSomething(seen: VersionVector, met: VersionVector, change: Change): boolean {
  const last = counterOf(seen, change.origin)
  const arrived = change.intervals.filter(({ to }) => to > last)
  const oldest = arrived.find(({ decided }) => !decided) ?? arrived[0]
  return !includes({ ...(oldest?.seen ?? change.vector), [change.origin]: Number.MAX_SAFE_INTEGER }, met)
}

function wasArbitrated(origin: SiteId, seen: VersionVector, arbitrations: readonly Arbitration[]): boolean {
  return arbitrations.some(({ kept, lost }) =>
    [...(kept ? [kept] : []), ...(lost ?? [])].some(
      ({ site, counter }) => site === origin && counter > counterOf(seen, origin),
    ),
  )
}

/** The part of the document that the change touched, on both sides and merged. */
function touchedParts({ record, change, state, type }: Merging): Pick<Resolution, 'local' | 'remote' | 'outcome'> {
  const touched = touchedBy(change.state ?? null)
  const part = (whole: CellsState | undefined): Json | undefined => whole && type.view(type.cut(whole, touched))
  const local = part(record.state)
  const remote = type.view(change.state)
  const outcome = part(state)
  return {
    ...(local === undefined ? {} : { local }),
    ...(remote === undefined ? {} : { remote }),
    ...(outcome === undefined ? {} : { outcome }),
  }
}
