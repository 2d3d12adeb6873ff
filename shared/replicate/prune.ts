/**
 * When may a site forget that a document was deleted?
 *
 * Not before every site knows of it (causal stability, Baquero et al. 2017), and not while a message from before may
 * still arrive (P15). And in two steps. The content that is kept to be revived goes first, at all sites; only then the
 * sync record. With one step, a site that has forgotten the record could begin it anew, knowing of nothing, and would
 * bring to light at the others the content they still keep: there, and not here.
 *
 * 1. Strip: a tombstone that every site holds with the same vector can be revived by nobody any more, because whoever
 *    writes from now on has seen the deletion. The state becomes empty, the vector stays, and its age begins again.
 * 2. Remove: once every site has held nothing but that vector for longer than a message lives, or has removed it, no
 *    message with content from before can be taken in anywhere, and the sync record goes.
 *
 * A site that lacks some of the vector gets the whole state: sites that forgot at different times, and began anew, hold
 * vectors that differ and would wait for each other for ever; and what was lost on the way is found here at the latest.
 *
 * Each record is one conditional commit, so a run may crash anywhere and be repeated at any time. The price: what was
 * deleted leaves a trace for twice the life of a message, and each tombstone costs two reads and a question to every
 * peer, twice.
 */
import type { SiteId } from '../causality/dot.ts'
import { compare, includes, type VersionVector } from '../causality/version-vector.ts'
import { documentHash } from '../document/canonical.ts'
import {
  type Clock,
  type Peer,
  type PeerStandings,
  PeerUnavailable,
  type RecordStore,
  type StoredRecord,
  StoreUnavailable,
  type Tombstones,
} from '../ports/index.ts'
import { batchesOf } from './batches.ts'
import { changeEventOf } from './change-event.ts'
import { goneForMs } from './gone.ts'
import { dataTypeOf, type Here } from './here.ts'
import { wholeChange } from './make-change.ts'
import type { RecordRef } from './record-ref.ts'
import { recentResolutions } from './resolution-retention.ts'
import type { Standing } from './standing.ts'
import type { SyncRecord } from './sync-record.ts'

export interface PrunePorts {
  readonly here: Here
  readonly clock: Clock
  readonly store: RecordStore
  readonly tombstones: Tombstones
  readonly peers: ReadonlyMap<SiteId, Peer & PeerStandings>
}

export interface PruneOptions {
  /** How old a tombstone must be for either step; less than `pruneAfterMs` is for trials only. */
  readonly olderThanMs: number
  /** A run that would take longer ends early; the next one starts over. */
  readonly untilMs?: number
}

/** How many tombstones a run found and what became of them. */
export interface Pruned {
  readonly found: number
  readonly stripped: number
  readonly removed: number
  /** Whole states sent to peers that lacked something. */
  readonly sent: number
  /** Wait for the peers, or for their own age. */
  readonly waiting: number
  /** Written by others meanwhile. */
  readonly raced: number
  /** Peers that could not be asked or told, with the reason. */
  readonly unreachable: Readonly<Record<SiteId, string>>
}

type Count = 'found' | 'stripped' | 'removed' | 'sent' | 'waiting' | 'raced'

interface Run extends PrunePorts {
  readonly olderThanMs: number
  readonly counts: Record<Count, number>
  readonly unreachable: Record<SiteId, string>
}

interface Tombstone extends StoredRecord {
  readonly ref: RecordRef
  /** A moment before it was read. */
  readonly asOfMs: number
  /** Undefined: the peer could not be asked. */
  readonly standings: ReadonlyMap<SiteId, Standing>
}

/** Rejects with `StoreUnavailable`; what was done until then is done. */
export async function prune(ports: PrunePorts, { olderThanMs, untilMs }: PruneOptions): Promise<Pruned> {
  const counts = { found: 0, stripped: 0, removed: 0, sent: 0, waiting: 0, raced: 0 }
  const run: Run = { ...ports, olderThanMs, counts, unreachable: {} }
  let cursor: string | undefined
  do {
    const page = await ports.tombstones.list(ports.clock.now() - olderThanMs, cursor)
    await prunePage(page.refs, run)
    cursor = page.cursor
  } while (cursor !== undefined && ports.clock.now() < (untilMs ?? Number.POSITIVE_INFINITY))
  return { ...counts, unreachable: run.unreachable }
}

async function prunePage(refs: readonly RecordRef[], run: Run): Promise<void> {
  const read = await Promise.all(refs.map(ref => alone(run, () => readTombstone(ref, run))))
  const found = read.flatMap(tombstone => tombstone ?? [])
  run.counts.found += found.length
  const asked = await askPeers(found, run)
  for (const tombstone of asked) {
    const settled = await alone(run, () => settle(tombstone, run))
    if (settled) run.counts[settled] += 1
  }
  await sendMissing(asked, run)
}

/** A record that cannot be read, or a document that cannot be carried, waits: it must not hold up those behind it. */
async function alone<Result>(run: Run, action: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof StoreUnavailable) throw error
    run.counts.waiting += 1
    return undefined
  }
}

/** The index may lag behind: what counts is the record. */
async function readTombstone(ref: RecordRef, { clock, store, olderThanMs, here }: Run) {
  if (!here.types.has(ref.type)) return undefined
  const asOfMs = clock.now()
  const stored = await store.readRecord(ref)
  if (!stored || !isOlder(goneForMs(stored.record, asOfMs), olderThanMs)) return undefined
  return { ref, asOfMs, ...stored }
}

function isOlder(forMs: number | undefined, olderThanMs: number): boolean {
  return forMs !== undefined && forMs > olderThanMs
}

type Read = Omit<Tombstone, 'standings'>

async function askPeers(found: readonly Read[], run: Run): Promise<readonly Tombstone[]> {
  const standings = new Map<Read, Map<SiteId, Standing>>(found.map(tombstone => [tombstone, new Map()]))
  await Promise.all(
    [...run.peers].map(async ([peerId, peer]) => {
      const about = found.filter(({ ref }) => peersOf(ref, run).includes(peerId))
      const questions = about.map(({ ref }) => ({ ...ref, plan: run.here.plan.hash }))
      const answers = about.length === 0 ? [] : await reach(peerId, run, () => peer.ask(questions))
      about.forEach((tombstone, index) => {
        const answer = answers?.[index]
        if (answer) standings.get(tombstone)?.set(peerId, answer)
      })
    }),
  )
  return found.map(tombstone => ({ ...tombstone, standings: standings.get(tombstone) ?? new Map() }))
}

function peersOf({ type }: RecordRef, { here }: Run): readonly SiteId[] {
  return dataTypeOf(here, type).plan.sites.filter(site => site !== here.site)
}

/** Undefined: the peer cannot be reached, and nothing is pruned for it. */
async function reach<Result>(peerId: SiteId, run: Run, action: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await action()
  } catch (error) {
    if (!(error instanceof PeerUnavailable)) throw error
    run.unreachable[peerId] = error.message
    return undefined
  }
}

async function settle(tombstone: Tombstone, run: Run): Promise<'stripped' | 'removed' | 'waiting' | 'raced'> {
  const { ref, record, revision } = tombstone
  if (record.state !== undefined) {
    if (!every(tombstone, run, isStable) || !(await isGoneHere(tombstone, run))) return 'waiting'
    const stripped = strippedRecord(record, run.clock.now())
    const result = await run.store.commit({ ref, record: stripped, expected: revision })
    return result === 'raced' ? result : 'stripped'
  }
  if (!every(tombstone, run, isForgettable) || isCarrying(record, run)) return 'waiting'
  return (await run.tombstones.remove(ref, revision)) === 'raced' ? 'raced' : 'removed'
}

function every(
  { ref, record, standings }: Tombstone,
  run: Run,
  holds: (standing: Standing, vector: VersionVector, run: Run) => boolean,
): boolean {
  return peersOf(ref, run).every(peerId => {
    const standing = standings.get(peerId)
    return standing !== undefined && holds(standing, record.vector, run)
  })
}

/** The peer knows exactly what is known here, and its document is gone too. */
function isStable(peer: Standing, vector: VersionVector): boolean {
  if (peer.standing !== 'deleted' && peer.standing !== 'stripped') return false
  return compare(peer.vector, vector) === 'equal'
}

function isForgettable(peer: Standing, vector: VersionVector, { olderThanMs }: Run): boolean {
  if (peer.standing === 'absent') return true
  return peer.standing === 'stripped' && isStable(peer, vector) && isOlder(peer.forMs, olderThanMs)
}

/** A store can be days late with an expired document: it must not look like a new one. */
async function isGoneHere({ ref, record }: Tombstone, { here, store }: Run): Promise<boolean> {
  if (dataTypeOf(here, ref.type).record.view(record.state) === undefined) return true
  return (await store.readDocument(ref)).document === undefined
}

function strippedRecord({ vector, written, lookedMs, hlc, resolutions }: SyncRecord, nowMs: number): SyncRecord {
  return {
    vector,
    ...(written && { written }),
    ...(lookedMs !== undefined && { lookedMs }),
    hlc,
    shadow: documentHash(undefined),
    state: undefined,
    held: [],
    resolutions: recentResolutions(resolutions, nowMs),
    goneAtMs: Math.floor(nowMs),
  }
}

/** It may not have been copied to the audit store yet. */
function isCarrying({ resolutions }: SyncRecord, { clock }: Run): boolean {
  return recentResolutions(resolutions, clock.now()).length > 0
}

async function sendMissing(tombstones: readonly Tombstone[], run: Run): Promise<void> {
  for (const [peerId, peer] of run.peers) {
    const missing = tombstones.filter(({ record, standings }) => isMissing(record, standings.get(peerId)))
    const events = missing.map(({ ref, record, asOfMs }) => changeEventOf(wholeChange(ref, record, run.here, asOfMs)))
    for (const batch of batchesOf(events, event => event)) {
      if ((await reach(peerId, run, () => peer.deliver(batch))) === undefined) break
      run.counts.sent += batch.length
    }
  }
}

function isMissing({ vector, state }: SyncRecord, peer: Standing | undefined): boolean {
  if (peer === undefined || peer.standing === 'unknown') return false
  // Of a stripped record nothing is to be told to a site that has no part of it any more.
  if (peer.standing === 'absent') return state !== undefined
  return !includes(peer.vector, vector)
}
