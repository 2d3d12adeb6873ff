/** Our own envelope for what could not be processed, whole, with the reason and the place, so that it can be replayed. */
import { hash } from 'node:crypto'
import type { SiteId } from '../causality/dot.ts'
import { changeId } from './change.ts'
import type { ChangeEvent } from './change-event.ts'
import { type RecordRef, recordName } from './record-ref.ts'

export type DeadLetter = RefusedChange | RefusedDocument | UnreadableMessage

/** A peer refused a change for good. */
export interface RefusedChange {
  readonly kind: 'change'
  readonly id: string
  readonly site: SiteId
  readonly peer: SiteId
  readonly reason: string
  readonly attempts: number
  readonly atMs: number
  /** The change event, as it travelled. */
  readonly event: string
}

/** A local document cannot be captured. Mend the document: the mending write captures it; or replay the hint. */
export interface RefusedDocument {
  readonly kind: 'document'
  readonly id: string
  readonly site: SiteId
  readonly ref: RecordRef
  readonly field: string
  readonly reason: string
  readonly atMs: number
}

/** Something stood on a bus or in a sync record that this version cannot read. */
export interface UnreadableMessage {
  readonly kind: 'message'
  readonly id: string
  readonly site: SiteId
  readonly reason: string
  readonly atMs: number
  readonly text: string
}

export function refusedChange(
  { change, text }: ChangeEvent,
  letter: Omit<RefusedChange, 'kind' | 'id' | 'event'>,
): RefusedChange {
  return { kind: 'change', id: letterId([letter.site, letter.peer, changeId(change)]), ...letter, event: text }
}

export function unreadableMessage(letter: Omit<UnreadableMessage, 'kind' | 'id'>): UnreadableMessage {
  return { kind: 'message', id: letterId([letter.site, letter.text]), ...letter }
}

export function refusedDocument(letter: Omit<RefusedDocument, 'kind' | 'id'>): RefusedDocument {
  const { site, ref, field, reason } = letter
  return { kind: 'document', id: letterId([site, recordName(ref), field, reason]), ...letter }
}

function letterId(parts: readonly string[]): string {
  return hash('sha256', JSON.stringify(parts), 'base64url').slice(0, 27)
}
