/**
 * Does an event tell of nothing but what a merge wrote? It carries what its write left there. Where that is the document
 * that the sync record knows, there is nothing to capture as of this event, and what was written after it has an event of
 * its own: the document need not be read.
 *
 * Unless the record's last commit is a capture. That may have died before it looked once more (P5), after the application
 * had taken the write back; the event of that found all as it was, and is gone. What comes again is the event of the
 * write that was captured, and it tells of just the document that the record knows. A merge, however, has looked: after
 * one, whatever is not in the record was written later than it looked.
 */
import type { SiteId } from '../causality/dot.ts'
import { advance, counterOf, includes } from '../causality/version-vector.ts'
import { documentHash } from '../document/canonical.ts'
import type { Document } from '../document/json.ts'
import { isBaseline } from './baseline.ts'
import type { DataType } from './here.ts'
import type { SyncRecord } from './sync-record.ts'

/** What one write left. */
export interface Left {
  /** Undefined: none. */
  readonly document: Document | undefined
  /** The sync record that was written in the same commit, where an event tells of both (Cosmos DB). */
  readonly record?: SyncRecord
}

/**
 * Of events in the order of the writes the last one, of others each one. None: they do not tell, or not of all. May throw
 * for what cannot be carried.
 */
export type TellLeft = () => Iterable<Left>

/** One write, as an event tells of it. */
interface HeardWrite {
  /** Of what it left. */
  readonly hash: string
  readonly record?: SyncRecord
}

/** The writes that an event tells of; read when they are first asked for, and once. None: it does not tell. */
export type Heard = () => readonly HeardWrite[]

export function hear(left: TellLeft | undefined): Heard {
  let heard: readonly HeardWrite[] | undefined
  return () => {
    heard ??= left ? told(left) : []
    return heard
  }
}

function told(left: TellLeft): readonly HeardWrite[] {
  try {
    return [...left()].map(({ document, ...beside }) => ({ hash: documentHash(document), ...beside }))
  } catch {
    // A version that cannot be carried, or an event of a form that nobody knew: what is there now says more.
    return []
  }
}

interface Hearing {
  readonly site: SiteId
  readonly type: DataType
}

/** The event says so by itself: it tells of both halves of a merge's commit. */
export function isWholeEcho(heard: Heard, hearing: Hearing): boolean {
  const last = heard().at(-1)
  return last?.record !== undefined && isEcho(last.record, () => [last], hearing)
}

/** `record`: as it is after the writes that the event tells of. */
export function isEcho(record: SyncRecord, heard: Heard, { site, type }: Hearing): boolean {
  // What a baseline stands for may have been written to before anybody looked.
  if (isBaseline(record, type) || !wasMergedLast(record, site)) return false
  const writes = heard()
  return writes.length > 0 && writes.every(({ hash }) => hash === record.shadow)
}

/** Something was written that the record does not know of, or did not when it was. */
export function tellsOfMore({ shadow }: SyncRecord, heard: Heard): boolean {
  return heard().some(({ hash }) => hash !== shadow)
}

/** It has heard of more than its last capture or decision here had. */
function wasMergedLast({ vector, held }: SyncRecord, site: SiteId): boolean {
  const last = held.at(-1)
  // Where nothing is held any more of what was captured here, nobody knows.
  if (!last) return counterOf(vector, site) === 0
  return !includes(advance(last.seen, [site, last.to]), vector)
}
