/** Is this commit a capture, or a decision by itself? The others are merges, and what pruning takes away. */
import type { SiteId } from '../../shared/causality/dot.ts'
import { counterOf } from '../../shared/causality/version-vector.ts'
import type { SyncRecord } from '../../shared/replicate/sync-record.ts'

export function isCapture(site: SiteId, old: SyncRecord, now: SyncRecord): boolean {
  const last = counterOf(now.vector, site)
  // A merge can bring this site's own dots back (after pruning); a capture holds the one it made.
  const holdsItsOwn = now.held.at(-1)?.to === last && old.held.at(-1)?.to !== last
  return holdsItsOwn && !knowsMoreOfOthers(site, old, now)
}

function knowsMoreOfOthers(site: SiteId, old: SyncRecord, now: SyncRecord): boolean {
  return Object.keys(now.vector).some(
    origin => origin !== site && counterOf(now.vector, origin) > counterOf(old.vector, origin),
  )
}
