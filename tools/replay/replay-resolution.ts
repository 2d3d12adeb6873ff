/**
 * What would have become of a resolution under another declaration?
 *
 * The two sides are written anew, by the declared types themselves: what stood before both (see base-of.ts), then each
 * side's writes under their own stamps, then the join. First under the present declaration: if that does not give what
 * was audited, the account is not enough, and nothing is said about the other one.
 */
import { tick } from '../../shared/causality/hybrid-logical-clock.ts'
import { counterOf, joinVectors, type VersionVector } from '../../shared/causality/version-vector.ts'
import type { DocumentDescriptor, MergeDescriptor } from '../../shared/declare/merge-descriptor.ts'
import { type Document, isJsonObject, type Json, jsonEquals, setField } from '../../shared/document/json.ts'
import type { DataType, Here } from '../../shared/replicate/here.ts'
import type { Resolution } from '../../shared/replicate/resolution.ts'
import type { CellsState, Path, Version } from '../../shared/resolve/merge-type.ts'
import { baseOf, isCoarser, needsNoBase } from './base-of.ts'

export type Replayed =
  | { readonly result: 'same' }
  /** Of the part that the arriving writes touched. */
  | { readonly result: 'changed'; readonly outcome: Json | undefined }
  | { readonly result: 'cannot tell'; readonly reason: string }

export interface Declarations {
  readonly present: Here
  readonly other: Here
}

/** Before everything, and nobody's: the write that both sides had seen. */
const before = { site: 'before', counter: 1, hlc: 1 } as const

/** Behind all counters of the clock in milliseconds. */
const lastWrite = Number.MAX_SAFE_INTEGER - 1

export function replayResolution(resolution: Resolution, { present, other }: Declarations): Replayed {
  const [now, then] = [present, other].map(({ types }) => types.get(resolution.type))
  if (!now || !then) return cannotTell(`the other declaration has no '${resolution.type}' at ${resolution.site}`)
  if (resolution.origin === resolution.site) return cannotTell('it tells of an undone write, not of concurrent ones')
  const [nowMerge, thenMerge] = [joined(now.plan.merge), joined(then.plan.merge)]
  if (!nowMerge || !thenMerge) return cannotTell('what a home decides depends on the whole history, which is not kept')

  const paths = resolution.arbitrations.filter(({ kept }) => kept).map(({ path }) => JSON.stringify(path))
  const { local, remote, outcome } = resolution
  const base = baseOf(nowMerge, { local, remote, outcome }, path => paths.includes(JSON.stringify(path)))
  if (!base.unknown.every(path => needsNoBase(thenMerge, path))) {
    return cannotTell('both sides wrote it as one value, and what stood there before is not kept')
  }
  if (!jsonEquals(outcomeUnder(now, resolution, base.value), outcome)) {
    return cannotTell('the present declaration does not give what was audited')
  }
  const replayed = outcomeUnder(then, resolution, base.value)
  if (!jsonEquals(replayed, outcome)) return { result: 'changed', outcome: replayed }
  if (!isCoarser(nowMerge, thenMerge)) return { result: 'same' }
  return cannotTell('it would merge more as one value, and only the part that the arriving writes touched is kept')
}

function cannotTell(reason: string): Replayed {
  return { result: 'cannot tell', reason }
}

/** What merges by joins alone. */
function joined(merge: DocumentDescriptor): MergeDescriptor | undefined {
  switch (merge.kind) {
    case 'ledger':
    case 'eventLog':
    case 'text':
    case 'bestFeed':
      return undefined
    default:
      return merge
  }
}

interface Side {
  readonly state: CellsState | undefined
  readonly seen: VersionVector
}

function outcomeUnder({ record }: DataType, resolution: Resolution, base: Json | undefined): Document | undefined {
  const { site, origin, vectors, clocks, local, remote, arbitrations } = resolution
  const start = documentOf(base)
  const state = start && record.write(undefined, undefined, start, before)?.state
  const versions = arbitrations.flatMap(({ path, kept, lost = [] }) =>
    (kept ? [kept, ...lost] : lost).map(version => ({ path, version })),
  )
  const isHere = ({ version }: PlacedVersion) => counterOf(vectors.local, version.site) >= version.counter

  function side(
    by: string,
    vector: VersionVector,
    hlc: number,
    writes: readonly PlacedVersion[],
    end: Json | undefined,
  ) {
    let document = start
    let written: CellsState | undefined = state
    const write = (next: Document | undefined, stamp: { site: string; counter: number; hlc: number }) => {
      const result = record.write(written, document, next, stamp)
      if (result) written = result.state
      document = next
    }
    for (const { path, version } of [...writes].sort((a, b) => a.version.hlc - b.version.hlc)) {
      write(documentOf(withValue(document, path, version)), version)
    }
    const last = { site: by, counter: lastWrite, hlc: tick(0, hlc - 1) }
    if (!jsonEquals(document, documentOf(end))) write(documentOf(end), last)
    return { state: written, seen: joinVectors(vector, { [before.site]: before.counter, [by]: lastWrite }) }
  }

  const a: Side = side(site, vectors.local, clocks.local, versions.filter(isHere), local)
  const b: Side = side(
    origin,
    vectors.remote,
    clocks.remote,
    versions.filter(version => !isHere(version)),
    remote,
  )
  const merged = record.join(a.state, b.state, {
    a: { seen: a.seen, whole: true },
    b: { seen: b.seen, whole: true },
    path: [],
    report: () => undefined,
  })
  return record.view(merged)
}

interface PlacedVersion {
  readonly path: Path
  readonly version: Version
}

function documentOf(value: Json | undefined): Document | undefined {
  return isJsonObject(value) ? value : undefined
}

/** What lies in a list is written with the rest of its side. */
function withValue(value: Json | undefined, [name, ...below]: Path, version: Version): Json | undefined {
  if (name === undefined) return version.value
  if (value !== undefined && !isJsonObject(value)) return value
  const changed: Record<string, Json> = { ...value }
  const inner = withValue(value && Object.hasOwn(value, name) ? value[name] : undefined, below, version)
  if (inner !== undefined) setField(changed, name, inner)
  return changed
}
