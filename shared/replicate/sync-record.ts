/** What a site knows about one record, kept beside the application's own document. */
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'
import type { SiteId } from '../causality/dot.ts'
import { type Hlc, hlcToMs } from '../causality/hybrid-logical-clock.ts'
import { emptyVector, type VersionVector } from '../causality/version-vector.ts'
import { documentHash } from '../document/canonical.ts'
import type { Json } from '../document/json.ts'
import type { CellsState, Touched } from '../resolve/merge-type.ts'
import {
  type Counters,
  type Latest,
  StampTable,
  type StampTableText,
  StampTableWriter,
  seenOf,
  vectorOf,
} from '../resolve/stamp-table.ts'
import { decodeCells, encodeState } from '../resolve/state-encoding.ts'
import { decodeTouched, encodeTouched } from '../resolve/touched.ts'
import { type Displaced, type DisplacedRow, decodeDisplaced, encodeDisplaced } from './displaced.ts'
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
  /** No application wrote: Tributary decided something (see decide-record.ts). */
  readonly decided?: true
}

/** With what blind writes are told by (see evidence.ts). */
export interface SyncRecord extends Evidence {
  readonly vector: VersionVector
  /** Of each site the last write that was an application's, and not a decision. Absent: the vector says it. */
  readonly written?: VersionVector
  /** The latest stamp in this record: the next local write is stamped after it. */
  readonly hlc: Hlc
  /**
   * A moment, ms by this site's clock or its store's, at which the document was as the shadow says, or later than which it
   * was last found to be: whatever differs now was written after it. Absent: no such moment is known.
   */
  readonly lookedMs?: number
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

const encodingVersion = 5

/** The stored text was written by another version of this code: migrate, do not guess. */
export class EncodingUnknown extends Error {
  constructor(found: unknown) {
    super(`a sync record in encoding ${JSON.stringify(found)}; this version reads ${encodingVersion}`)
    this.name = 'EncodingUnknown'
  }
}

/**
 * A longer record has its second line compressed. Stores charge by the KB that was begun (DynamoDB), so that a shorter one
 * would cost time and save nothing.
 */
const plainLengthMax = 950

/**
 * One captured write as stored: how far `to` lies behind the highest counter, how far `from` before it, what was seen; 1 if
 * it was decided.
 */
type HeldRow = readonly [behind: number, length: number, seen: Counters, decided?: 1]

/** Of the first write of a record: `from` is 0, and the length would be the whole counter. */
const fromNothing = 0

/** What most records do not have. `written`: how far it lies behind the vector. */
interface Rare extends Pick<SyncRecord, 'notedUs' | 'goneAtMs' | 'writeBacks'> {
  readonly written?: Counters
}

type Head = readonly [
  version: number,
  sites: readonly SiteId[],
  vector: Counters,
  hlc: Hlc,
  /** How far it lies before the latest stamp, in ms; null: not at all. */
  looked: number | null,
  shadow: string,
  held: readonly HeldRow[],
  resolutions: readonly Resolution[],
  rare?: Rare,
]

/** See stamp-table.ts for the table, state-encoding.ts for the state; what each held capture touched is told beside it. */
type Body = readonly [
  shapes: StampTableText['shapes'],
  stamps: StampTableText['stamps'],
  state: Json,
  touched: readonly Json[],
  displaced?: readonly DisplacedRow[],
]

/**
 * Two lines: what every reader wants, and what is larger and only read when something has to be merged or sent. The echo
 * of a merge, a duplicate and the version before are told by the first line.
 */
export function encodeRecord(record: SyncRecord): string {
  const { vector, written, hlc, lookedMs, shadow, state, held, resolutions, displaced, ...others } = record
  const table = new StampTableWriter(record)
  const counters = table.counters(vector)
  const highest = highestIn(counters)
  const heldRows = held.map(({ from, to, seen, decided }): HeldRow => {
    const row = [highest - to, from === 0 ? fromNothing : to - from, table.behind(seen)] as const
    return decided ? [...row, 1] : row
  })
  const rare: Rare = { ...others, ...(written && { written: table.behind(written) }) }
  const stateJson = encodeState(state ?? null, table)
  const touched = held.map(capture => encodeTouched(capture.touched, state))
  const notes = displaced ? [encodeDisplaced(displaced, record, table)] : []
  const rarely: [Rare?] = Object.keys(rare).length > 0 ? [rare] : []
  const looked = lookedMs === undefined ? null : hlcToMs(hlc) - lookedMs
  const head: Head = [encodingVersion, table.sites, counters, hlc, looked, shadow, heldRows, resolutions, ...rarely]
  const first = JSON.stringify(head)
  if (stateJson === null && held.length === 0 && !displaced) return `${first}\n`
  const second = JSON.stringify([table.shapes, table.stamps(), stateJson, touched, ...notes])
  return `${first}\n${first.length + second.length > plainLengthMax ? compressed(second) : second}`
}

/** Throws `EncodingUnknown`, or a SyntaxError for a text that is no record at all. */
export function decodeRecord(text: string): SyncRecord {
  const end = text.indexOf('\n')
  const head = JSON.parse(text.slice(0, end)) as Head
  const [version, sites, counters, hlc, looked, shadow, heldRows, resolutions, rare] = head
  if (version !== encodingVersion) throw new EncodingUnknown(version)
  const vector = vectorOf(sites, counters)
  let read: StoredBody | undefined
  const body = () => {
    read ??= readBody(text.slice(end + 1), sites, { vector, hlc })
    return read
  }
  const highest = highestIn(counters)
  const { written, ...others } = rare ?? {}
  const held = heldRows.map(([behind, length, seen, decided], index) => {
    const to = highest - behind
    return {
      from: length === fromNothing ? 0 : to - length,
      to,
      seen: seenOf(sites, { vector }, seen),
      ...(decided === 1 && { decided: true as const }),
      get touched() {
        return decodeTouched(body().touched[index], body().state)
      },
    }
  })
  return {
    vector,
    ...(written && { written: seenOf(sites, { vector }, written) }),
    hlc,
    ...(looked !== null && { lookedMs: hlcToMs(hlc) - looked }),
    shadow,
    held,
    resolutions,
    ...others,
    get state() {
      return body().state
    },
    get displaced() {
      return body().displaced
    },
  }
}

function highestIn(counters: Counters): number {
  return Math.max(0, ...counters)
}

interface StoredBody {
  readonly state: CellsState | undefined
  readonly touched: readonly Json[]
  readonly displaced: readonly Displaced[] | undefined
}

function readBody(line: string, sites: readonly SiteId[], latest: Latest): StoredBody {
  const text = line === '' ? '[[],[],null,[]]' : line.startsWith('[') ? line : expanded(line)
  const [shapes, stamps, state, touched, displaced] = JSON.parse(text) as Body
  const table = new StampTable(sites, latest, { shapes, stamps })
  const cells = decodeCells(state, table)
  return {
    state: cells,
    touched,
    displaced: displaced && decodeDisplaced(displaced, { ...latest, state: cells }, table),
  }
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
