/** How far the writes of one site have come at another, from the sync records of both: what `status` shows. */
import { baselineHlc, hlcToMs } from '../../shared/causality/hybrid-logical-clock.ts'
import { counterOf } from '../../shared/causality/version-vector.ts'
import type { KnownRecord } from '../../shared/replicate/resend.ts'

/** One sync record in short. */
export type RecordStanding = KnownRecord

export interface Standing {
  /** Records with writes of the site that the peer has not seen. */
  readonly backlog: number
  /** Age of the oldest of them, in ms; 0 without a backlog. */
  readonly lagMs: number
}

/** How far a site has come with one record. */
export type SeenRecord = Pick<RecordStanding, 'name' | 'vector'>

/** Records with writes of the site that the peer has not seen. */
export function missingAt(
  site: string,
  here: readonly RecordStanding[],
  peer: readonly SeenRecord[],
): readonly RecordStanding[] {
  const seen = new Map(peer.map(({ name, vector }) => [name, counterOf(vector, site)]))
  return here.filter(
    // What stood there before replication does not travel: while it is adopted, each site notes it by itself.
    ({ name, vector, hlc }) => hlc > baselineHlc && counterOf(vector, site) > (seen.get(name) ?? 0),
  )
}

export function standingAt(
  site: string,
  here: readonly RecordStanding[],
  peer: readonly SeenRecord[],
  nowMs: number,
): Standing {
  const missing = missingAt(site, here, peer)
  const oldestMs = missing.reduce((oldest, { hlc }) => Math.min(oldest, hlcToMs(hlc)), nowMs)
  return { backlog: missing.length, lagMs: Math.max(nowMs - oldestMs, 0) }
}
