/**
 * A change came whose clock cannot be right: it waits at its sender until the clocks agree, and this says so in the audit
 * store of the site that turned it away. It is settled when the write has arrived.
 */
import { hash } from 'node:crypto'
import type { SiteId } from '../causality/dot.ts'
import { type Hlc, hlcToMs } from '../causality/hybrid-logical-clock.ts'
import { type Change, lastCounter } from './change.ts'
import type { RecordRef } from './record-ref.ts'

export interface QuarantineEntry extends RecordRef {
  readonly kind: 'quarantine'
  /** The same for every delivery: of site, record and write. */
  readonly id: string
  /** Which site turned it away. */
  readonly site: SiteId
  /** The write: of this site, its last. */
  readonly origin: SiteId
  readonly counter: number
  readonly hlc: Hlc
  /** When the write was made, by the clock that is not believed: the same for every delivery. */
  readonly atMs: number
  /** By how much that clock was ahead of this site's when it came last. */
  readonly aheadMs: number
}

export function quarantineEntry(change: Change, site: SiteId, aheadMs: number): QuarantineEntry {
  const { type, key, origin, hlc } = change
  const counter = lastCounter(change)
  const id = hash('sha256', JSON.stringify(['quarantine', site, type, key, origin, counter]), 'base64url').slice(0, 27)
  return { kind: 'quarantine', id, site, type, key, origin, counter, hlc, atMs: hlcToMs(hlc), aheadMs }
}
