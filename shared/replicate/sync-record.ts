/** What a site knows about one record, kept beside the application's own document. */
import type { Hlc } from '../causality/hybrid-logical-clock.ts'
import { emptyVector, type VersionVector } from '../causality/version-vector.ts'
import { documentHash } from '../document/canonical.ts'
import type { CellsState, Touched } from '../resolve/merge-type.ts'
import type { Resolution } from './resolution.ts'

/** One local capture that may still have to travel: which dots it covers and which cells it touched. */
export interface HeldCapture {
  /** The counter before; 0: the record's first. */
  readonly from: number
  readonly to: number
  /** What this site had seen of the record just before. */
  readonly seen: VersionVector
  readonly touched: Touched
}

export interface SyncRecord {
  readonly vector: VersionVector
  /** The latest stamp in this record: the next local write is stamped after it. */
  readonly hlc: Hlc
  /** Hash of the document that the application's table is known to hold; equals the view of `state`. */
  readonly shadow: string
  readonly state: CellsState | undefined
  /** The latest local captures, oldest first: what a feed that skips versions may not have carried yet. */
  readonly held: readonly HeldCapture[]
  /** Not yet known to be in the audit store. */
  readonly resolutions: readonly Resolution[]
}

/** How many captures a record holds: two, so that one version skipped by a feed still travels as a delta. */
export const heldCapturesMax = 2

export const noRecord: SyncRecord = Object.freeze({
  vector: emptyVector,
  hlc: 0,
  shadow: documentHash(undefined),
  state: undefined,
  held: [],
  resolutions: [],
})

export function holdCapture(held: readonly HeldCapture[], capture: HeldCapture): readonly HeldCapture[] {
  return [...held, capture].slice(-heldCapturesMax)
}

const encodingVersion = 1

/** The stored text was written by another version of this code: migrate, do not guess. */
export class EncodingUnknown extends Error {
  constructor(found: unknown) {
    super(`a sync record in encoding ${JSON.stringify(found)}; this version reads ${encodingVersion}`)
    this.name = 'EncodingUnknown'
  }
}

/**
 * Two lines: what every reader wants, and the state, which is the larger part and is only read when something has to
 * be merged or sent. The echo of a merge, a duplicate and the version before are told by the first line.
 */
export function encodeRecord({ vector, hlc, shadow, state, held, resolutions }: SyncRecord): string {
  const head = JSON.stringify([encodingVersion, vector, hlc, shadow, held, resolutions])
  return `${head}\n${state === undefined ? '' : JSON.stringify(state)}`
}

/** Throws `EncodingUnknown`, or a SyntaxError for a text that is no record at all. */
export function decodeRecord(text: string): SyncRecord {
  const end = text.indexOf('\n')
  const [version, vector, hlc, shadow, held, resolutions] = JSON.parse(text.slice(0, end)) as [
    number,
    VersionVector,
    Hlc,
    string,
    readonly HeldCapture[],
    readonly Resolution[],
  ]
  if (version !== encodingVersion) throw new EncodingUnknown(version)
  let state: CellsState | undefined
  let unread = end + 1 < text.length
  return {
    vector,
    hlc,
    shadow,
    held,
    resolutions,
    get state() {
      if (unread) state = JSON.parse(text.slice(end + 1))
      unread = false
      return state
    },
  }
}
