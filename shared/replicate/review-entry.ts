/** Somebody looked at what was flagged: who, when, and what was chosen. In the audit store of every site that flagged it. */
import { hash } from 'node:crypto'
import type { SiteId } from '../causality/dot.ts'
import type { Json } from '../document/json.ts'
import type { RecordRef } from './record-ref.ts'

export interface ReviewEntry extends RecordRef {
  readonly kind: 'review'
  readonly id: string
  readonly site: SiteId
  /** Where the choice was written, if it was. */
  readonly origin: SiteId
  /** By the clock of whoever reviewed. */
  readonly atMs: number
  readonly by: string
  /** The ids of the entries that were reviewed. */
  readonly entries: readonly string[]
  readonly outcome: 'written' | 'stood' | 'dismissed'
  /** The document that was chosen; absent: none was, or the choice was to have none. */
  readonly chosen?: Json
}

export function reviewEntry(review: Omit<ReviewEntry, 'kind' | 'id'>): ReviewEntry {
  const { site, type, key, atMs, entries } = review
  const id = hash('sha256', JSON.stringify(['review', site, type, key, atMs, entries]), 'base64url').slice(0, 27)
  return { kind: 'review', id, ...review }
}
