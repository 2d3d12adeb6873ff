/** What a site knows about one record, kept beside the application's own document. */
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'
import type { SiteId } from '../causality/dot.ts'
import type { Hlc } from '../causality/hybrid-logical-clock.ts'
import { emptyVector, type VersionVector } from '../causality/version-vector.ts'
import { documentHash } from '../document/canonical.ts'
import type { Json } from '../document/json.ts'
import type { CellsState, Touched } from '../resolve/merge-type.ts'
import { type Counters, StampTable, StampTableWriter } from '../resolve/stamp-table.ts'
import { decodeCells, encodeState } from '../resolve/state-encoding.ts'
import { type DisplacedRow, decodeDisplaced, encodeDisplaced } from './displaced.ts'
import type { Evidence } from './evidence.ts'
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

/** With what blind writes are told by (see evidence.ts). */
export interface SyncRecord extends Evidence {
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
  /**
   * While a type is adopted, of what was noted from an event of a feed without order: when the document that stood
   * before that event had been written, in microseconds. An event that knows of an earlier one knows better.
   */
  readonly notedUs?: number
  /** When the document went, or will by its declared expiry, ms by this site's clock (see gone.ts). Absent: it stays. */
  readonly goneAtMs?: number
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

const encodingVersion = 3

/** The stored text was written by another version of this code: migrate, do not guess. */
export class EncodingUnknown extends Error {
  constructor(found: unknown) {
    super(`a sync record in encoding ${JSON.stringify(found)}; this version reads ${encodingVersion}`)
    this.name = 'EncodingUnknown'
  }
}

/**
 * A longer record has its state compressed. Stores charge by the KB that was begun (DynamoDB), so that a shorter one
 * would cost time and save nothing.
 */
const plainLengthMax = 950

/** One captured write as stored: `from`, `to`, the counters of what was seen, what was touched. */
type HeldRow = readonly [from: number, to: number, seen: Counters, touched: Touched]

/** What most records do not have. */
type Rare = Pick<SyncRecord, 'notedUs' | 'goneAtMs' | 'writeBacks'> & { readonly displaced?: readonly DisplacedRow[] }

type Head = readonly [
  version: number,
  sites: readonly SiteId[],
  vector: Counters,
  hlc: Hlc,
  shadow: string,
  held: readonly HeldRow[],
  resolutions: readonly Resolution[],
  rare?: Rare,
]

/** Three numbers for each write (see stamp-table.ts), and the state in its compact form. */
type Body = readonly [stamps: readonly number[], state: Json]

/**
 * Two lines: what every reader wants, and the state, which is the larger part and is only read when something has to
 * be merged or sent. The echo of a merge, a duplicate and the version before are told by the first line.
 */
export function encodeRecord(record: SyncRecord): string {
  const { vector, hlc, shadow, state, held, resolutions, displaced, ...others } = record
  const table = new StampTableWriter()
  const counters = table.counters(vector)
  const heldRows = held.map(({ from, to, seen, touched }): HeldRow => [from, to, table.counters(seen), touched])
  const stateJson = state && encodeState(state, table)
  const rare: Rare = displaced ? { ...others, displaced: encodeDisplaced(displaced, record, table) } : others
  const rarely: [Rare?] = Object.keys(rare).length > 0 ? [rare] : []
  const head: Head = [encodingVersion, table.sites, counters, hlc, shadow, heldRows, resolutions, ...rarely]
  const first = JSON.stringify(head)
  if (stateJson === undefined) return `${first}\n`
  const body: Body = [table.stamps, stateJson]
  const second = JSON.stringify(body)
  return `${first}\n${first.length + second.length > plainLengthMax ? compressed(second) : second}`
}

/** Throws `EncodingUnknown`, or a SyntaxError for a text that is no record at all. */
export function decodeRecord(text: string): SyncRecord {
  const end = text.indexOf('\n')
  const [version, sites, counters, hlc, shadow, held, resolutions, rare] = JSON.parse(text.slice(0, end)) as Head
  if (version !== encodingVersion) throw new EncodingUnknown(version)
  const table = new StampTable(sites, [])
  const vector = table.vector(counters)
  const { displaced, ...others } = rare ?? {}
  let state: CellsState | undefined
  let unread = end + 1 < text.length
  return {
    vector,
    hlc,
    shadow,
    held: held.map(([from, to, seen, touched]) => ({ from, to, seen: table.vector(seen), touched })),
    resolutions,
    ...others,
    ...(displaced && { displaced: decodeDisplaced(displaced, { vector, hlc }, table) }),
    get state() {
      if (unread) state = readState(text.slice(end + 1), sites)
      unread = false
      return state
    },
  }
}

function readState(line: string, sites: readonly SiteId[]): CellsState | undefined {
  const [stamps, state] = JSON.parse(line.startsWith('[') ? line : expanded(line)) as Body
  return decodeCells(state, new StampTable(sites, stamps))
}

function compressed(text: string): string {
  return brotliCompressSync(text, {
    chunkSize: roomFor(text.length),
    params: { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_SIZE_HINT]: text.length },
  }).toString('base64')
}

function expanded(line: string): string {
  const bytes = Buffer.from(line, 'base64')
  return brotliDecompressSync(bytes, { chunkSize: roomFor(4 * bytes.length) }).toString()
}

/** For a result of so many bytes. zlib takes 16 KB by itself, which most records do not need, and more if it must. */
function roomFor(bytes: number): number {
  return Math.min(Math.max(bytes, 1024), 16_384)
}
